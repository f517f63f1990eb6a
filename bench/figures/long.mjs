import { fork } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bundle } from "../bundle.mjs"
import { median, residentOf } from "../measure.mjs"
import { seed } from "../seed.mjs"
import { startServer } from "../server.mjs"
import { answerPlainly } from "./steps.mjs"

const MESSAGES = 2_000
const PROMPTS = 15
/** Prompts before those that count: what is loaded and compiled once belongs to no prompt. */
const WARM = 10
const PAGE = 50

/**
 * A prompt in a session of 2,000 messages, beside the first one of a fresh session of the same server. What any program
 * has to spend to send that many tokens is measured apart, by one that does nothing else, and taken off.
 */
export const long = {
  name: "long",
  rounds: 3,
  sides: ["ours"],
  rows: [
    { key: "first", title: "first prompt of a session: CPU", unit: "ms" },
    { key: "next", title: "prompt after 2,000 messages, beyond sending: CPU", unit: "ms" },
    { key: "mean", title: "prompt after 2,000 messages: CPU, sending and collections of garbage included", unit: "ms" },
    { key: "sending", title: "sending 2,000 messages: CPU", unit: "ms" },
    { key: "ratio", title: "prompt after 2,000 messages over the first", unit: "x", limit: 1.5 },
    { key: "page", title: "page of 50 of 2,000 messages: CPU", unit: "ms", limit: 10 },
    { key: "resident", title: "serve after prompts to 2,000 messages: memory", unit: "MB", limit: 184 },
  ],
  async measure(side, { model }) {
    const sessionID = await made(side)
    await seed(side, { sessionID, count: MESSAGES })
    const server = await startServer(side)
    try {
      for (let n = 0; n < WARM; n++) await answerPlainly(server, model)
      const firsts = []
      for (let n = 0; n < PROMPTS; n++) firsts.push(await answerPlainly(server, model))

      await model.script([{ says: "Done." }], { each: true })
      const nexts = []
      for (let n = 0; n < WARM + PROMPTS; n++) {
        const before = server.cpuMs()
        await server.prompt(sessionID, "Say that it is done.")
        if (n >= WARM) nexts.push(server.cpuMs() - before)
      }
      const sending = await sendingOf(model)
      const resident = residentOf(server.tree())

      const before = server.cpuMs()
      const path = `/session/${sessionID}/message?limit=${PAGE}`
      for (let n = 0; n < PROMPTS; n++) if ((await server.ask("GET", path)).length !== PAGE) throw new Error("no page")
      const page = (server.cpuMs() - before) / PROMPTS

      const first = median(firsts)
      const next = median(nexts) - sending
      const mean = nexts.reduce((sum, ms) => sum + ms, 0) / nexts.length
      return { first, next, mean, sending, ratio: next / first, page, resident }
    } finally {
      await server.stop()
    }
  },
}

async function made(side) {
  const server = await startServer(side)
  const sessionID = await server.session()
  await server.stop()
  return sessionID
}

/** CPU in ms of sending the model's last request again, by a program of its own. */
async function sendingOf(model) {
  const body = await model.last()
  await model.script([{ says: "Done." }], { each: true })
  const folder = mkdtempSync(join(tmpdir(), "opencode-bench-send-"))
  const child = fork(await bundle(new URL("../send-process.mjs", import.meta.url), join(folder, "send.mjs")))
  try {
    child.send({ url: model.url, body })
    const [ms] = await Promise.race([
      once(child, "message"),
      once(child, "exit").then(() => Promise.reject(new Error("The sender ended."))),
    ])
    return ms
  } finally {
    child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}
