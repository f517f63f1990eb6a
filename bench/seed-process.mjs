// Puts messages into a session as a long day of work leaves them: prompts, and after each some steps that read a file.
// Arguments: the data folder, the session, how many messages.
import { createHost } from "../packages/core/src/lib/host.ts"
import { openStore } from "../packages/core/src/store/store.ts"

const [folder, sessionID, count] = process.argv.slice(2)

/** Messages from one prompt to the next. */
const PER_PROMPT = 10
const OUTPUT = Array.from({ length: 20 }, (_, line) => `${line + 1}: export const value${line} = ${line}`).join("\n")
const PER_WRITE = 100

const host = createHost()
const store = await openStore({ folder, host })
const session = store.sessions.get(sessionID)
const tokens = { input: 100, output: 20, reasoning: 0, cache: { read: 0, write: 0 } }
let prompt

const owned = (messageID) => ({ id: host.id("prt"), sessionID, messageID })
const time = () => ({ start: host.now(), end: host.now() })

function message(number) {
  const id = host.id("msg")
  const model = { providerID: "mock", modelID: "large" }
  if (number % PER_PROMPT === 0) {
    prompt = id
    const info = { id, sessionID, role: "user", time: { created: host.now() }, agent: "build", model }
    return { info, parts: [{ ...owned(id), type: "text", text: `Look at number ${number}.` }] }
  }
  const isLast = number % PER_PROMPT === PER_PROMPT - 1
  const reason = isLast ? "stop" : "tool-calls"
  const info = {
    id,
    sessionID,
    role: "assistant",
    parentID: prompt,
    mode: "build",
    agent: "build",
    path: { cwd: session.directory, root: session.directory },
    cost: 0.001,
    tokens,
    ...model,
    time: { created: host.now(), completed: host.now() },
    finish: reason,
  }
  return {
    info,
    parts: [
      { ...owned(id), type: "step-start" },
      { ...owned(id), type: "text", text: `This is what I found in number ${number}.`, time: time() },
      ...(isLast ? [] : [call(id, number)]),
      { ...owned(id), type: "step-finish", reason, cost: 0.001, tokens },
    ],
  }
}

const call = (messageID, number) => ({
  ...owned(messageID),
  type: "tool",
  callID: `call_seed_${number}`,
  tool: "read",
  state: {
    status: "completed",
    input: { filePath: `${session.directory}/src/part-${number}.ts` },
    output: OUTPUT,
    title: `src/part-${number}.ts`,
    metadata: { truncated: false },
    time: time(),
  },
})

for (let number = 0; number < Number(count); number += PER_WRITE)
  await store.write((tx) => {
    for (let offset = 0; offset < PER_WRITE && number + offset < Number(count); offset++) {
      const { info, parts } = message(number + offset)
      store.messages.put(tx, info)
      for (const [position, part] of parts.entries()) store.parts.put(tx, part, position)
    }
  })
await store.close()
