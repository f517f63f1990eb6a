import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { Config } from "@opencode/protocol/config.ts"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { PermissionRequest } from "@opencode/protocol/permission.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { createOpencodeClient, type OpencodeClient } from "@opencode-ai/sdk/v2/client.ts"
import {
  badToolJson,
  calls,
  callsMany,
  fails,
  rateLimited,
  says,
  stalls,
  thinks,
  type Reply,
} from "@opencode/testing/script.ts"
import type { HeardRequest, ModelServer } from "@opencode/testing/model-server.ts"
import { mockProvider } from "@opencode/testing/mock-provider.ts"
import { vi } from "vitest"

/** A conversation that is worth a recording: what the model says, and what people do. */
export interface Case {
  name: string
  script: Reply[] | ((request: HeardRequest) => Reply)
  config?: Config
  /** For a provider of another wire, on the same server. */
  providers?: (model: ModelServer) => NonNullable<Config["provider"]>
  files?: Record<string, string>
  act(person: Person): Promise<void>
}

/** Somebody with a client. */
export interface Person {
  client: OpencodeClient
  project: string
  session(): Promise<string>
  /** Resolves when the turn is over. */
  prompt(sessionID: string, text: string, more?: object): Promise<MessageWithParts>
  /** Resolves when it is accepted. */
  send(sessionID: string, text: string): Promise<void>
  asked(permission: string): Promise<PermissionRequest>
  /** The id of a question of the model that waits. */
  questioned(): Promise<string>
  reply(requestID: string, reply: "once" | "always" | "reject", message?: string): Promise<void>
  /** Resolves when a message fits. */
  seen(sessionID: string, fits: (message: MessageWithParts) => boolean): Promise<void>
  idle(sessionID: string): Promise<void>
}

export function person(url: string, project: string): Person {
  const client = createOpencodeClient({ baseUrl: url, directory: project })
  const data = <T>(result: { data?: unknown; error?: unknown }): T => {
    if (result.error !== undefined) throw new Error(JSON.stringify(result.error))
    return result.data as T
  }
  const until = <T>(find: () => Promise<T | undefined | false>) =>
    vi.waitUntil(find, { timeout: 15_000, interval: 10 }) as Promise<T>
  const parts = (text: string) => [{ type: "text" as const, text }]
  return {
    client,
    project,
    session: async () => data<Session>(await client.session.create({})).id,
    prompt: async (sessionID, text, more = {}) =>
      data(await client.session.prompt({ sessionID, parts: parts(text), ...more })),
    send: async (sessionID, text) => data(await client.session.promptAsync({ sessionID, parts: parts(text) })),
    asked: (permission) =>
      until(async () =>
        data<PermissionRequest[]>(await client.permission.list()).find((request) => request.permission === permission),
      ),
    questioned: () => until(async () => data<{ id: string }[]>(await client.question.list())[0]?.id),
    reply: async (requestID, reply, message) =>
      data(await client.permission.reply({ requestID, reply, ...(message === undefined ? {} : { message }) })),
    seen: async (sessionID, fits) =>
      void (await until(async () => data<MessageWithParts[]>(await client.session.messages({ sessionID })).some(fits))),
    idle: async (sessionID) =>
      void (await until(async () => !(sessionID in data<Record<string, unknown>>(await client.session.status())))),
  }
}

const WHICH = { question: "Which colour?", header: "Colour", options: [{ label: "Blue", description: "as the sea" }] }
const FILES = { "a.txt": "alpha\n", "b.txt": "beta\n", "src/c.txt": "gamma\n" }
const ASK_BASH: Config = { permission: { bash: "ask" } }

const isRunning = ({ parts }: MessageWithParts): boolean =>
  parts.some((part) => part.type === "tool" && part.state.status === "running")
/** A page that leads to another host, which only shows while the call runs. */
function lateAsk(): Case {
  let url = ""
  return {
    name: "late-question",
    script: ({ messages }) =>
      messages.some(({ toolResults }) => toolResults.length > 0) ? says("Found.") : calls("webfetch", { url }),
    async act({ session, send, asked, reply, idle }) {
      const server = createServer((request, response) => {
        const { port } = server.address() as AddressInfo
        if (request.url === "/") response.writeHead(302, { location: `http://127.0.0.2:${port}/there` }).end()
        else response.writeHead(200, { "content-type": "text/plain" }).end("found")
      })
      await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve))
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
      const id = await session()
      await send(id, "fetch it")
      await reply((await asked("private_address")).id, "once")
      await reply((await asked("private_address")).id, "once")
      await idle(id)
      server.closeAllConnections()
      server.close()
    },
  }
}

