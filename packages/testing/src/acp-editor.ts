import { PassThrough, Readable, Writable } from "node:stream"
import * as acp from "@agentclientprotocol/sdk/unstable"
import { acpLaw } from "./acp-law.ts"
import type { Finished, Installation, RunOptions } from "./command.ts"

/** An editor: the protocol's own client library, on the other end of `opencode acp`. Every line is held to the schema. */
export interface Editor {
  /** Asks the agent; rejects with its error. */
  ask<Result = Record<string, unknown>>(method: string, params: object): Promise<Result>
  tell(method: string, params: object): Promise<void>
  /** Writes bytes that no library would. */
  raw(text: string): void
  /** A new session in the project, or in another folder. */
  session(cwd?: string): Promise<string>
  prompt(sessionId: string, text: string): Promise<{ stopReason: string; usage?: acp.Usage }>
  /** What was told of a session so far, in order. */
  updates(sessionId: string): acp.SessionUpdate[]
  /** Everything that the agent has said, in order. */
  said: Said[]
  /** Resolves with the first message that fits, past or to come. */
  hears(fits: (message: Said) => boolean): Promise<Said>
  /** Resolves when it has written this, to its log or to the editor. */
  printed(text: string | RegExp): Promise<string>
  /** Sentences about messages that are none of the protocol. A good test ends with none. */
  breaches: string[]
  /** Ends the agent's input; resolves when it has ended. */
  leave(): Promise<Finished>
  /** As when an editor dies. */
  breakPipes(): void
  pid: number
}

/** A line of the agent. */
export interface Said {
  id?: unknown
  method?: string
  // oxlint-disable-next-line typescript/no-explicit-any -- as JSON gave it; tests look at what they expect
  params?: any
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  result?: any
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  error?: any
}

export interface EditorOptions extends RunOptions {
  args?: string[]
  capabilities?: acp.ClientCapabilities
  /** @param signal the agent has taken its question back */
  permission?(
    asked: acp.RequestPermissionRequest,
    signal: AbortSignal,
  ): Promise<string | undefined> | string | undefined
  write?(file: acp.WriteTextFileRequest): Promise<void> | void
  /** @param signal as above */
  form?(
    asked: acp.CreateElicitationRequest,
    signal: AbortSignal,
  ): Promise<acp.CreateElicitationResponse> | acp.CreateElicitationResponse
  /** Says nothing before the test does. */
  isSilent?: true
}

export async function acpEditor(at: Installation, options: EditorOptions = {}): Promise<Editor> {
  const { args = [], capabilities = {}, ...run } = options
  const { child, finished, printed } = at.start(["acp", ...args], { ...run, isTalkedTo: true })
  const law = acpLaw()
  const said: Said[] = []
  const watchers = new Set<() => void>()
  const input = child.stdin!

  const toAgent = new PassThrough()
  lines(toAgent, (line) => law.asked(JSON.parse(line) as Record<string, unknown>))
  toAgent.pipe(input)
  input.on("error", () => {}) // it has ended
  const fromAgent = child.stdout!.pipe(new PassThrough())
  lines(fromAgent, (line) => {
    const message = JSON.parse(line) as Said
    law.said(message as Record<string, unknown>)
    said.push(message)
    for (const watch of watchers) watch()
  })

  const stream = acp.ndJsonStream(
    Writable.toWeb(toAgent),
    Readable.toWeb(fromAgent.pipe(new PassThrough())) as ReadableStream<Uint8Array>,
  )
  const { agent } = acp
    .client({ name: "editor" })
    .onNotification(acp.methods.client.session.update, () => {})
    .onRequest(acp.methods.client.session.requestPermission, async ({ params, signal }) => {
      const optionId = await (options.permission ?? (() => "once"))(params, signal)
      return { outcome: optionId === undefined ? { outcome: "cancelled" } : { outcome: "selected", optionId } }
    })
    .onRequest(acp.methods.client.fs.writeTextFile, async ({ params }) => {
      await options.write?.(params)
      return {}
    })
    .onRequest(
      acp.methods.client.elicitation.create,
      ({ params, signal }) => options.form?.(params, signal) ?? { action: "cancel" },
    )
    .connect(stream)

  const self: Editor = {
    ask: (method, params) => agent.request(method, params),
    tell: (method, params) => agent.notify(method, params),
    raw: (text) => void input.write(text),
    async session(cwd = at.project) {
      const { sessionId } = await self.ask<{ sessionId: string }>("session/new", { cwd, mcpServers: [] })
      return sessionId
    },
    prompt: (sessionId, text) => self.ask("session/prompt", { sessionId, prompt: [{ type: "text", text }] }),
    updates: (sessionId) =>
      said.flatMap(({ method, params }) =>
        method === "session/update" && params.sessionId === sessionId ? [params.update as acp.SessionUpdate] : [],
      ),
    said,
    hears: (fits) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          const found = said.find(fits)
          if (found) resolve(found)
        }
        watchers.add(watch)
        void finished.then(({ stderr }) => reject(new Error(`it ended without saying so: ${stderr}`)))
        watch()
      }),
    printed,
    breaches: law.breaches,
    leave() {
      input.end()
      return finished
    },
    breakPipes() {
      input.destroy()
      child.stdout?.destroy()
    },
    pid: child.pid!,
  }
  if (!options.isSilent) await self.ask("initialize", { protocolVersion: 1, clientCapabilities: capabilities })
  return self
}

function lines(stream: NodeJS.ReadableStream, hear: (line: string) => void): void {
  let rest = ""
  stream.on("data", (chunk: Buffer | string) => {
    const parts = (rest + chunk.toString()).split("\n")
    rest = parts.pop() ?? ""
    for (const line of parts) hear(line)
  })
}
