import { once } from "node:events"
import { get } from "node:http"
import { createServer } from "node:net"
import { collect, cpuOf, end, start, treeOf } from "./measure.mjs"

const READY_MS = 30_000

/** The longest prompt: a hundred steps at a third of a second, and as much again. */
const PROMPT_MS = 90_000

const LISTENING = /listening on (http:\/\/\S+)/

/** After the last event of a prompt some servers still send a few about the session. */
const QUIET_MS = 500

/**
 * Starts a side's `serve` and waits until it listens.
 * @returns what it took (`readyCpuMs`, `readyWallMs`), and ways to talk to it
 */
export async function startServer(side) {
  const port = String(await freePort())
  const began = performance.now()
  const child = start([...side.argv, "serve", "--hostname", "127.0.0.1", "--port", port], {
    cwd: side.project,
    env: side.env,
    stdio: ["ignore", "pipe", "pipe"],
  })
  const stderr = collect(child.stderr)
  const stdout = collect(child.stdout)
  const address = new Promise((resolve, reject) => {
    child.stdout.on("data", () => {
      const found = LISTENING.exec(stdout.text)?.[1]
      if (found !== undefined) resolve(found)
    })
    const fail = (why) => reject(new Error(`${side.name}: serve ${why}: ${stderr.text.slice(-500)}`))
    child.once("error", reject).once("exit", (code) => fail(`ended with ${code}`))
    setTimeout(fail, READY_MS, "was not ready in time").unref()
  })
  const url = await address.catch(async (error) => {
    await end(child)
    throw error
  })
  const readyCpuMs = cpuOf(treeOf(child.pid))
  const readyWallMs = performance.now() - began

  async function ask(method, path, body) {
    const answer = await fetch(url + path, {
      method,
      signal: AbortSignal.timeout(PROMPT_MS),
      headers: { "x-opencode-directory": side.project, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${side.name}: ${method} ${path} answered ${answer.status}: ${text.slice(0, 300)}`)
    return JSON.parse(text)
  }

  return {
    readyCpuMs,
    readyWallMs,
    tree: () => treeOf(child.pid),
    cpuMs: () => cpuOf(treeOf(child.pid)),
    ask,
    /** A titled session: none of its prompts asks the model for a title. */
    session: async () => (await ask("POST", "/session", { title: "Measured" })).id,
    /** Sends a prompt and resolves with its last message. @throws when the turn ended with an error */
    async prompt(sessionID, text) {
      const message = await ask("POST", `/session/${sessionID}/message`, { parts: [{ type: "text", text }] })
      if (message.info.error) throw new Error(`${side.name}: the turn failed: ${JSON.stringify(message.info.error)}`)
      return message
    },
    listen: () => listenTo(url, side),
    stop: () => end(child),
  }
}

/** One that no server had before: a connection that was kept to that one would be taken for one to this. */
async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1")
  await once(probe, "listening")
  const { port } = probe.address()
  probe.close()
  await once(probe, "close")
  return port
}

/** Connects to `/event` as plainly as can be, and counts what comes. */
async function listenTo(url, side) {
  const heard = { bytes: 0, at: 0 }
  const request = get(`${url}/event`, { headers: { "x-opencode-directory": side.project }, agent: false })
  await new Promise((resolve, reject) => {
    request.once("error", reject).once("response", (response) => {
      response.on("data", (piece) => {
        heard.bytes += piece.length
        heard.at = performance.now()
        resolve()
      })
      response.on("error", () => {}) // we close it ourselves, in the middle
    })
  })
  return {
    bytes: () => heard.bytes,
    /** Resolves when nothing came for a while. */
    async quiet() {
      while (performance.now() - heard.at < QUIET_MS)
        await new Promise((resolve) => setTimeout(resolve, heard.at + QUIET_MS - performance.now()))
    },
    close: () => request.destroy(),
  }
}
