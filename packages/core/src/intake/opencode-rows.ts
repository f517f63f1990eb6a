/**
 * What OpenCode 1.x stored, as what is stored here. Pure. Lenient where versions differ and where a member is missing
 * that can be filled in; what then still is no message or part is told and left out.
 */
import { isAbsolute } from "node:path"
import { Message, type AssistantMessage } from "@opencode/protocol/message.ts"
import { Part } from "@opencode/protocol/part.ts"
import { PermissionRuleset } from "@opencode/protocol/permission.ts"
import { Session } from "@opencode/protocol/session.ts"
import { noTokens } from "@opencode/protocol/tokens.ts"
import { asNumber, asRecord, asText, parseJson, type Json } from "../model/wire/json.ts"
import { isDeep, LAST_MOMENT } from "../session/import.ts"
import { settledMessage, settledPart } from "../session/settled.ts"
import type { Conversation, Tell } from "./source.ts"

const BROKEN_OFF = "Interrupted: it was not finished when the session was imported."

/** The session from a file of before 1.2; rows of the database are brought into its shape by `ofColumns`. */
export function sessionOf(raw: Json, tell: Tell): Conversation["info"] | undefined {
  const { permission, share, revert, time, workspaceID: _workspace, ...rest } = withoutEmpty(raw)
  const moments = roundedTime(time)
  const rules = PermissionRuleset().safeParse(permission ?? [])
  const kept = rules.success ? rules.data.filter(({ action }) => action !== "allow") : []
  const dropped = rules.success ? rules.data.length - kept.length : 1
  if (dropped > 0) tell("Its own rules that allow something were left out; what may be done is asked for again.")
  const url = asText(asRecord(share)?.url)
  if (url) tell(`It is shared at ${url}, and stays shared there.`)
  const { data, error } = Session().safeParse({
    slug: "",
    title: "",
    version: "",
    ...rest,
    time: {
      created: moments.created ?? moments.updated,
      updated: moments.updated ?? moments.created,
      ...(moments.archived ? { archived: moments.archived } : {}),
    },
    ...(kept.length > 0 ? { permission: kept } : {}),
    ...revertOf(revert),
  })
  const isPlaced = data && isAbsolute(data.directory) && !data.directory.includes("\0")
  if (isPlaced && Math.max(data.time.created, data.time.updated) <= LAST_MOMENT) return data
  tell(`It is damaged: ${error ? reasonOf(error) : "its time is no moment, or its folder no path"}.`)
  return undefined
}

const UNDONE_THERE =
  "It was taken back before the session was imported. The copies of the files stayed where it was done."

/** What was undone there cannot be redone here. It is said to be done, or the reverting would be done to its end. */
function revertOf(value: unknown): Pick<Session, "revert" | "undo"> {
  const messageID = asText(asRecord(value)?.messageID)
  const partID = asText(asRecord(value)?.partID)
  if (!messageID) return {}
  return {
    revert: { messageID, ...(partID ? { partID } : {}) },
    undo: { action: "revert", files: [], unseen: [UNDONE_THERE] },
  }
}

/** A row of the table `session`, of any version since 1.2: columns that came later may be missing. */
export function ofColumns(row: Json): Json {
  const json = (name: string): unknown => parseJson(asText(row[name]))
  const number = (name: string): number => asNumber(row[name]) ?? 0
  const diffs = json("summary_diffs")
  return {
    id: row.id,
    projectID: row.project_id,
    parentID: row.parent_id,
    slug: row.slug,
    directory: row.directory,
    path: row.path,
    title: row.title,
    version: row.version,
    share: row.share_url ? { url: row.share_url } : undefined,
    ...(row.summary_files === null || row.summary_files === undefined
      ? {}
      : {
          summary: {
            additions: number("summary_additions"),
            deletions: number("summary_deletions"),
            files: number("summary_files"),
            ...(Array.isArray(diffs) ? { diffs } : {}),
          },
        }),
    metadata: json("metadata"),
    cost: row.cost,
    ...(row.tokens_input === undefined
      ? {}
      : {
          tokens: {
            input: number("tokens_input"),
            output: number("tokens_output"),
            reasoning: number("tokens_reasoning"),
            cache: { read: number("tokens_cache_read"), write: number("tokens_cache_write") },
          },
        }),
    revert: json("revert"),
    permission: json("permission"),
    agent: row.agent,
    model: json("model"),
    time: { created: row.time_created, updated: row.time_updated, archived: row.time_archived },
  }
}

export interface Owner {
  sessionID: string
  /** Milliseconds since the epoch, where the message itself does not say. */
  created: number
  directory: string
  /** The prompt before it. */
  parentID: string | undefined
  /** The first model that answered in the session. */
  model: { providerID: string; modelID: string }
}

