import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import type { Frame } from "@opencode/core/bus/bus.ts"
import type { Engine } from "@opencode/core/engine.ts"
import { createEngines, type Engines } from "@opencode/core/engines.ts"
import type { Hooks } from "@opencode/core/extension/hooks.ts"
import { openHome, type Home } from "@opencode/core/home.ts"
import { silentLog, type Log } from "@opencode/core/lib/log.ts"
import type { Login } from "@opencode/core/model/login/login.ts"
import type { Tool } from "@opencode/core/tool/tool.ts"
import type { Limits } from "@opencode/core/turn/limits.ts"
import type { Config } from "@opencode/protocol/config.ts"
import type { EventOf, EventType } from "@opencode/protocol/event.ts"
import type { MessageWithParts, PromptInput } from "@opencode/protocol/message.ts"
import type { ToolPart } from "@opencode/protocol/part.ts"
import type { PermissionRequest } from "@opencode/protocol/permission.ts"
import type { ModelConfig } from "@opencode/protocol/provider.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { mockProvider } from "./mock-provider.ts"
import { modelServer, type ModelServer } from "./model-server.ts"
import { tempFolder, type TempFolder } from "./temp-folder.ts"
import type { WireName } from "./wire.ts"

/** A small world: a project folder, a home, a scripted model, and the engine at work between them. */
export interface World {
  engine: Engine
  engines: Engines
  home: Home
  model: ModelServer
  /** The session that `prompt` talks to. Made at first use. */
  session(): Promise<Session>
  /** Sends a prompt and resolves with the last message of the turn. */
  prompt(text: string, input?: Partial<PromptInput>): Promise<MessageWithParts>
  /** The next pending question of this permission, once there is one. */
  asked(permission: string): Promise<Question>
  /** Everything that was published so far, in order. */
  events: Frame[]
  /** Resolves with the first event that fits, past or to come. */
  happened<Type extends EventType>(
    type: Type,
    fits?: (properties: EventOf<Type>["properties"]) => boolean,
  ): Promise<EventOf<Type>["properties"]>
  /** The session's messages as the API answers them. */
  transcript(): Promise<MessageWithParts[]>
  /** All tool parts of the transcript. */
  calls(): Promise<ToolPart[]>
  /** Files of the project, relative, sorted; without `.git`. */
  files(): string[]
  read(file: string): string
  folder: TempFolder
  project: string
  /** Ends this process's part, as a clean exit would, and opens the same data again, the project with it by default. */
  restart(options?: { reopen: boolean }): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface Question extends Omit<PermissionRequest, "always"> {
  /** What "always" would allow. */
  lasting: string[]
  once(): void
  always(): void
  reject(message?: string): void
}

export interface WorldOptions {
  model?: Parameters<typeof modelServer>[0]["script"]
  /** The scripted models, with what of them is not as usual; a member that is undefined is left out. Default: `large`. */
  models?: Record<string, ModelConfig>
  /** Which wire the model speaks. Default: the OpenAI-compatible one. */
  wire?: WireName
  files?: Record<string, string | Uint8Array>
  /** The user's own configuration, beside the scripted provider. */
  config?: Config
  permission?: Config["permission"]
  /** A git repository with one commit. */
  git?: boolean
  /** Throws before the n-th commit, for tests of a failing disk. */
  beforeCommit?: (n: number) => void
  log?: Log
  /** Whether what the test hears counts as a client that follows the events, and can be asked for trust. */
  client?: true
  /** Has new sessions named by the model. Off by default: the script of a test is about its turns. */
  titles?: boolean
  env?: Record<string, string>
  /** What a turn and its subagents may use. */
  limits?: Partial<Limits>
  /** What looks into turns. */
  hooks?: Partial<Hooks>
  /** Tools beside the program's own. */
  tools?: readonly Tool[]
  /** Where the program was installed. */
  packageFolder?: string
  /** The same of ways to log in. */
  moreLogins?: readonly Login[]
}

/** As the build made it. */
const CATALOG = fileURLToPath(new URL("../../cli/dist/catalog", import.meta.url))

/** How long a test waits for something to happen before it says what did. */
const WAIT_MS = 30_000

export async function world(options: WorldOptions = {}): Promise<World> {
  const folder = tempFolder()
  const project = folder.join("project")
  folder.write({ "project/.keep": "", "home/.keep": "" })
  for (const [file, content] of Object.entries(options.files ?? {})) folder.write({ [join("project", file)]: content })
  if (options.git) initGit(project)
  const model = await modelServer({ script: options.model ?? [] })
  const wire = options.wire ?? "openai"
  folder.write({
    "config/opencode/opencode.json": JSON.stringify({
      model: "mock/large",
      ...options.config,
      agent: { ...(options.titles ? {} : { title: { disable: true } }), ...options.config?.agent },
      ...(options.permission === undefined ? {} : { permission: options.permission }),
      provider: { mock: mockProvider(model.url, wire, options.models), ...options.config?.provider },
    }),
  })
  const state = await open(folder, options)
  let engine = await state.engines.at(project)
  let sessionID: string | undefined
  const events: Frame[] = []
  const watchers = new Set<() => void>()
  const listening = options.client ? {} : { isInner: true as const }
  const record = (frame: Frame): void => {
    events.push(frame)
    for (const check of [...watchers]) check()
  }
  state.home.bus.subscribe(listening, record)

  const self: World = {
    folder,
    project,
    model,
    events,
    get engine() {
      return engine
    },
    get engines() {
      return state.engines
    },
    get home() {
      return state.home
    },

    async session() {
      if (sessionID === undefined) sessionID = (await engine.sessions.create({})).id
      return engine.sessions.get(sessionID)
    },

    async prompt(text, input = {}) {
      const { id } = await self.session()
      const { answer, message } = await engine.sessions.prompt(id, { parts: [{ type: "text", text }], ...input })
      return (await answer) ?? message
    },

    async asked(permission) {
      const request = await until(
        () => engine.gate.list().find((pending) => pending.permission === permission),
        `a question about ${permission}`,
      )
      return {
        ...request,
        lasting: request.always,
        once: () => engine.gate.reply(request.id, { reply: "once" }),
        always: () => engine.gate.reply(request.id, { reply: "always" }),
        reject: (message) =>
          engine.gate.reply(request.id, { reply: "reject", ...(message === undefined ? {} : { message }) }),
      }
    },

    happened: (type, fits = () => true) =>
      until(() => {
        const found = events.find((frame) => frame.type === type && fits(frame.properties as never))
        return found?.properties as never
      }, `the event ${type}`),

    transcript: async () => engine.sessions.messages((await self.session()).id),

    async calls() {
      const messages = await self.transcript()
      return messages.flatMap(({ parts }) => parts.filter((part) => part.type === "tool"))
    },

    files: () => listFiles(project),
    read: (file) => readFileSync(join(project, file), "utf8"),

    async restart({ reopen } = { reopen: true }) {
      await state.close()
      Object.assign(state, await open(folder, options))
      state.home.bus.subscribe(listening, record)
      if (reopen) engine = await state.engines.at(project)
    },

    async [Symbol.asyncDispose]() {
      await state.close()
      await model.close()
      folder[Symbol.dispose]()
    },
  }

  async function until<T>(find: () => T | undefined, what: string): Promise<T> {
    const found = find()
    if (found !== undefined) return found
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const value = find()
        if (value === undefined) return
        clearTimeout(timer)
        watchers.delete(check)
        resolve(value)
      }
      const timer = setTimeout(() => {
        watchers.delete(check)
        reject(new Error(`Waited for ${what}; what happened: ${events.map((frame) => frame.type).join(", ")}`))
      }, WAIT_MS)
      watchers.add(check)
    })
  }
  return self
}

