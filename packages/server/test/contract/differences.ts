/**
 * Where our document differs from the published one in a call or shape that both have, and why: all of it, and nothing
 * that is not so. A row goes when its difference goes. `*` stands for anything.
 */
export const DIFFERENCES: { reason: string; lines: string[] }[] = [
  {
    reason: "what a request that is not valid is answered: the one shape that 1.18.33 sends as well, whatever it lists",
    lines: [
      "* 400: also object name=BadRequest",
      "* 400: not object _tag=BadRequest",
      "* 400: not object _tag=InvalidRequestError",
    ],
  },
  {
    reason: "a body that is needed is said to be; 1.18.33 answers 400 without it, as we do",
    lines: ["* body: required"],
  },
  {
    reason: "ids stand in lines of logs and in names of files: short, and without control characters",
    lines: ["MessageID", "PartID", "PermissionID", "PtyID", "QuestionID", "SessionID"].flatMap((id) => [
      `${id}: maxLength 128 instead of none`,
      `${id}: pattern ^* instead of *`,
    ]),
  },
  {
    reason: "limits of what is stored, shown or started",
    lines: [
      "ApiAuth.key: minLength 1 instead of none",
      "*.duration: maximum 2147483647 instead of none",
      "GET /find query pattern: maxLength 1000 instead of none",
      "GET /find/file query query: maxLength 1000 instead of none",
      "*roject*.name: maxLength 1000 instead of none",
      "ProjectCommands.start: maxLength 10000 instead of none",
      "ProjectIcon.color: maxLength 1000 instead of none",
      "ProjectIcon.override: maxLength 100000 instead of none",
      "ProjectIcon.url: maxLength 100000 instead of none",
      "WorktreeCreateInput.name: maxLength 1000 instead of none",
      "WorktreeCreateInput.startCommand: maxLength 10000 instead of none",
      "Worktree*Input.directory: maxLength 4096 instead of none",
      "POST /provider/{providerID}/oauth/authorize body.inputs{}: maxLength 10000 instead of none",
      "POST /provider/{providerID}/oauth/callback body.code: maxLength 10000 instead of none",
      "P* /pty* body.title: maxLength 1000 instead of none",
      "PUT /pty/{ptyID} body.size.cols: maximum 10000 instead of none",
      "PUT /pty/{ptyID} body.size.rows: maximum 10000 instead of none",
    ],
  },
  {
    reason: "what the system cannot start: a program without a name, a word with a NUL; 1.18.33 answers 500",
    lines: [
      "POST /pty body.command: minLength 1 instead of none",
      "POST /pty body.command: pattern ^[^\\0]*$ instead of none",
      "POST /pty body.args[]: pattern ^[^\\0]*$ instead of none",
      "POST /pty body.cwd: pattern ^[^\\0]*$ instead of none",
      "POST /pty body.env{}: pattern ^[^\\0]*$ instead of none",
      "POST /session/{sessionID}/shell body.command: minLength 1 instead of none",
    ],
  },
  {
    reason: "numbers that 1.18.33 takes by its document and answers with 500",
    lines: [
      "GET /experimental/session query limit: also integer",
      "GET /experimental/session query limit: not number",
      "GET /session query limit: minimum -1 instead of none",
    ],
  },
  {
    reason: "what is installed is a version, and nothing else that an installer would take",
    lines: [
      "POST /global/upgrade body.target: maxLength 256 instead of none",
      "POST /global/upgrade body.target: pattern ^(?:latest|* instead of none",
    ],
  },
  {
    reason: "members of our own; a client of OpenCode may leave them out and need not know them",
    lines: [
      "AssistantMessage.endReason: ours only",
      "SessionStatus(object type=idle).reason: ours only",
      "*Session.undo: ours only",
      "*Session.tokens.total: ours only",
      "EventMessageUpdated.properties.parts: ours only",
      "GlobalEvent.payload(object type=message.updated).properties.parts: ours only",
      "EventServerConnected.properties.resumed: ours only",
      "GlobalEvent.payload(object type=server.connected).properties.resumed: ours only",
      "MessageOutputLengthError.data.message: ours only",
      "POST /permission/{requestID}/reply body.save: ours only",
      "POST /global/upgrade body.method: ours only",
      "Config.sandbox: ours only",
      "ServerConfig.hosts: ours only",
      "*.limits: ours only",
    ],
  },
  {
    reason: "events of our own, and `server.heartbeat`, which 1.18.33 sends and does not list",
    lines: ["message.created", "message.deleted", "server.heartbeat"].map(
      (type) => `*Event*: also object type=${type}`,
    ),
  },
  {
    reason: "events that come with what they tell of: language servers, MCP, plugins, watched files, updates",
    lines: [
      "lsp.updated",
      "mcp.tools.changed",
      "mcp.browser.open.failed",
      "plugin.added",
      "reference.updated",
      "file.watcher.updated",
      "vcs.branch.updated",
      "project.directories.updated",
      "installation.update-available",
    ].map((type) => `*Event*: not object type=${type}`),
  },
  {
    reason:
      "events of calls that are left out for good (`/api/*`, `/sync/*`, workspaces), and of a catalogue that is not fetched",
    lines: [
      "session.next.*",
      "permission.v2.*",
      "question.v2.*",
      "workspace.*",
      "integration.*",
      "catalog.updated",
      "models-dev.refreshed",
    ].map((type) => `*Event*: not object type=${type}`),
  },
  { reason: "the same, as `/sync` would replay them", lines: ["GlobalEvent.payload: not object type=sync*"] },
  {
    reason: "members that nobody has to send, and that we have nothing true to fill with",
    lines: [
      // What has changed is told by `/vcs/diff`.
      "FileContent.diff: published only",
      "FileContent.patch: published only",
      // One step of price, above 200,000 tokens, is known: `experimentalOver200K`.
      "Model.cost.tiers: published only",
      // Nobody has to do anything about a wait; `message` tells its reason.
      "SessionStatus(object type=retry).action: published only",
      // `message` says what is not available.
      "ServiceUnavailableError.service: published only",
    ],
  },
  {
    reason: "`server.connected` and `server.heartbeat` speak of no folder, there as here",
    lines: ["GlobalEvent.directory: optional"],
  },
  {
    reason: "every event has an id of one form",
    lines: ["EventServerInstanceDisposed.id: pattern ^evt_ instead of none"],
  },
  {
    reason: "rules for patterns are taken where OpenCode knows one action only",
    lines: ["doom_loop", "question", "todowrite", "webfetch", "websearch"].map(
      (name) => `PermissionConfig(object).${name}: also object`,
    ),
  },
  {
    reason: "a folder that does not exist is told, not watched in vain",
    lines: ["GET /event 400: ours only"],
  },
  {
    reason: "a session or message that does not exist must not look like one that changed nothing",
    lines: ["GET /session/{sessionID}/diff 404: ours only"],
  },
  {
    reason: "a session that does not exist must not look like one that waits for nothing",
    lines: ["POST /experimental/session/{sessionID}/background 404: ours only"],
  },
  {
    reason: "an abort that reached nothing must not look like one that did",
    lines: ["POST /session/{sessionID}/abort 404: ours only"],
  },
  {
    reason: "a part is not taken from under a running turn, as a message is not",
    lines: [
      "DELETE /session/{sessionID}/message/{messageID}/part/{partID} 409: ours only",
      "PATCH /session/{sessionID}/message/{messageID}/part/{partID} 409: ours only",
    ],
  },
  {
    reason:
      "a request that is no websocket, or whose id cannot be one, is told so, and refusals have a sentence: 1.18.33 sends none",
    lines: [
      "GET /pty/{ptyID}/connect 400: ours only",
      "GET /pty/{ptyID}/connect 403: also object _tag=PtyForbiddenError",
      "GET /pty/{ptyID}/connect 403: not object _tag=Forbidden",
      "GET /pty/{ptyID}/connect 404: also object _tag=PtyNotFoundError",
      "GET /pty/{ptyID}/connect 404: not object name=NotFoundError",
    ],
  },
  {
    reason: "a share host that does not answer is a failure of its own, and is told in a sentence",
    lines: ["* /session/{sessionID}/share 500: published only", "* /session/{sessionID}/share 503: ours only"],
  },
]
