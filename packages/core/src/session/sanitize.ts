import type { AssistantMessage, Message, MessageWithParts, UserMessage } from "@opencode/protocol/message.ts"
import type { FilePart, Part, ToolPart, ToolState } from "@opencode/protocol/part.ts"
import type { Session, SnapshotFileDiff } from "@opencode/protocol/session.ts"

/**
 * A conversation without what is private in it. Pure. Invariant: what stays is named here, so that a member nobody has
 * thought of does not: ids, times, numbers, states, and the names of agents, models and tools. Every other text is
 * replaced by a mark that says what stood there, and what could be anything (arguments, metadata) by an object with one.
 * The result is a valid conversation again.
 */

const mark = (what: string, id: string): string => `[redacted:${what}:${id}]`
/** Nothing hides behind nothing. */
const hidden = (text: string, what: string, id: string): string => (text === "" ? "" : mark(what, id))
const hiddenObject = (what: string, id: string) => ({ redacted: `${what}:${id}` })
/** `{ name: change(value) }`, or nothing where there is no value. */
const kept = <Name extends string, Value, Changed>(
  name: Name,
  value: Value | undefined,
  change: (value: Value) => Changed,
): { [Key in Name]?: Changed } =>
  value === undefined ? {} : ({ [name]: change(value) } as { [Key in Name]?: Changed })
const same = <Value>(value: Value): Value => value

export function sanitizedSession(session: Session): Session {
  const { id, slug, parentID, summary, cost, tokens, agent, model, version, time, permission, revert } = session
  return {
    id,
    slug,
    projectID: mark("project", id),
    directory: mark("session-directory", id),
    ...kept("path", session.path, (path) => hidden(path, "session-path", id)),
    ...kept("parentID", parentID, same),
    ...kept("summary", summary, ({ additions, deletions, files, diffs }) => ({
      additions,
      deletions,
      files,
      ...kept("diffs", diffs, (all) => sanitizedDiffs(all, id)),
    })),
    ...kept("cost", cost, same),
    ...kept("tokens", tokens, same),
    title: hidden(session.title, "session-title", id),
    ...kept("agent", agent, same),
    ...kept("model", model, same),
    version,
    ...kept("metadata", session.metadata, () => hiddenObject("session-metadata", id)),
    time,
    ...kept("permission", permission, (rules) =>
      rules.map((rule) => ({ ...rule, pattern: rule.pattern === "*" ? "*" : mark("permission-pattern", id) })),
    ),
    ...kept("revert", revert, ({ messageID, partID }) => ({ messageID, ...kept("partID", partID, same) })),
  }
}

export const sanitizedMessage = ({ info, parts }: MessageWithParts): MessageWithParts => ({
  info: sanitizedInfo(info),
  parts: parts.map(sanitizedPart),
})

const sanitizedInfo = (info: Message): Message => (info.role === "user" ? sanitizedPrompt(info) : sanitizedAnswer(info))

function sanitizedPrompt({ id, sessionID, role, time, agent, model, ...rest }: UserMessage): UserMessage {
  return {
    id,
    sessionID,
    role,
    time,
    agent,
    model,
    ...kept("format", rest.format, (format) =>
      format.type === "text" ? format : { ...format, schema: hiddenObject("format-schema", id) },
    ),
    ...kept("summary", rest.summary, ({ title, body, diffs }) => ({
      ...kept("title", title, (text) => hidden(text, "summary-title", id)),
      ...kept("body", body, (text) => hidden(text, "summary-body", id)),
      diffs: sanitizedDiffs(diffs, id),
    })),
    ...kept("system", rest.system, (text) => hidden(text, "system", id)),
    ...kept("tools", rest.tools, same),
  }
}

function sanitizedAnswer(info: AssistantMessage): AssistantMessage {
  const { id, error } = info
  return {
    id,
    sessionID: info.sessionID,
    role: info.role,
    time: info.time,
    parentID: info.parentID,
    modelID: info.modelID,
    providerID: info.providerID,
    mode: info.mode,
    agent: info.agent,
    path: { cwd: mark("cwd", id), root: mark("root", id) },
    cost: info.cost,
    tokens: info.tokens,
    ...kept("error", error, (failure) => sanitizedError(failure, id)),
    ...kept("summary", info.summary, same),
    ...kept("structured", info.structured, () => hiddenObject("structured", id)),
    ...kept("variant", info.variant, same),
    ...kept("finish", info.finish, same),
  }
}

/** Kept: which failure, its numbers and switches. A record in it (headers) is left out. */
function sanitizedError<Failure extends NonNullable<AssistantMessage["error"]>>(failure: Failure, id: string): Failure {
  const data = Object.entries(failure.data).flatMap(([name, value]: [string, unknown]) => {
    if (name === "providerID" || typeof value === "number" || typeof value === "boolean") return [[name, value]]
    return typeof value === "string" ? [[name, hidden(value, `error-${name}`, id)]] : []
  })
  return { ...failure, data: Object.fromEntries(data) } as Failure
}

const sanitizedDiffs = (diffs: SnapshotFileDiff[], id: string): SnapshotFileDiff[] =>
  diffs.map(({ file, patch, additions, deletions, status }) => ({
    ...kept("file", file, (text) => hidden(text, "diff-file", id)),
    ...kept("patch", patch, (text) => hidden(text, "diff-patch", id)),
    additions,
    deletions,
    ...kept("status", status, same),
  }))

