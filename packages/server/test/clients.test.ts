import { isLong } from "@opencode/testing/effort.ts"
import type { Reply } from "@opencode/testing/script.ts"
import { calls, cuts, fails, rateLimited, says, stalls, thinks } from "@opencode/testing/script.ts"
import fc from "fast-check"
import { expect, test } from "vitest"
import { byGlobalSdk, byHand, bySdk, readAll, startClient, type Client } from "./client.ts"
import { dataOf, served, type Served } from "./served.ts"

const RUNS = isLong ? 40 : 2
const ACTS = isLong ? 120 : 45

const act = fc.oneof(
  { weight: 5, arbitrary: fc.record({ what: fc.constant("prompt"), which: fc.nat(99), wait: fc.nat(30) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constantFrom("create", "title", "abort", "answer", "answer", "delete", "fork", "import", "nothing"),
      which: fc.nat(99),
      wait: fc.nat(30),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      what: fc.constantFrom("leave", "leave", "back", "pause", "resume"),
      which: fc.nat(99),
      wait: fc.nat(15),
    }),
  },
)

const TEXT = "It says a good deal, in small pieces, and takes its time to come to the end of it. ".repeat(4)

/** What the model does, by the number of its answer: some of everything that can happen to a turn. */
function reply(number: number): Reply {
  const list: (() => Reply)[] = [
    () => says(TEXT, { chunkSize: 3, delayMs: 1 }),
    () => calls("bash", { command: `for n in 1 2 3; do echo ${number} $n; done` }, { text: "Let me see." }),
    () => calls("todowrite", { todos: [{ content: `step ${number}`, status: "pending", priority: "low" }] }),
    () => calls("write", { filePath: `file-${number % 5}`, content: `${number}\n` }),
    () => thinks("hm", calls("read", { filePath: "a" })),
    () => says("Short."),
    () => rateLimited({ retryAfterMs: 5 }),
    () => cuts(says(TEXT, { chunkSize: 9 }), 5),
    () => fails(400, { message: "no" }),
    () => stalls(says(TEXT), 3),
  ]
  return list[(number * 7) % list.length]!()
}

/** What was said in a session once more, as one of its own. */
async function importAgain(sessionID: string, s: Served): Promise<void> {
  const exported = await s.fetch(`/session/${sessionID}/export`)
  const body = await exported.text()
  if (exported.ok)
    await s.fetch("/session/import", { method: "POST", headers: { "content-type": "application/json" }, body })
}

async function perform({ what, which }: { what: string; which: number }, s: Served, clients: Client[]): Promise<void> {
  const { v2 } = s
  const client = clients[which % clients.length]!
  if (what === "leave" || what === "back") return client.leave(what === "leave")
  if (what === "pause" || what === "resume") return client.pause(what === "pause")
  const sessions = (await v2.session.list()).data ?? []
  const sessionID = sessions[which % Math.max(1, sessions.length)]?.id
  if (what === "create" || sessionID === undefined) await v2.session.create({ title: `made ${which}` })
  else if (what === "prompt")
    await v2.session.promptAsync({ sessionID, parts: [{ type: "text", text: `go ${which}` }] })
  else if (what === "fork") await v2.session.fork({ sessionID })
  else if (what === "import") await importAgain(sessionID, s)
  else if (what === "title") await v2.session.update({ sessionID, title: `renamed ${which}` })
  else if (what === "abort") await v2.session.abort({ sessionID })
  else if (what === "delete" && sessions.length > 2) await v2.session.delete({ sessionID })
  else if (what === "answer") {
    const asked = (await v2.permission.list()).data ?? []
    const request = asked[which % Math.max(1, asked.length)]
    if (request) await v2.permission.reply({ requestID: request.id, reply: which % 3 ? "once" : "reject" })
  }
}

/** Ends all that runs, and has each client hear of it. */
async function atRest(s: Served, clients: Client[], name: string, isPatient = false): Promise<void> {
  // What is tried again takes back what it said before: some clients have to hear of that.
  if (isPatient)
    await expect
      .poll(async () => Object.values(await dataOf(s.v2.session.status())), { timeout: 10_000 })
      .not.toContainEqual(expect.objectContaining({ type: "retry" }))
  for (const { id } of await dataOf(s.v2.session.list())) await s.v2.session.abort({ sessionID: id })
  await expect.poll(async () => dataOf(s.v2.session.status()), { timeout: 30_000 }).toEqual({})
  for (const client of clients) {
    client.pause(false)
    client.leave(false)
  }
  const marker = await dataOf(s.v2.session.create({ title: name }))
  for (const client of clients) await client.heardOf(marker.title)
}

test(
  "clients that lose their connection, read late or come back, through a restart too, end with what the server knows",
  async () => {
    for (const [run, [before, after]] of fc
      .sample(
        fc.tuple(fc.array(act, { minLength: ACTS, maxLength: ACTS }), fc.array(act, { maxLength: ACTS / 2 })),
        RUNS,
      )
      .entries()) {
      let answers = run * 13
      await using s = await served({
        files: { a: "one\n" },
        permission: { bash: "allow", write: "ask", edit: "ask" },
        model: () => reply(++answers),
      })
      const clients = [byHand, byHand, bySdk, byGlobalSdk].map((connect) => startClient(s, connect))
      try {
        const perform1 = async (acts: typeof before): Promise<void> => {
          for (const one of acts) {
            await perform(one, s, clients)
            await new Promise((resolve) => setTimeout(resolve, one.wait))
          }
        }
        await perform1(before)
        await atRest(s, clients, `rest ${run}`, run === 0)
        const there = await readAll(s)
        for (const client of clients) expect(client.known()).toEqual(there)

        // In the middle of whatever is going on.
        await perform1(after)
        await s.restart()
        await perform1(after.slice(0, 10))
        await atRest(s, clients, `rest ${run} after a restart`)
        const again = await readAll(s)
        for (const client of clients) expect(client.known()).toEqual(again)
      } finally {
        await Promise.all(clients.map((client) => client.close()))
      }
    }
  },
  isLong ? 900_000 : 60_000,
)
