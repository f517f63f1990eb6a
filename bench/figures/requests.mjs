import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { command } from "../measure.mjs"
import { startServer } from "../server.mjs"

const SESSIONS = 1_000
const MESSAGES = 1_000

/** As many ask at once: what a server does for a connection by itself is shared, as it is under load. */
const CLIENTS = 20
/**
 * So that the code is warm: a bare `node:http` server needs 3,000 requests until they cost it a third of what they cost
 * at first (0.09 and 0.03 ms), and what an engine spends on compiling belongs to no request.
 */
const WARM = 4_000
const ROUNDS = 4_000
/** Of requests whose answers are large. */
const LARGE_ROUNDS = 100
/** Quickly told is only whether they are answered. */
const QUICK = 200

const IMPORT_MS = 60_000

/** CPU per request of what clients ask all the time, zipped as `fetch` wants it. */
export const requests = {
  name: "requests",
  rounds: 3,
  rows: [
    { key: "create", title: "POST /session", unit: "ms", budget: 1 / 8 },
    { key: "get", title: "GET /session/{id}", unit: "ms", budget: 1 / 15 },
    { key: "list", title: "GET /session, 1,000 sessions", unit: "ms", budget: 1 / 10 },
    { key: "messages", title: "GET /session/{id}/message, 1,000 messages", unit: "ms", budget: 1 / 10 },
    { key: "changed", title: "the same, after a PATCH of one of them", unit: "ms", budget: 1 / 10 },
  ],
  async measure(side, { quick }) {
    const sessionID = await importLong(side)
    const server = await startServer(side)
    const [warm, rounds] = quick ? [QUICK, QUICK] : [WARM, ROUNDS]
    try {
      const all = async () => {
        const messages = await server.ask("GET", `/session/${sessionID}/message`)
        if (messages.length !== MESSAGES) throw new Error(`${side.name}: ${messages.length} messages`)
        return messages
      }
      const change = async (number) => {
        const { id, messageID, ...rest } = (await all()).at(number % MESSAGES).parts[0]
        const path = `/session/${sessionID}/message/${messageID}/part/${id}`
        await server.ask("PATCH", path, { ...rest, id, messageID, text: `This was changed as number ${number}.` })
      }
      await ask(SESSIONS, () => server.session())
      const perRequest = async (send, { before, count }) => {
        await ask(before, send)
        const start = server.cpuMs()
        await ask(count, send)
        return (server.cpuMs() - start) / count
      }
      const few = { before: LARGE_ROUNDS, count: LARGE_ROUNDS }
      const many = { before: warm, count: rounds }
      return {
        list: await perRequest(() => server.ask("GET", "/session"), few),
        messages: await perRequest(all, few),
        changed: await perRequest(change, few),
        get: await perRequest(() => server.ask("GET", `/session/${sessionID}`), many),
        create: await perRequest(() => server.session(), many),
      }
    } finally {
      await server.stop()
    }
  },
}

/** Calls `send` so many times, with how many came before. */
async function ask(count, send) {
  let next = 0
  const client = async () => {
    while (next < count) await send(next++)
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
}

/** A session of many messages, as both programs import it. */
async function importLong(side) {
  const file = join(side.project, "../long.json")
  const sessionID = idOf("ses", 0)
  writeFileSync(file, JSON.stringify(conversation(side, sessionID)))
  await command([...side.argv, "import", file], { cwd: side.project, env: side.env, deadlineMs: IMPORT_MS })
  return sessionID
}

const START = Date.UTC(2026, 0, 1)

function conversation({ project }, sessionID) {
  const info = {
    id: sessionID,
    slug: "long-session",
    projectID: "global",
    directory: project,
    title: "A long session",
    version: "1.18.33",
    time: { created: START, updated: START },
  }
  return { info, messages: Array.from({ length: MESSAGES }, (_, number) => message(sessionID, number, project)) }
}

function message(sessionID, number, project) {
  const id = idOf("msg", number)
  const created = START + number * 1_000
  const isPrompt = number % 2 === 0
  const part = {
    id: idOf("prt", number),
    sessionID,
    messageID: id,
    type: "text",
    text: `This is said as number ${number}.`,
  }
  if (isPrompt) {
    const model = { providerID: "mock", modelID: "large" }
    return { info: { id, sessionID, role: "user", time: { created }, agent: "build", model }, parts: [part] }
  }
  const info = {
    id,
    sessionID,
    role: "assistant",
    parentID: idOf("msg", number - 1),
    mode: "build",
    agent: "build",
    path: { cwd: project, root: project },
    cost: 0.001,
    tokens: { input: 100, output: 20, reasoning: 0, cache: { read: 0, write: 0 } },
    providerID: "mock",
    modelID: "large",
    time: { created, completed: created + 500 },
    finish: "stop",
  }
  return { info, parts: [{ ...part, time: { start: created, end: created + 500 } }] }
}

const idOf = (prefix, number) => `${prefix}_${(0x18f000000000 + number).toString(16).padStart(12, "0")}AAAAAAAAAAAAAA`
