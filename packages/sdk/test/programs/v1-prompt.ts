import { createOpencode, createOpencodeClient, type Event, type Message, type Part } from "published-sdk"

/** A script of v1 that starts a server, follows it and asks for something. */
export async function summarize(directory: string, signal: AbortSignal): Promise<string> {
  const { client, server } = await createOpencode({
    hostname: "127.0.0.1",
    port: 0,
    timeout: 10_000,
    signal,
    config: {
      model: "anthropic/claude",
      permission: { edit: "ask", bash: { "git *": "allow" } },
      agent: { build: { temperature: 0 } },
    },
  })
  try {
    const events = await client.event.subscribe({ query: { directory } })
    void (async () => {
      for await (const event of events.stream) show(event)
    })()
    const session = await client.session.create({ body: { title: "Summary" }, query: { directory } })
    if (!session.data) throw new Error(JSON.stringify(session.error))
    const answer = await client.session.prompt({
      path: { id: session.data.id },
      body: { parts: [{ type: "text", text: "Summarize." }], agent: "plan", model: { providerID: "a", modelID: "b" } },
      throwOnError: true,
    })
    return textOf(answer.data.info, answer.data.parts)
  } finally {
    server.close()
  }
}

function textOf(info: Message, parts: Part[]): string {
  if (info.role === "assistant" && info.error) return info.error.name
  return parts.map((part) => (part.type === "text" ? part.text : "")).join("")
}

function show(event: Event): string {
  switch (event.type) {
    case "message.part.updated":
      return event.properties.delta ?? event.properties.part.id
    case "permission.updated":
      return `${event.properties.title} (${event.properties.callID ?? ""})`
    case "session.error":
      return event.properties.error?.name ?? "unknown"
    case "lsp.client.diagnostics":
      return event.properties.path
    default:
      return event.type
  }
}

/** The shape of answers follows the options of a call. */
export async function styles(): Promise<void> {
  const client = createOpencodeClient({
    baseUrl: "http://localhost:4096",
    directory: "/tmp",
    fetch: (request) => fetch(request),
  })
  const fields = await client.session.get({ path: { id: "ses_1" } })
  const status: number = fields.response.status
  const title: string | undefined = fields.data?.title
  const strict = await client.session.get({ path: { id: "ses_1" }, throwOnError: true })
  const sure: string = strict.data.title
  await client.auth.set({ path: { id: "anthropic" }, body: { type: "api", key: `${status}${title}${sure}` } })
  await client.mcp.auth.start({ path: { name: "linear" } })
  await client.auth.remove({ path: { name: "linear" } })
  await client.postSessionIdPermissionsPermissionId({
    path: { id: "ses_1", permissionID: "per_1" },
    body: { response: "once" },
  })
  await client.tui.showToast({ body: { message: "done", variant: "success" } })
  const { data: files = [] } = await client.find.files({ query: { query: "*.ts" } })
  const { data: file } = await client.file.read({ query: { path: files[0] ?? "" } })
  await client.app.log({ body: { service: "mine", level: "info", message: file?.content ?? "", extra: { a: 1 } } })
}
