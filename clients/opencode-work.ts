import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync } from "node:fs"
import type { Readable } from "node:stream"
import { freePort } from "@opencode/testing/free-port.ts"
import { modelServer } from "@opencode/testing/model-server.ts"
import { PIXEL } from "@opencode/testing/pixel.ts"
import { calls, says, thinks, unauthorized, type Reply } from "@opencode/testing/script.ts"
import type { TempFolder } from "@opencode/testing/temp-folder.ts"

/** What OpenCode itself tells of what it did. */
export interface Told {
  sessions: { id: string; project: unknown; revert?: unknown }[]
  /** By session. */
  messages: Map<string, unknown>
}

/** Not by a loop over the stream, whose end would close it under the program. */
const listening = (stdout: Readable): Promise<void> =>
  new Promise((resolve, reject) => {
    stdout.setEncoding("utf8").on("data", (text: string) => void (text.includes("listening on") && resolve()))
    stdout.once("close", () => reject(new Error("The published program ended.")))
  })

const KILL_MS = 5_000

/**
 * Has the published OpenCode do some of everything in a folder, against the scripted model, and ends it by `kill -9`, so
 * that what it did last is only in the log of its database.
 */
export async function workOf(published: string, folder: TempFolder): Promise<Told> {
  const project = folder.join("project")
  const plain = folder.join("plain")
  folder.write({ "project/greeting.txt": "hello\n", "plain/.keep": "" })
  const git = (...args: string[]): unknown =>
    execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@example.com", ...args], { cwd: project })
  git("init", "-q")
  git("add", ".")
  git("commit", "-q", "-m", "first")

  let replies: Reply[] = []
  await using model = await modelServer({
    strict: false,
    script: () => replies.shift() ?? says("Nothing more."),
    aside: ({ tools }) => (tools.length === 0 ? says("A title, or notes.") : undefined),
  })
  const provider = {
    npm: "@ai-sdk/openai-compatible",
    options: { baseURL: `${model.url}/v1`, apiKey: "none" },
    models: { small: { attachment: true, limit: { context: 100_000, output: 8_000 }, cost: { input: 1, output: 2 } } },
  }
  const config = {
    provider: { scripted: provider },
    model: "scripted/small",
    small_model: "scripted/small",
    permission: "allow",
  }
  folder.write({ "config/opencode/opencode.json": JSON.stringify({ ...config, share: "disabled", autoupdate: false }) })
  for (const name of ["home", "tmp"]) mkdirSync(folder.join(name))

  const port = await freePort()
  const child = spawn(published, ["serve", "--port", String(port)], {
    cwd: project,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env.PATH,
      HOME: folder.join("home"),
      TMPDIR: folder.join("tmp"),
      XDG_DATA_HOME: folder.join("theirs"),
      XDG_CONFIG_HOME: folder.join("config"),
      XDG_STATE_HOME: folder.join("state"),
      XDG_CACHE_HOME: folder.join("cache"),
      SHELL: "/bin/bash",
      OPENCODE_DISABLE_MODELS_FETCH: "1",
      OPENCODE_DISABLE_AUTOUPDATE: "1",
    },
  })
  try {
    await listening(child.stdout)
    const ask = async <T>(method: string, path: string, body?: unknown, directory = project): Promise<T> => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { "content-type": "application/json", "x-opencode-directory": directory },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`)
      return (await answer.json()) as T
    }
    const create = async (title: string, directory?: string, more = {}): Promise<string> =>
      (await ask<{ id: string }>("POST", "/session", { title, ...more }, directory)).id
    const prompt = async (id: string, text: string, given: Reply[], parts: object[] = [], directory?: string) => {
      replies = given
      await ask("POST", `/session/${id}/message`, { parts: [...parts, { type: "text", text }] }, directory)
    }

    const greet = await create("Greet")
    const greeting = folder.join("project/greeting.txt")
    await prompt(greet, "Change the greeting", [
      thinks("Read it first.", calls("read", { filePath: greeting })),
      calls("edit", { filePath: greeting, oldString: "hello", newString: "hello, world" }),
      calls("todowrite", { todos: [{ content: "wave", status: "pending", priority: "low" }] }),
      calls("bash", { command: "for i in $(seq 1 3000); do echo line $i; done", description: "Print" }),
      calls("read", { filePath: folder.join("project/absent.txt") }),
      says("Done."),
    ])
    const picture = { type: "file", mime: "image/png", filename: "a.png", url: `data:image/png;base64,${PIXEL}` }
    const file = { type: "file", mime: "text/plain", filename: "greeting.txt", url: `file://${greeting}` }
    await prompt(greet, "What is this?", [says("A pixel and a greeting.")], [picture, file])
    const task = { description: "Look", prompt: "Look around", subagent_type: "general" }
    await prompt(await create("Delegate"), "Delegate it", [calls("task", task), says("Looked."), says("Done.")])
    const long = await create("Long")
    await prompt(long, "Remember apple", [says("Apple.")])
    await ask("POST", `/session/${long}/summarize`, { providerID: "scripted", modelID: "small" })
    await prompt(long, "Which word?", [says("Apple.")])
    await ask("POST", `/session/${long}/fork`, {})
    const taken = await create("Taken back")
    const one = { filePath: folder.join("project/one.txt"), content: "1\n" }
    await prompt(taken, "Write one", [calls("write", one), says("Written.")])
    const [{ info }] = await ask<[{ info: { id: string } }]>("GET", `/session/${taken}/message`)
    await ask("POST", `/session/${taken}/revert`, { messageID: info.id })
    await prompt(await create("Wrong key"), "Hello?", [unauthorized(), unauthorized()])
    const away = await create("Away", undefined, {
      permission: [{ permission: "bash", pattern: "rm *", action: "deny" }],
    })
    await ask("PATCH", `/session/${away}`, { time: { archived: 1_795_000_000_000 } })
    await prompt(await create("Without git", plain), "Hi", [says("Hi.")], [], plain)
    await ask("PUT", "/auth/example", { type: "api", key: "sk-example" })

    const sessions = await ask<Told["sessions"]>("GET", "/experimental/session?archived=true")
    const messages = new Map<string, unknown>()
    for (const { id } of sessions) messages.set(id, await ask("GET", `/session/${id}/message`))
    return { sessions, messages }
  } finally {
    child.kill("SIGKILL")
    if (child.exitCode === null && child.signalCode === null)
      await once(child, "close", { signal: AbortSignal.timeout(KILL_MS) })
  }
}
