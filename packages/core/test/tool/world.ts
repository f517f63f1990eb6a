import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import type { Todo } from "@opencode/protocol/todo.ts"
import type { Ask } from "../../src/permission/ask.ts"
import { openProcesses } from "../../src/process/processes.ts"
import { resolveShell } from "../../src/process/shell.ts"
import { builtinTools } from "../../src/tool/builtin.ts"
import { createRegistry } from "../../src/tool/registry.ts"
import { createSeenFiles } from "../../src/tool/seen.ts"
import type { Tool, ToolContext, ToolResult } from "../../src/tool/tool.ts"
import { openWorkspace } from "../../src/workspace/workspace.ts"

type Progress = Parameters<ToolContext["progress"]>[0]

/** A temporary workspace beside a folder that is outside of it, and the tools as a turn would call them. */
export async function openWorld(changes: Partial<ToolContext> = {}) {
  const top = await realpath(await mkdtemp(join(tmpdir(), "tools-")))
  const directory = join(top, "work")
  await mkdir(join(top, "outside"), { recursive: true })
  await mkdir(directory)
  const processes = openProcesses()
  const env = { PATH: process.env["PATH"]!, HOME: top }
  const workspace = await openWorkspace({
    directory,
    home: top,
    env,
    start: processes.start,
    rememberedProjectID: () => undefined,
    remember: () => {},
  })
  const shown: Progress[] = []
  const asked: Ask[] = []
  let todos: Todo[] = []
  let files = 0
  const context: ToolContext = {
    sessionID: "ses_1",
    messageID: "msg_1",
    callID: "call_1",
    agent: "build",
    readOnly: false,
    workspace,
    seen: createSeenFiles(),
    signal: new AbortController().signal,
    environment: env,
    start: processes.start,
    outputFolder: join(top, "tool-output"),
    limits: { maxLines: 2_000, maxBytes: 51_200 },
    shell: await resolveShell("bash", env),
    progress: (update) => shown.push(update),
    todos: { get: () => todos, set: async (list) => void (todos = list) },
    ask: async (asks) => void asked.push(...asks),
    mayRead: () => true,
    instructionsNear: async () => [],
    journal: { changing: (_, act) => act() },
    now: () => Date.now(),
    id: () => `tool_${++files}`,
    ...changes,
  }
  const registry = createRegistry(builtinTools)
  const tool = (name: string): Tool => registry.get(name)!

  const prepare = async (name: string, raw: unknown) => {
    const { input, problem } = registry.validate(tool(name), raw)
    if (problem !== undefined) throw new Error(problem)
    return { input, ...(await tool(name).prepare(input, context)) }
  }
  return {
    directory,
    outside: join(top, "outside"),
    context,
    shown,
    /** What was asked while a call ran; it is allowed unless `context.ask` says otherwise. */
    asked,
    registry,
    async asks(name: string, raw: unknown): Promise<Ask[]> {
      const { asks } = await prepare(name, raw)
      return asks === "unknown" ? [] : asks
    },
    /** Everything up to the permission; the result runs the rest. */
    async prepared(name: string, raw: unknown): Promise<() => Promise<ToolResult>> {
      const { input, plan } = await prepare(name, raw)
      return () => tool(name).run(input, plan, context)
    },
    async call(name: string, raw: unknown): Promise<ToolResult> {
      const { input, plan } = await prepare(name, raw)
      return tool(name).run(input, plan, context)
    },
    path: (name: string) => join(directory, name),
    async write(name: string, content: string | Uint8Array): Promise<string> {
      const path = join(directory, name)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, content)
      return path
    },
    text: (name: string) => readFile(join(directory, name), "utf8"),
    bytes: (name: string) => readFile(join(directory, name)),
    async [Symbol.asyncDispose]() {
      await processes.close()
      await rm(top, { recursive: true, force: true })
    },
  }
}
