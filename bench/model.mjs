import { fork } from "node:child_process"
import { join } from "node:path"
import { bundle } from "./bundle.mjs"
import { end } from "./measure.mjs"

/** How long the model's process may take for anything it is asked. */
const ANSWER_MS = 10_000

/**
 * Starts the scripted model server.
 * @param folder where its bundle is written
 * @returns `url`, `script(entries)` which replaces what it will answer (with `{ each: true }` each conversation plays it for
 *   itself, again and again), `heard()` what it was asked since, `last()` the body of the last request, `close()`
 */
export async function startModel(folder) {
  const program = await bundle(new URL("model-process.mjs", import.meta.url), join(folder, "model-process.mjs"))
  const child = fork(program, { stdio: ["ignore", "inherit", "inherit", "ipc"], detached: true })
  let asked = 0

  const answer = (number) =>
    new Promise((resolve, reject) => {
      const stop = (settle, value) => {
        clearTimeout(late)
        child.off("message", hear)
        child.off("exit", gone)
        settle(value)
      }
      const hear = (message) => message.number === number && stop(resolve, message.answer)
      const gone = () => stop(reject, new Error("The scripted model ended."))
      const late = setTimeout(() => stop(reject, new Error("The scripted model does not answer.")), ANSWER_MS)
      child.on("message", hear)
      child.on("exit", gone)
    })
  const ask = (message) => {
    const number = ++asked
    const answered = answer(number)
    child.send({ number, ...message })
    return answered
  }

  return {
    url: await answer(0),
    script: (entries, { each = false } = {}) => ask({ script: entries, each }),
    heard: () => ask({}),
    last: () => ask({ last: true }),
    close: () => end(child),
  }
}
