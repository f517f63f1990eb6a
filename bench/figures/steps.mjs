// What one step of an agent costs the server: a hundred steps with one call each in one prompt, less an answer without
// any, divided by their number. Equal calls would be asked about, so no two are equal.
import { join } from "node:path"
import { PROJECT_FILES } from "../sides.mjs"
import { startServer } from "../server.mjs"

const STEPS = 100
const QUICK_STEPS = 30

export const bashSteps = {
  name: "bash",
  rounds: 3,
  rows: [
    { key: "cpu", title: "bash step: CPU of the server", unit: "ms", budget: 0.12 },
    { key: "wall", title: "bash step: wall time", unit: "ms", wall: true },
  ],
  measure: (side, tools) => measureSteps(side, tools, bashCall),
}

export const readSteps = {
  name: "read",
  rounds: 3,
  rows: [
    { key: "cpu", title: "read step: CPU of the server", unit: "ms", budget: 0.06 },
    { key: "wall", title: "read step: wall time", unit: "ms", wall: true },
  ],
  measure: (side, tools) =>
    measureSteps(side, tools, (number) => ({
      name: "read",
      input: {
        filePath: join(side.project, PROJECT_FILES[number % PROJECT_FILES.length]),
        offset: 1 + Math.floor(number / PROJECT_FILES.length),
      },
      output: "export const value",
    })),
}

/** A step's call, and what its output must hold for the step to count as done. */
export const bashCall = (number) => ({
  name: "bash",
  input: { command: `echo step-${number}`, description: `Prints step ${number}` },
  output: `step-${number}\n`,
})

/**
 * Sends one prompt whose answer takes `count` steps, and checks that each was really done.
 * @returns what the model heard
 */
export async function promptInSteps(server, model, { count, call }) {
  const calls = Array.from({ length: count }, (_, number) => call(number))
  await model.script([...calls.map(({ name, input }) => ({ calls: name, input })), { says: "Done." }])
  const sessionID = await server.session()
  const before = server.cpuMs()
  const began = performance.now()
  await server.prompt(sessionID, "Do it step by step.")
  const wallMs = performance.now() - began
  const cpuMs = server.cpuMs() - before

  const messages = await server.ask("GET", `/session/${sessionID}/message`)
  const states = messages.flatMap(({ parts }) => parts.filter((part) => part.type === "tool").map((part) => part.state))
  const done = states.filter((state, number) => String(state.output).includes(calls[number]?.output))
  const heard = await model.heard()
  if (done.length !== count || heard.requests !== count + 1 || heard.unexpected.length > 0)
    throw new Error(
      `${done.length} of ${count} steps were done in ${heard.requests} requests. ${heard.unexpected[0] ?? ""} ` +
        JSON.stringify(states.find((state) => state.status !== "completed") ?? states.at(-1)),
    )
  return { cpuMs, wallMs, heard }
}

async function measureSteps(side, { model, quick }, call) {
  const count = quick ? QUICK_STEPS : STEPS
  const server = await startServer(side)
  try {
    await answerPlainly(server, model) // the first prompt of a server also pays for what is loaded only then
    const plainMs = await answerPlainly(server, model)
    const { cpuMs, wallMs } = await promptInSteps(server, model, { count, call })
    return { cpu: (cpuMs - plainMs) / count, wall: wallMs / count }
  } finally {
    await server.stop()
  }
}

/** CPU of a prompt that is answered without a call. */
export async function answerPlainly(server, model) {
  await model.script([{ says: "Done." }])
  const sessionID = await server.session()
  const before = server.cpuMs()
  await server.prompt(sessionID, "Say that it is done.")
  return server.cpuMs() - before
}