/** A plan that is refused with words, then approved and carried out. */
function plan(): Case {
  const plans = ["# Plan\n1. touch", "# Plan\n1. touch\n2. look"]
  const file = ({ messages }: HeardRequest): string =>
    /write the plan to (\S+):/.exec(messages.map(({ text }) => text).join("\n"))?.[1] ?? ""
  return {
    name: "plan",
    script(request) {
      const results = request.messages.flatMap(({ toolResults }) => toolResults).length
      const step = [
        calls("write", { filePath: file(request), content: plans[0] }),
        calls("plan_exit", {}),
        calls("write", { filePath: file(request), content: plans[1] }),
        calls("plan_exit", {}),
        calls("bash", { command: "touch made && ls" }),
      ][results]
      return step ?? says("Done.")
    },
    async act({ session, client, asked, reply, idle }) {
      const sessionID = await session()
      await client.session.promptAsync({ sessionID, agent: "plan", parts: [{ type: "text", text: "make a file" }] })
      await reply((await asked("plan_exit")).id, "reject", "and look at it")
      await reply((await asked("plan_exit")).id, "once")
      await idle(sessionID)
    },
  }
}

const hasText = (text: string) => (message: MessageWithParts) =>
  message.info.role === "assistant" && message.parts.some((part) => part.type === "text" && part.text.includes(text))

