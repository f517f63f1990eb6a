import { createOpencode, data, type AssistantMessage, type OpencodeClient, type ToolPart } from "published-sdk/v2"
import { createOpencodeClient, type LocationFileSystemEntry, type OpencodeClientConfig } from "published-sdk/v2/client"
import { createClient, createConfig, type Client } from "published-sdk/v2/gen/client"
import { createOpencodeServer, createOpencodeTui, type ServerOptions, type TuiOptions } from "published-sdk/v2/server"
import type { Event, GlobalEvent, Session } from "published-sdk/v2/types"

const patient: OpencodeClientConfig["fetch"] = (input, init) => fetch(input, init)

/** A desktop program: one client for each folder. */
export function clientOf(directory: string, password: string): OpencodeClient {
  return createOpencodeClient({
    baseUrl: "http://127.0.0.1:4096",
    directory,
    experimental_workspaceID: "wrk_1",
    headers: { Authorization: `Basic ${btoa(`opencode:${password}`)}` },
    fetch: patient,
    throwOnError: true,
    responseStyle: "fields",
    parseAs: "auto",
  })
}

export async function work(client: OpencodeClient): Promise<string[]> {
  const { data: session } = await client.session.create(
    { title: "x", permission: [{ permission: "bash", pattern: "*", action: "deny" }] },
    { throwOnError: true },
  )
  const sessionID: Session["id"] = session.id
  await client.session.promptAsync({
    sessionID,
    parts: [
      { type: "text", text: "go" },
      { type: "file", mime: "text/plain", url: "file:///a" },
    ],
  })
  for (const { requestID } of [{ requestID: "per_1" }])
    await client.permission.reply({ requestID, reply: "always", message: "ok" })
  const { data: requests } = await client.permission.list()
  for (const request of requests ?? [])
    await client.permission.respond({ sessionID, permissionID: request.id, response: "reject" })
  const { data: questions = [] } = await client.question.list({ directory: "/a" })
  for (const { id } of questions) await client.question.reply({ requestID: id, answers: [["yes"]] })
  const messages = await client.session.messages({ sessionID, limit: 10 })
  const tools = (messages.data ?? []).flatMap(({ parts }) =>
    parts.filter((part): part is ToolPart => part.type === "tool"),
  )
  const last = messages.data?.at(-1)?.info as AssistantMessage | undefined
  await client.config.update({ config: { model: "a/b", mcp: { x: { type: "local", command: ["x"] } } } })
  await client.worktree.create({ worktreeCreateInput: { name: "x" } })
  await client.mcp.add({ name: "x", config: { type: "remote", url: "https://x" } })
  await client.app.log({ service: "x", level: "warn", message: String(last?.cost) })
  const entries: LocationFileSystemEntry[] = (await client.v2.fs.list()).data?.data ?? []
  return [
    ...tools.map(({ state }) => (state.status === "completed" ? state.output : state.status)),
    ...entries.map(({ path }) => path),
  ]
}

export async function follow(client: OpencodeClient, signal: AbortSignal): Promise<void> {
  const { stream } = await client.global.event({
    signal,
    sseMaxRetryAttempts: 3,
    sseDefaultRetryDelay: 100,
    onSseError: (error) => void error,
  })
  for await (const event of stream) note(event)
  const own = await client.event.subscribe({ directory: "/a" }, { signal })
  for await (const event of own.stream) if (isIdle(event)) break
}

const note = ({ directory, payload }: GlobalEvent): string => `${directory.length}${payload.type}`

function isIdle(event: Event): boolean {
  if (event.type === "session.status") return event.properties.status.type === "idle"
  if (event.type === "mcp.tools.changed" || event.type === "vcs.branch.updated") return false
  return event.type === "session.idle" && event.properties.sessionID !== ""
}

const server: ServerOptions = { hostname: "127.0.0.1", port: 4096, timeout: 5000, config: { share: "disabled" } }
const screen: TuiOptions = {
  project: "/a",
  model: "a/b",
  session: "ses_1",
  agent: "plan",
  config: { logLevel: "DEBUG" },
}

export async function start(): Promise<Client> {
  const { url, close } = await createOpencodeServer(server)
  createOpencodeTui(screen).close()
  const { client, server: other } = await createOpencode(server)
  other.close()
  await client.path.get()
  close()
  const shown = data.message.user({
    sessionID: "ses_1",
    agent: "build",
    model: { providerID: "a", modelID: "b" },
    parts: [],
  })
  const raw = createClient(createConfig({ baseUrl: url, headers: { "x-shown": shown.info.id } }))
  raw.interceptors.request.use((request) => request)
  await raw.get<{ 200: { healthy: true } }, unknown, true>({ url: "/global/health", throwOnError: true })
  return raw
}
