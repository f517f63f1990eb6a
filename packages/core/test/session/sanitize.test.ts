import { MessageWithParts } from "@opencode/protocol/message.ts"
import type { FilePart, Part } from "@opencode/protocol/part.ts"
import { Session } from "@opencode/protocol/session.ts"
import { noTokens } from "@opencode/protocol/tokens.ts"
import fc from "fast-check"
import { expect, test } from "vitest"
import { sanitizedMessage, sanitizedSession } from "../../src/session/sanitize.ts"
import { anyHistory } from "../turn/history.ts"

const SECRET = "sk-live-SECRET /home/ada/private"
const owned = { id: "prt_1", sessionID: "ses_1", messageID: "msg_1" }
const diffs = [{ file: SECRET, patch: SECRET, additions: 1, deletions: 2, status: "added" as const }]
const metadata = { [SECRET]: SECRET }
const span = { value: SECRET, start: 0, end: 1 }
const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } }
const file = (source?: FilePart["source"]): FilePart => ({
  ...owned,
  type: "file",
  mime: SECRET,
  filename: SECRET,
  url: `data:text/plain,${SECRET}`,
  ...(source ? { source } : {}),
})
const error = {
  name: "APIError" as const,
  data: {
    message: SECRET,
    statusCode: 401,
    isRetryable: false,
    responseHeaders: { [SECRET]: SECRET },
    responseBody: SECRET,
    metadata: { url: SECRET },
  },
}
const tool = { ...owned, type: "tool" as const, callID: "call_1", tool: "bash", metadata }

/** Every kind of part, with the secret in each text that is not a name. */
const PARTS: Part[] = [
  { ...owned, type: "text", text: SECRET, metadata, time: { start: 1 } },
  { ...owned, type: "reasoning", text: SECRET, metadata, time: { start: 1 } },
  file(),
  file({ type: "file", path: SECRET, text: span }),
  file({ type: "symbol", path: SECRET, text: span, name: SECRET, kind: 1, range }),
  file({ type: "resource", clientName: SECRET, uri: SECRET, text: span }),
  { ...tool, state: { status: "pending", input: metadata, raw: SECRET } },
  { ...tool, state: { status: "running", input: metadata, title: SECRET, metadata, time: { start: 1 } } },
  {
    ...tool,
    state: {
      status: "completed",
      input: metadata,
      output: SECRET,
      title: SECRET,
      metadata,
      attachments: [file()],
      time: { start: 1, end: 2 },
    },
  },
  { ...tool, state: { status: "error", input: metadata, error: SECRET, metadata, time: { start: 1, end: 2 } } },
  { ...owned, type: "step-start", snapshot: "abc" },
  { ...owned, type: "step-finish", reason: "stop", cost: 1, tokens: noTokens() },
  { ...owned, type: "snapshot", snapshot: "abc" },
  { ...owned, type: "patch", hash: "abc", files: [SECRET] },
  { ...owned, type: "agent", name: "explore", source: span },
  { ...owned, type: "subtask", prompt: SECRET, description: SECRET, agent: "explore", command: SECRET },
  { ...owned, type: "retry", attempt: 1, error, time: { created: 1 } },
  { ...owned, type: "compaction", auto: true, tail_start_id: "msg_1" },
]

const MESSAGES: MessageWithParts[] = [
  {
    info: {
      id: "msg_1",
      sessionID: "ses_1",
      role: "user",
      time: { created: 1 },
      agent: "build",
      model: { providerID: "mock", modelID: "large" },
      system: SECRET,
      format: { type: "json_schema", schema: metadata },
      summary: { title: SECRET, body: SECRET, diffs },
      tools: { bash: false },
    },
    parts: PARTS,
  },
  {
    info: {
      id: "msg_1",
      sessionID: "ses_1",
      role: "assistant",
      parentID: "msg_1",
      time: { created: 1, completed: 2 },
      modelID: "large",
      providerID: "mock",
      mode: "build",
      agent: "build",
      path: { cwd: SECRET, root: SECRET },
      cost: 1,
      tokens: noTokens(),
      error,
      structured: { [SECRET]: SECRET },
    },
    parts: [{ ...owned, type: "hologram", text: SECRET } as unknown as Part],
  },
]

const SESSION: Session = {
  id: "ses_1",
  slug: "calm-lake",
  projectID: SECRET,
  directory: SECRET,
  path: SECRET,
  title: SECRET,
  version: "1.20.0",
  time: { created: 1, updated: 2 },
  summary: { additions: 1, deletions: 2, files: 3, diffs },
  cost: 4,
  share: { url: SECRET },
  metadata,
  permission: [{ permission: "read", pattern: SECRET, action: "deny" }],
  revert: { messageID: "msg_1", snapshot: "abc", diff: SECRET },
}

test("no text, path, argument, output or file survives, in any member of any kind of part", () => {
  expect(JSON.stringify([SESSION, MESSAGES]).split("SECRET").length).toBeGreaterThan(60)
  const clean = JSON.stringify([sanitizedSession(SESSION), MESSAGES.map(sanitizedMessage)])
  expect(clean).not.toContain("SECRET")
  expect(clean).not.toContain("/home")
  expect(clean).not.toContain("sk-live")
})

test("structure survives: ids, order, states, numbers and names, with marks that say what stood there", () => {
  const [first, second] = MESSAGES.map(sanitizedMessage)
  expect(first?.parts.map(({ type }) => type)).toEqual(PARTS.map(({ type }) => type))
  expect(first?.parts[0]).toMatchObject({ id: "prt_1", text: "[redacted:text:prt_1]", time: { start: 1 } })
  expect(first?.parts[8]).toMatchObject({
    tool: "bash",
    callID: "call_1",
    state: {
      status: "completed",
      input: { redacted: "tool-input:prt_1" },
      output: "[redacted:tool-output:prt_1]",
      time: { start: 1, end: 2 },
    },
  })
  expect(second?.info).toMatchObject({
    modelID: "large",
    cost: 1,
    error: { name: "APIError", data: { statusCode: 401, isRetryable: false } },
  })
  expect(sanitizedSession(SESSION)).toMatchObject({ cost: 4, summary: { files: 3 }, revert: { messageID: "msg_1" } })
})

test("what was sanitized is valid, and the same when it is sanitized again", () => {
  expect(Session().safeParse(sanitizedSession(SESSION)).success).toBe(true)
  const known = MESSAGES.slice(0, 1).map(sanitizedMessage)
  for (const message of known) expect(MessageWithParts().safeParse(message).success).toBe(true)
  fc.assert(
    fc.property(anyHistory, (history) => {
      const once = history.map(sanitizedMessage)
      expect(once.map(sanitizedMessage)).toEqual(once)
    }),
    { numRuns: 200 },
  )
})