export const CASES: Case[] = [
  {
    name: "text",
    script: [thinks("Somebody greets me.", says("Hello there.")), says("I said hello.")],
    async act({ session, prompt }) {
      const id = await session()
      await prompt(id, "hi")
      await prompt(id, "what did you say?")
    },
  },
  {
    name: "tools",
    files: FILES,
    script: [
      callsMany([
        { name: "read", input: { filePath: "a.txt" } },
        { name: "read", input: { filePath: "b.txt" } },
        { name: "grep", input: { pattern: "gamma" } },
        { name: "read", input: { filePath: "missing.txt" } },
      ]),
      callsMany([
        { name: "edit", input: { filePath: "a.txt", oldString: "alpha", newString: "ALPHA" } },
        { name: "bash", input: { command: "cat a.txt", description: "look" } },
      ]),
      calls("todowrite", { todos: [{ content: "rest", status: "pending", priority: "low" }] }),
      says("Changed."),
    ],
    async act({ session, prompt }) {
      await prompt(await session(), "make alpha loud")
    },
  },
  {
    name: "permissions",
    config: ASK_BASH,
    script: [
      calls("bash", { command: "touch one" }),
      calls("bash", { command: "touch two" }),
      calls("bash", { command: "touch three" }),
      says("Understood."),
      calls("bash", { command: "mkdir four" }),
      says("Nothing more to ask."),
    ],
    async act({ session, send, asked, reply, idle }) {
      const id = await session()
      await send(id, "touch things")
      await reply((await asked("bash")).id, "once")
      await reply((await asked("bash")).id, "reject", "not two, please")
      await reply((await asked("bash")).id, "always")
      await idle(id)
      await send(id, "make a folder")
      await reply((await asked("bash")).id, "reject")
      await idle(id)
    },
  },
  plan(),
  {
    name: "questions",
    script: [
      calls("question", { questions: [WHICH, { ...WHICH, question: "And then?" }] }),
      says("Blue it is."),
      calls("question", { questions: [WHICH] }),
      says("Never said."),
    ],
    async act({ session, send, questioned, client, idle }) {
      const id = await session()
      await send(id, "paint it")
      await client.question.reply({ requestID: await questioned(), answers: [["Blue"], ["something else"]] })
      await idle(id)
      await send(id, "paint more")
      await client.question.reject({ requestID: await questioned() })
      await idle(id)
    },
  },
  {
    name: "abort-answer",
    script: [stalls(says("one two three four five six seven eight"), 2), says("Going on.")],
    async act({ session, send, seen, client, prompt }) {
      const id = await session()
      await send(id, "count")
      await seen(id, hasText("one"))
      await client.session.abort({ sessionID: id })
      await prompt(id, "go on")
    },
  },
  {
    name: "abort-tool",
    script: [calls("bash", { command: "echo begun; sleep 60" }), says("Stopped.")],
    async act({ session, send, seen, client, prompt }) {
      const id = await session()
      await send(id, "wait for long")
      await seen(id, isRunning)
      await client.session.abort({ sessionID: id })
      await prompt(id, "what happened?")
    },
  },
  {
    name: "abort-question",
    config: ASK_BASH,
    script: [calls("bash", { command: "touch it" }), says("As you like.")],
    async act({ session, send, asked, client, prompt }) {
      const id = await session()
      await send(id, "touch it")
      await asked("bash")
      await client.session.abort({ sessionID: id })
      await prompt(id, "leave it")
    },
  },
  {
    name: "retries",
    script: [
      rateLimited({ retryAfterMs: 5 }),
      fails(500, { headers: { "retry-after-ms": "5" } }),
      says("At last."),
      fails(400, { message: "The request is not understood." }),
    ],
    async act({ session, prompt }) {
      const id = await session()
      await prompt(id, "try")
      await prompt(id, "again")
    },
  },
  {
    name: "providers",
    files: FILES,
    providers: ({ url }) => ({
      claude: mockProvider(url, "anthropic"),
      gemini: mockProvider(url, "google"),
      gpt: mockProvider(url, "openai-responses"),
    }),
    script: [
      thinks("The file first.", calls("read", { filePath: "a.txt" })),
      says("It says alpha."),
      calls("read", { filePath: "b.txt" }),
      says("It says beta."),
      says("Both are Greek."),
      says("They are letters."),
    ],
    async act({ session, prompt }) {
      const id = await session()
      const at = (providerID: string) => ({ model: { providerID, modelID: "large" } })
      await prompt(id, "read a", at("claude"))
      await prompt(id, "read b", at("gpt"))
      await prompt(id, "what are they?", at("gemini"))
      await prompt(id, "and?", at("mock"))
    },
  },
  {
    name: "invalid-calls",
    script: [
      callsMany([
        { name: "fly", input: {} },
        { name: "read", input: { path: 7 } },
      ]),
      badToolJson("bash", '{"command": "ls'),
      says("I gave up."),
    ],
    async act({ session, prompt }) {
      await prompt(await session(), "fly")
    },
  },
  {
    name: "attachments",
    files: FILES,
    script: [says("I know what it says.")],
    async act({ session, client, prompt, project }) {
      const id = await session()
      await client.session.prompt({ sessionID: id, noReply: true, parts: [{ type: "text", text: "Remember: 42." }] })
      const file = { type: "file" as const, mime: "text/plain", url: `file://${project}/a.txt`, filename: "a.txt" }
      await prompt(id, "", { parts: [{ type: "text", text: "read this" }, file] })
    },
  },
  {
    name: "steering",
    script: [calls("bash", { command: "touch first" }), says("First, then second.")],
    config: ASK_BASH,
    async act({ session, send, asked, reply, idle }) {
      const id = await session()
      await send(id, "do the first")
      const { id: requestID } = await asked("bash")
      await send(id, "and the second")
      await reply(requestID, "once")
      await idle(id)
    },
  },
  {
    name: "title",
    config: { agent: {} },
    script: ({ tools }) => (tools.length === 0 ? says("A friendly greeting") : says("Hello.")),
    async act({ session, prompt, client }) {
      const id = await session()
      await prompt(id, "hi")
      await vi.waitUntil(
        async () => (await client.session.get({ sessionID: id })).data?.title === "A friendly greeting",
        { timeout: 15_000, interval: 10 },
      )
    },
  },
  {
    name: "subagents",
    files: FILES,
    script: (request) => {
      const said = request.messages.map(({ text }) => text).join("\n")
      const results = request.messages.some(({ toolResults }) => toolResults.length > 0)
      if (said.includes("CHILD"))
        return results
          ? says("The child has read it.")
          : calls("read", { filePath: said.includes("two") ? "b.txt" : "a.txt" })
      if (results) return says("Both have read.")
      return callsMany(
        ["one", "two"].map((n) => ({
          name: "task",
          input: { description: "read", prompt: `CHILD ${n}: read`, subagent_type: "explore" },
        })),
      )
    },
    async act({ session, prompt }) {
      await prompt(await session(), "have it read")
    },
  },
  lateAsk(),
  {
    name: "side-by-side",
    files: FILES,
    script: ({ messages }) => {
      const results = messages.some((message) => message.toolResults.length > 0)
      return results ? says("Read.") : calls("read", { filePath: "a.txt" })
    },
    async act({ session, prompt }) {
      const [one, two, three] = [await session(), await session(), await session()]
      await Promise.all([prompt(one, "read"), prompt(two, "read too"), prompt(three, "read as well")])
    },
  },
  {
    name: "structured-subtask",
    files: FILES,
    script: ({ tools }) =>
      tools.includes("StructuredOutput") ? calls("StructuredOutput", { word: "alpha" }) : says("It says alpha."),
    async act({ session, client }) {
      const schema = { type: "object", properties: { word: { type: "string" } }, required: ["word"] }
      await client.session.prompt({
        sessionID: await session(),
        format: { type: "json_schema", schema },
        parts: [
          { type: "text", text: "which word?" },
          { type: "subtask", prompt: "read a.txt", description: "read", agent: "explore" },
        ],
      })
    },
  },
  {
    name: "revert",
    files: FILES,
    script: [
      calls("read", { filePath: "a.txt" }),
      calls("edit", { filePath: "a.txt", oldString: "alpha", newString: "ALPHA" }),
      says("Changed."),
      says("Nothing is changed any more."),
    ],
    async act({ session, prompt, client }) {
      const sessionID = await session()
      await prompt(sessionID, "make alpha loud")
      const { data = [] } = await client.session.messages({ sessionID })
      await client.session.revert({ sessionID, messageID: data[0]?.info.id ?? "" })
      await prompt(sessionID, "and now?")
    },
  },
  {
    name: "shell-abort",
    script: [says("It was stopped.")],
    async act({ session, seen, client, prompt }) {
      const sessionID = await session()
      const typed = client.session.shell({ sessionID, agent: "build", command: "echo begun; sleep 60" })
      await seen(sessionID, isRunning)
      await client.session.abort({ sessionID })
      await typed
      await prompt(sessionID, "what happened?")
    },
  },
  {
    name: "compaction",
    script: [says("Hello there."), says("They said hello."), says("We said hello.")],
    async act({ session, prompt, client }) {
      const sessionID = await session()
      await prompt(sessionID, "hi")
      await client.session.summarize({ sessionID, providerID: "mock", modelID: "large" })
      await prompt(sessionID, "what did we say?")
    },
  },
]
