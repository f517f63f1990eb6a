import type { Scene } from "./scene.ts"

/** What a call is given so that it has something to do. */
export interface Case {
  path?: Record<string, string>
  query?: Record<string, unknown>
  body?: unknown
  /** The name under which v2 takes a body that is one thing, not a record of members. */
  bodyName?: string
  headers?: Record<string, string>
  /** Default: what the document lists as success. */
  status?: number
}

type Prepare = (s: Scene) => Case | Promise<Case>

const nothing: Prepare = () => ({})
const model = { providerID: "mock", modelID: "large" }
const parts = [{ type: "text", text: "Say something." }]
const PATCH = "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one line\n+another line\n"

/** Of a new session. */
const empty =
  (rest: Omit<Case, "path"> = {}): Prepare =>
  async (s) => ({ path: { sessionID: await s.empty() }, ...rest })
/** Of a session in which something was said. */
const talked =
  (rest: Omit<Case, "path"> = {}): Prepare =>
  async (s) => ({ path: { sessionID: (await s.talked()).sessionID }, ...rest })
const terminal =
  (rest: Omit<Case, "path"> = {}): Prepare =>
  async (s) => ({ path: { ptyID: await s.terminal() }, ...rest })

/** One for each published call that is here. */
export const CASES: Record<string, Prepare> = {
  "GET /agent": nothing,
  "GET /command": nothing,
  "GET /config": nothing,
  "GET /config/providers": nothing,
  "GET /event": nothing,
  "GET /experimental/capabilities": nothing,
  "GET /experimental/session": () => ({ query: { limit: 2 } }),
  "GET /experimental/tool": () => ({ query: { provider: "mock", model: "large" } }),
  "GET /experimental/tool/ids": nothing,
  "GET /experimental/worktree": nothing,
  "GET /file": () => ({ query: { path: "." } }),
  "GET /file/content": () => ({ query: { path: "a.txt" } }),
  "GET /file/status": nothing,
  "GET /find": () => ({ query: { pattern: "line" } }),
  "GET /find/file": () => ({ query: { query: "a.txt" } }),
  "GET /global/config": nothing,
  "GET /global/event": nothing,
  "GET /global/health": nothing,
  "GET /path": nothing,
  "GET /permission": async (s) => (await s.asks(), {}),
  "GET /project": nothing,
  "GET /project/current": nothing,
  "GET /project/{projectID}/directories": async (s) => ({ path: { projectID: await s.project() } }),
  "GET /provider": nothing,
  "GET /provider/auth": nothing,
  "GET /pty": async (s) => (await s.terminal(), {}),
  "GET /pty/shells": nothing,
  "GET /pty/{ptyID}": terminal(),
  // A client that only fetches cannot connect, and is told so.
  "GET /pty/{ptyID}/connect": terminal({ status: 400 }),
  "GET /question": async (s) => (await s.wonders(), {}),
  "GET /session": async (s) => (await s.talked(), {}),
  "GET /session/status": async (s) => (await s.asks(), {}),
  "GET /session/{sessionID}": talked(),
  "GET /session/{sessionID}/children": talked(),
  "GET /session/{sessionID}/diff": talked(),
  "GET /session/{sessionID}/message": talked(),
  "GET /session/{sessionID}/message/{messageID}": async (s) => {
    const { sessionID, messageID } = await s.talked()
    return { path: { sessionID, messageID } }
  },
  "GET /session/{sessionID}/todo": talked(),
  "GET /skill": nothing,
  "GET /tui/control/next": async (s) => (await s.v2.tui.openHelp(), {}),
  "GET /vcs": nothing,
  "GET /vcs/diff": () => ({ query: { mode: "git" } }),
  "GET /vcs/diff/raw": nothing,
  "GET /vcs/status": (s) => (s.world.folder.write({ "project/new.txt": "new" }), {}),
  "DELETE /auth/{providerID}": () => ({ path: { providerID: "some" } }),
  "DELETE /experimental/worktree": async (s) => ({
    body: { directory: await s.worktree() },
    bodyName: "worktreeRemoveInput",
  }),
  "DELETE /pty/{ptyID}": terminal(),
  "DELETE /session/{sessionID}": talked(),
  "DELETE /session/{sessionID}/message/{messageID}": async (s) => {
    const { sessionID, messageID } = await s.talked()
    return { path: { sessionID, messageID } }
  },
  "DELETE /session/{sessionID}/message/{messageID}/part/{partID}": async (s) => {
    const { sessionID, messageID, part } = await s.talked()
    return { path: { sessionID, messageID, partID: part.id } }
  },
  "DELETE /session/{sessionID}/share": talked(),
  "PATCH /config": () => ({ body: { username: "somebody" }, bodyName: "config" }),
  "PATCH /global/config": () => ({ body: { username: "somebody" }, bodyName: "config" }),
  "PATCH /project/{projectID}": async (s) => ({ path: { projectID: await s.project() }, body: { name: "named" } }),
  "PATCH /session/{sessionID}": empty({ body: { title: "renamed" } }),
  "PATCH /session/{sessionID}/message/{messageID}/part/{partID}": async (s) => {
    const { sessionID, messageID, part } = await s.talked()
    return { path: { sessionID, messageID, partID: part.id }, body: { ...part, text: "other words" }, bodyName: "part" }
  },
  "POST /experimental/session/{sessionID}/background": talked(),
  "POST /experimental/worktree": () => ({ body: {}, bodyName: "worktreeCreateInput" }),
  "POST /experimental/worktree/reset": async (s) => ({
    body: { directory: await s.worktree() },
    bodyName: "worktreeResetInput",
  }),
  "POST /global/dispose": nothing,
  // Nothing is installed by a test.
  "POST /global/upgrade": () => ({ body: { target: "no version" }, status: 400 }),
  "POST /instance/dispose": nothing,
  "POST /log": () => ({ body: { service: "test", level: "info", message: "hello" } }),
  "POST /permission/{requestID}/reply": async (s) => ({
    path: { requestID: (await s.asks()).permissionID },
    body: { reply: "once" },
  }),
  "POST /project/git/init": nothing,
  // Logins at real providers are not tried; at a scripted one they have tests of their own.
  "POST /provider/{providerID}/oauth/authorize": () => ({
    path: { providerID: "mock" },
    body: { method: 0 },
    status: 400,
  }),
  "POST /provider/{providerID}/oauth/callback": () => ({
    path: { providerID: "mock" },
    body: { method: 0 },
    status: 400,
  }),
  "POST /pty": () => ({ body: { command: "/bin/sleep", args: ["60"] } }),
  "POST /pty/{ptyID}/connect-token": terminal({ headers: { "x-opencode-ticket": "1" } }),
  "POST /question/{requestID}/reject": async (s) => ({ path: { requestID: await s.wonders() } }),
  "POST /question/{requestID}/reply": async (s) => ({
    path: { requestID: await s.wonders() },
    body: { answers: [["A"]] },
  }),
  "POST /session": () => ({ body: { title: "named" } }),
  "POST /session/{sessionID}/abort": async (s) => ({ path: { sessionID: (await s.asks()).sessionID } }),
  "POST /session/{sessionID}/command": empty({ body: { command: "hello", arguments: "" } }),
  "POST /session/{sessionID}/fork": talked({ body: {} }),
  "POST /session/{sessionID}/init": async (s) => {
    const sessionID = await s.empty()
    return { path: { sessionID }, body: { ...model, messageID: sessionID.replace("ses_", "msg_") } }
  },
  "POST /session/{sessionID}/message": empty({ body: { parts } }),
  "POST /session/{sessionID}/permissions/{permissionID}": async (s) => ({
    path: await s.asks(),
    body: { response: "reject" },
  }),
  "POST /session/{sessionID}/prompt_async": empty({ body: { parts } }),
  "POST /session/{sessionID}/revert": async (s) => {
    const { sessionID, messageID } = await s.talked()
    return { path: { sessionID }, body: { messageID } }
  },
  "POST /session/{sessionID}/share": talked(),
  "POST /session/{sessionID}/shell": empty({ body: { agent: "build", command: "echo hi" } }),
  "POST /session/{sessionID}/summarize": talked({ body: model }),
  "POST /session/{sessionID}/unrevert": async (s) => {
    const { sessionID, messageID } = await s.talked()
    await s.v2.session.revert({ sessionID, messageID })
    return { path: { sessionID } }
  },
  "POST /tui/append-prompt": () => ({ body: { text: "hi" } }),
  "POST /tui/clear-prompt": nothing,
  "POST /tui/control/response": async (s) => {
    await s.v2.tui.openHelp()
    await s.v2.tui.control.next()
    return { body: { ok: true }, bodyName: "body" }
  },
  "POST /tui/execute-command": () => ({ body: { command: "agent_cycle" } }),
  "POST /tui/open-help": nothing,
  "POST /tui/open-models": nothing,
  "POST /tui/open-sessions": nothing,
  "POST /tui/open-themes": nothing,
  "POST /tui/publish": () => ({
    body: { type: "tui.prompt.append", properties: { text: "hi" } },
    bodyName: "body",
  }),
  "POST /tui/select-session": async (s) => ({ body: { sessionID: await s.empty() } }),
  "POST /tui/show-toast": () => ({ body: { message: "hi", variant: "info" } }),
  "POST /tui/submit-prompt": nothing,
  "POST /vcs/apply": () => ({ body: { patch: PATCH } }),
  "PUT /auth/{providerID}": () => ({
    path: { providerID: "some" },
    body: { type: "api", key: "some-key" },
    bodyName: "auth",
  }),
  "PUT /pty/{ptyID}": terminal({ body: { title: "named" } }),
}