async function open(
  folder: TempFolder,
  options: WorldOptions,
): Promise<{ home: Home; engines: Engines; close(): Promise<void> }> {
  const env = {
    PATH: process.env.PATH ?? "/usr/bin:/bin",
    SHELL: "/bin/bash",
    XDG_DATA_HOME: folder.join("data"),
    XDG_CONFIG_HOME: folder.join("config"),
    XDG_STATE_HOME: folder.join("state"),
    XDG_CACHE_HOME: folder.join("cache"),
    TMPDIR: folder.join("tmp"),
    OPENCODE_DISABLE_LOCAL_DISCOVERY: "1",
    ...options.env,
  }
  const home = await openHome({
    env,
    home: folder.join("home"),
    catalogFolder: CATALOG,
    log: options.log ?? silentLog,
    pid: process.pid,
    platform: process.platform,
    version: "1.20.0",
    trusted: false,
    ...(options.limits ? { limits: options.limits } : {}),
    ...(options.hooks ? { hooks: options.hooks } : {}),
    ...(options.tools ? { tools: options.tools } : {}),
    ...(options.packageFolder ? { packageFolder: options.packageFolder } : {}),
    ...(options.moreLogins ? { moreLogins: options.moreLogins } : {}),
    ...(options.beforeCommit ? { beforeCommit: options.beforeCommit } : {}),
  })
  const engines = createEngines(home)
  return {
    home,
    engines,
    async close() {
      await engines.close()
      await home.close()
    },
  }
}

function initGit(project: string): void {
  const git = (...args: string[]): void => {
    execFileSync("git", ["-c", "user.name=Test", "-c", "user.email=test@example.com", ...args], { cwd: project })
  }
  git("init", "--quiet", "--initial-branch=main")
  git("add", "--all")
  git("commit", "--quiet", "--message=start")
}

function listFiles(project: string): string[] {
  return readdirSync(project, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(project, join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith(".git/") && file !== ".keep")
    .sort()
}
