/** A data folder with a store in it, what goes into one, and programs that use one in another process. */
import { spawn } from "node:child_process"
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import path from "node:path"
import { createInterface } from "node:readline"
import type { AssistantMessage, UserMessage } from "@opencode/protocol/message.ts"
import type { TextPart, ToolPart } from "@opencode/protocol/part.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { build } from "esbuild"
import { createHost } from "../../src/lib/host.ts"
import { openStore, type Store, type StoreOptions } from "../../src/store/store.ts"

const repository = path.resolve(import.meta.dirname, "../../../..")

export interface Folder extends AsyncDisposable {
  path: string
  open(options?: Partial<StoreOptions>): Promise<Store>
}

/** Stores that were opened are closed, and the folder is removed, at the end of the test. */
export async function temporaryFolder(): Promise<Folder> {
  const root = await mkdtemp(path.join(tmpdir(), "store-"))
  const opened: Store[] = []
  return {
    path: root,
    async open(options) {
      const store = await openStore({ folder: path.join(root, "data"), host: createHost(), ...options })
      opened.push(store)
      return store
    },
    async [Symbol.asyncDispose]() {
      for (const store of opened) await store.close()
      await rm(root, { recursive: true, force: true })
    },
  }
}

export interface Child {
  pid: number
  /** The next line that the program prints; undefined when it has ended. */
  line(): Promise<string | undefined>
  say(line: string): void
  kill(): Promise<void>
  ended: Promise<number | null>
  errors(): string
}

/** Bundles a program once; each start is a process of its own. `source` imports from "core/…". */
export async function program(folder: Folder, source: string): Promise<(...args: string[]) => Child> {
  const input = path.join(folder.path, "program.ts")
  const output = path.join(folder.path, "program.mjs")
  await writeFile(input, source)
  await symlink(path.join(repository, "node_modules"), path.join(folder.path, "node_modules"), "dir")
  await build({
    entryPoints: [input],
    outfile: output,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["@photostructure/sqlite"],
    alias: { core: path.join(repository, "packages/core/src") },
  })
  return (...args) => start(output, args)
}

function start(file: string, args: string[]): Child {
  const child = spawn(process.execPath, [file, ...args], { stdio: ["pipe", "pipe", "pipe"] })
  let errors = ""
  child.stderr.on("data", (chunk) => (errors += chunk))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve))
  return {
    pid: child.pid ?? 0,
    line: async () => (await lines.next()).value,
    say: (line) => void child.stdin.write(`${line}\n`),
    async kill() {
      child.kill("SIGKILL")
      await ended
    },
    ended,
    errors: () => errors,
  }
}

export const session = (id: string, more: Partial<Session> = {}): Session => ({
  id: `ses_${id}`,
  slug: id,
  projectID: "project",
  directory: "/work",
  title: `Session ${id}`,
  version: "1",
  time: { created: 1, updated: 1 },
  ...more,
})

export const userMessage = (id: string, sessionID: string): UserMessage => ({
  id: `msg_${id}`,
  sessionID,
  role: "user",
  time: { created: 1 },
  agent: "build",
  model: { providerID: "p", modelID: "m" },
})

export const assistantMessage = (id: string, sessionID: string, parentID: string): AssistantMessage => ({
  id: `msg_${id}`,
  sessionID,
  role: "assistant",
  parentID,
  time: { created: 1 },
  modelID: "m",
  providerID: "p",
  mode: "build",
  agent: "build",
  path: { cwd: "/work", root: "/work" },
  cost: 0,
  tokens: { input: 0, output: 0, reasoning: 0, cache: { read: 0, write: 0 } },
})

export const textPart = (id: string, message: { id: string; sessionID: string }, text: string): TextPart => ({
  id: `prt_${id}`,
  sessionID: message.sessionID,
  messageID: message.id,
  type: "text",
  text,
})

export const toolPart = (id: string, message: { id: string; sessionID: string }, output: string): ToolPart => ({
  id: `prt_${id}`,
  sessionID: message.sessionID,
  messageID: message.id,
  type: "tool",
  callID: `call_${id}`,
  tool: "bash",
  state: {
    status: "completed",
    input: { command: "make" },
    output,
    title: "make",
    metadata: { exit: 0 },
    time: { start: 1, end: 2 },
  },
})