function sanitizedPart(part: Part): Part {
  const { id, sessionID, messageID, type } = part
  const owned = { id, sessionID, messageID }
  switch (part.type) {
    case "text":
      return {
        ...owned,
        type: part.type,
        text: hidden(part.text, "text", id),
        ...kept("synthetic", part.synthetic, same),
        ...kept("ignored", part.ignored, same),
        ...kept("time", part.time, same),
        ...kept("metadata", part.metadata, () => hiddenObject("text-metadata", id)),
      }
    case "reasoning":
      return {
        ...owned,
        type: part.type,
        text: hidden(part.text, "reasoning", id),
        time: part.time,
        ...kept("metadata", part.metadata, () => hiddenObject("reasoning-metadata", id)),
      }
    case "file":
      return sanitizedFile(part)
    case "tool":
      return sanitizedCall(part)
    case "step-start":
      return { ...owned, type: part.type, ...kept("snapshot", part.snapshot, same) }
    case "step-finish": {
      const { reason, snapshot, cost, tokens } = part
      return { ...owned, type: part.type, reason, ...kept("snapshot", snapshot, same), cost, tokens }
    }
    case "snapshot":
      return { ...owned, type: part.type, snapshot: part.snapshot }
    case "patch":
      return { ...owned, type: part.type, hash: part.hash, files: part.files.map(() => mark("patch-file", id)) }
    case "agent":
      return {
        ...owned,
        type: part.type,
        name: part.name,
        ...kept("source", part.source, (source) => ({ ...source, value: hidden(source.value, "agent-source", id) })),
      }
    case "subtask":
      return {
        ...owned,
        type: part.type,
        prompt: hidden(part.prompt, "subtask-prompt", id),
        description: hidden(part.description, "subtask-description", id),
        agent: part.agent,
        ...kept("model", part.model, same),
        ...kept("command", part.command, (text) => hidden(text, "subtask-command", id)),
      }
    case "retry":
      return {
        ...owned,
        type: part.type,
        attempt: part.attempt,
        error: sanitizedError(part.error, id),
        time: part.time,
      }
    case "compaction": {
      const { auto, overflow, tail_start_id } = part
      return {
        ...owned,
        type: part.type,
        auto,
        ...kept("overflow", overflow, same),
        ...kept("tail_start_id", tail_start_id, same),
      }
    }
  }
  // Of a type that nobody here knows, nothing else is known.
  return { ...owned, type, ...hiddenObject("part", id) } as unknown as Part
}

/** What a type and a subtype are written with; anything else is a text that somebody put there. */
const MIME = /^[\w.+-]{1,60}\/[\w.+*-]{1,80}$/

function sanitizedFile({ id, sessionID, messageID, type, mime, filename, url, source }: FilePart): FilePart {
  return {
    id,
    sessionID,
    messageID,
    type,
    mime: MIME.test(mime) ? mime : hidden(mime, "file-mime", id),
    ...kept("filename", filename, (text) => hidden(text, "file-name", id)),
    url: hidden(url, "file-url", id),
    ...kept("source", source, (from) => sanitizedSource(from, id)),
  }
}

function sanitizedSource(source: NonNullable<FilePart["source"]>, id: string): NonNullable<FilePart["source"]> {
  const text = { ...source.text, value: hidden(source.text.value, "source-text", id) }
  if (source.type === "resource") {
    const uri = hidden(source.uri, "source-uri", id)
    return { type: source.type, text, clientName: hidden(source.clientName, "source-client", id), uri }
  }
  const path = hidden(source.path, "source-path", id)
  if (source.type === "file") return { type: source.type, text, path }
  return { ...source, text, path, name: hidden(source.name, "source-name", id) }
}

function sanitizedCall({ id, sessionID, messageID, type, callID, tool, state, metadata }: ToolPart): ToolPart {
  return {
    id,
    sessionID,
    messageID,
    type,
    callID,
    tool,
    state: sanitizedState(state, id),
    ...kept("metadata", metadata, () => hiddenObject("tool-metadata", id)),
  }
}

function sanitizedState(state: ToolState, id: string): ToolState {
  const input = Object.keys(state.input).length === 0 ? {} : hiddenObject("tool-input", id)
  const metadata = (): { redacted: string } => hiddenObject("tool-state-metadata", id)
  switch (state.status) {
    case "pending":
      return { status: state.status, input, raw: hidden(state.raw, "tool-raw", id) }
    case "running":
      return {
        status: state.status,
        input,
        ...kept("title", state.title, (text) => hidden(text, "tool-title", id)),
        ...kept("metadata", state.metadata, metadata),
        time: state.time,
      }
    case "error":
      return {
        status: state.status,
        input,
        error: hidden(state.error, "tool-error", id),
        ...kept("metadata", state.metadata, metadata),
        time: state.time,
      }
    case "completed":
      return {
        status: state.status,
        input,
        output: hidden(state.output, "tool-output", id),
        title: hidden(state.title, "tool-title", id),
        metadata: metadata(),
        time: state.time,
        ...kept("attachments", state.attachments, (files) => files.map(sanitizedFile)),
      }
  }
}