export function messageOf(raw: Json | undefined, id: string, owner: Owner, tell: Tell): Message | undefined {
  if (!raw) return void tell(`The message ${id} is damaged and was left out.`)
  const { sessionID, model, directory } = owner
  const time = roundedTime(raw.time)
  const base = { ...withoutEmpty(raw), id, sessionID, time: { ...time, created: time.created ?? owner.created } }
  const { agent, mode, error, parentID } = raw
  const filled =
    raw.role === "assistant"
      ? {
          parentID: owner.parentID ?? "msg_unknown",
          ...model,
          mode: asText(agent) ?? "build",
          agent: asText(mode) ?? "build",
          path: { cwd: directory, root: directory },
          cost: 0,
          tokens: noTokens(),
          ...base,
          ...(asText(parentID) ? {} : { parentID: owner.parentID ?? "msg_unknown" }),
          ...(error === undefined || error === null ? {} : { error: errorOf(error) }),
        }
      : { agent: asText(mode) ?? "build", model, ...base }
  const { data, error: problem } = Message().safeParse(filled)
  if (data && data.time.created <= LAST_MOMENT) return settledMessage(data, BROKEN_OFF)
  return void tell(`The message ${id} is damaged and was left out: ${problem ? reasonOf(problem) : "its time"}.`)
}

/** Kinds of errors that were renamed or are no longer known keep their words. */
function errorOf(value: unknown): NonNullable<AssistantMessage["error"]> {
  const probe = {
    role: "assistant",
    id: "msg_",
    sessionID: "ses_",
    parentID: "msg_",
    time: { created: 0 },
    modelID: "",
  }
  const rest = { providerID: "", mode: "", agent: "", path: { cwd: "", root: "" }, cost: 0, tokens: noTokens() }
  const { data } = Message().safeParse({ ...probe, ...rest, error: value })
  if (data?.role === "assistant" && data.error) return data.error
  const { name, data: facts } = asRecord(value) ?? {}
  return {
    name: "UnknownError",
    data: { message: asText(asRecord(facts)?.message) ?? asText(name) ?? "The answer failed." },
  }
}

export interface PartOwner {
  id: string
  sessionID: string
  messageID: string
  created: number
}

export function partOf(raw: Json | undefined, { created, ...ids }: PartOwner, tell: Tell): Part | undefined {
  const damaged = (why = ""): undefined => void tell(`The part ${ids.id} is damaged and was left out${why}.`)
  if (!raw || asText(raw.type) === undefined || isDeep(raw)) return damaged()
  const filled = { ...withDefaults(raw, created), ...ids }
  const { data, error } = Part().safeParse(filled)
  if (data) return settledPart(data, BROKEN_OFF)
  const isKnown = Part().options.some((option) => option.shape.type.value === raw.type)
  return isKnown ? damaged(`: ${reasonOf(error)}`) : (filled as unknown as Part) // of a newer version: kept as it is
}

/** What older versions and plugins did not write. */
function withDefaults(raw: Json, created: number): Json {
  const time = { start: created, end: created, ...roundedTime(raw.time) }
  if (raw.type === "reasoning") return { ...raw, time }
  if (raw.type === "text") return raw.time === undefined ? raw : { ...raw, time }
  if (raw.type === "file") return { mime: "application/octet-stream", ...raw }
  if (raw.type === "step-finish") return { reason: "unknown", cost: 0, tokens: noTokens(), ...raw }
  const state = raw.type === "tool" ? asRecord(raw.state) : undefined
  if (!state) return raw
  const moments = { start: created, end: created, ...roundedTime(state.time) }
  const input = asRecord(state.input) ?? {}
  const defaults =
    state.status === "completed"
      ? { output: "", title: "", metadata: {} }
      : state.status === "error"
        ? { error: "The call failed." }
        : { raw: "" }
  return { ...raw, state: { ...defaults, ...withoutEmpty(state), input, time: moments } }
}

/** Moments are whole milliseconds. */
const roundedTime = (time: unknown): Record<string, number> =>
  Object.fromEntries(
    Object.entries(asRecord(time) ?? {}).flatMap(([name, value]) =>
      typeof value === "number" && value >= 0 ? [[name, Math.round(value)]] : [],
    ),
  )

/** Empty columns are members that are not there. */
const withoutEmpty = (raw: Json): Json =>
  Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== null && value !== undefined))

const reasonOf = ({ issues: [issue] }: { issues: { message: string; path: PropertyKey[] }[] }): string =>
  `${issue?.message} at ${issue?.path.join(".")}`
