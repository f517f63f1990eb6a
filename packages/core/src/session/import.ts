import { relative } from "node:path"
import type { Message, MessageWithParts } from "@opencode/protocol/message.ts"
import { Part } from "@opencode/protocol/part.ts"
import type { Session } from "@opencode/protocol/session.ts"
import type { SessionExport, SessionImport } from "@opencode/protocol/transfer.ts"
import { fault, isFault } from "../lib/fault.ts"
import type { Host } from "../lib/host.ts"
import { ownedBy } from "../store/part-store.ts"
import type { Store } from "../store/store.ts"
import type { Workspace } from "../workspace/workspace.ts"
import type { AdmitDeps } from "./admit.ts"
import type { Publish } from "./record.ts"
import { settledMessage, settledPart } from "./settled.ts"
import { tellConversation } from "./tell-conversation.ts"

/**
 * A conversation from elsewhere becomes one of this folder. The file is a stranger's: it is stored as a whole or not at
 * all, grants nothing, runs nothing, names no session that is here, and nothing in it stays open.
 */
export interface ImportDeps extends Pick<AdmitDeps, "agents" | "models"> {
  store: Store
  host: Host
  workspace: Pick<Workspace, "directory" | "worktree" | "projectID">
  publish: Publish
}

/** @throws fault `bad_request` */
export type ImportSession = (given: SessionImport) => Promise<Session>

export function createImport(deps: ImportDeps): ImportSession {
  const { store, host, publish } = deps

  const isTaken = ({ info, messages }: SessionExport): boolean =>
    store.sessions.get(info.id) !== undefined ||
    messages.some(
      (message) =>
        store.messages.get(message.info.id) !== undefined ||
        message.parts.some(({ id }) => store.parts.get(id) !== undefined),
    )

  return async (given) => {
    const checked = settled(checkedExport(given))
    const imported = { info: adopted(checked, deps), messages: checked.messages }
    const session = await store.write((tx) => {
      const { info, messages } = isTaken(imported) ? renamed(imported, host.id) : imported
      store.sessions.insert(tx, info)
      for (const message of messages) {
        store.messages.put(tx, message.info)
        for (const [index, part] of message.parts.entries()) store.parts.put(tx, part, index)
      }
      return info
    })
    publish("session.created", { sessionID: session.id, info: session })
    await tellConversation(session.id, deps)
    return session
  }
}

/** Of a `Date`, in milliseconds since the epoch. Prompts and pages say the day. */
export const LAST_MOMENT = 8.64e15
/** What is deeper is no conversation, and would exhaust the stack of whoever writes it out again. */
const MAX_DEPTH = 100

/** The file as far as its schema could not say: known parts are whole, ids are there once, everything has its owner. */
function checkedExport({ info, messages }: SessionImport): SessionExport {
  assertShallow({ info, messages })
  for (const time of [info.time.created, info.time.updated]) {
    if (time > LAST_MOMENT) throw invalid(`${time} is no moment`)
  }
  const seen = new Set<string>()
  const once = (id: string): void => {
    if (seen.has(id)) throw invalid(`The id ${id} is there twice`)
    seen.add(id)
  }
  return {
    info,
    messages: messages.map((message) => {
      once(message.info.id)
      if (message.info.sessionID !== info.id) throw invalid(`The message ${message.info.id} is of another session`)
      for (const { id } of message.parts) once(id)
      return { info: message.info, parts: message.parts.map((part) => checkedPart(part, message.info)) }
    }),
  }
}

function checkedPart(part: SessionImport["messages"][number]["parts"][number], { id, sessionID }: Message): Part {
  if (part.messageID !== id || part.sessionID !== sessionID) throw invalid(`The part ${part.id} is of another message`)
  const { success, data, error } = Part().safeParse(part)
  if (success) return data
  const isKnown = Part().options.some((option) => option.shape.type.value === part.type)
  const [issue] = error.issues
  if (isKnown) throw invalid(`The part ${part.id} is not valid: ${issue?.message} at ${issue?.path.join(".")}`)
  return part as unknown as Part // of a newer version: kept as it is
}

function assertShallow(value: unknown): void {
  if (isDeep(value)) throw invalid(`It is nested more than ${MAX_DEPTH} levels deep`)
}

export function isDeep(value: unknown): boolean {
  let level = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return true
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []))
  }
  return false
}

const invalid = (why: string) =>
  fault("bad_request", `This is no session that can be imported. ${why}.`, { kind: "Payload" })

/** As answers that were broken off: nothing of an imported session runs, so nothing would ever end them. */
const settled = ({ info, messages }: SessionExport): SessionExport => ({
  info,
  messages: messages.map((message) => ({
    info: settledMessage(message.info, BROKEN_OFF),
    parts: message.parts.map((part) => settledPart(part, BROKEN_OFF)),
  })),
})

const BROKEN_OFF = "Interrupted: the session was exported during this answer."

/**
 * The session as one of this folder. Of what it brings, nothing counts that would allow something here or points at what
 * is not: rules that do not deny, parents, shares, a return to a message that is missing, agents and models.
 */
function adopted({ info, messages }: SessionExport, { workspace, agents, models }: ImportDeps): Session {
  const { id, slug, title, version, summary, cost, tokens, metadata, permission, revert, time } = info
  const denied = permission?.filter(({ action }) => action === "deny") ?? []
  const target = messages.find((message) => message.info.id === revert?.messageID)
  const isThere = target && (revert?.partID === undefined || target.parts.some((part) => part.id === revert.partID))
  return {
    id,
    slug,
    projectID: workspace.projectID,
    directory: workspace.directory,
    path: relative(workspace.worktree, workspace.directory),
    title,
    version,
    time: {
      created: time.created,
      updated: time.updated,
      ...(time.archived === undefined ? {} : { archived: time.archived }),
    },
    ...(summary ? { summary } : {}),
    ...(cost === undefined ? {} : { cost }),
    ...(tokens ? { tokens } : {}),
    ...(metadata ? { metadata } : {}),
    ...(denied.length > 0 ? { permission: denied } : {}),
    ...(info.agent !== undefined && agents.get(info.agent) ? { agent: info.agent } : {}),
    ...(info.model && isKnown(info.model, models) ? { model: info.model } : {}),
    ...(revert && isThere ? { revert: { messageID: revert.messageID, ...partOf(revert) } } : {}),
  }
}

const partOf = ({ partID }: NonNullable<Session["revert"]>) => (partID === undefined ? {} : { partID })

function isKnown({ providerID, id }: NonNullable<Session["model"]>, models: ImportDeps["models"]): boolean {
  try {
    models.settle({ providerID, modelID: id })
    return true
  } catch (error) {
    if (isFault(error)) return false
    throw error
  }
}

/** The same conversation under ids of its own. */
function renamed({ info, messages }: SessionExport, newID: Host["id"]): SessionExport {
  const sessionID = newID("ses")
  const messageIDs = new Map(messages.map((message) => [message.info.id, newID("msg")]))
  const partIDs = new Map(messages.flatMap(({ parts }) => parts.map((part) => [part.id, newID("prt")])))
  const messageOf = (id: string): string => messageIDs.get(id) ?? id
  const { revert, ...rest } = info
  return {
    info: {
      ...rest,
      id: sessionID,
      ...(revert
        ? {
            revert: {
              messageID: messageOf(revert.messageID),
              ...(revert.partID === undefined ? {} : { partID: partIDs.get(revert.partID) }),
            },
          }
        : {}),
    },
    messages: messages.map(({ info: message, parts }): MessageWithParts => {
      const messageID = messageOf(message.id)
      const owner = { sessionID, messageID }
      return {
        info: {
          ...message,
          id: messageID,
          sessionID,
          ...(message.role === "assistant" ? { parentID: messageOf(message.parentID) } : {}),
        },
        parts: parts.map((part) => renamedPart(part, { ...owner, id: partIDs.get(part.id) ?? part.id }, messageOf)),
      }
    }),
  }
}

function renamedPart(
  part: Part,
  ids: Pick<Part, "id" | "sessionID" | "messageID">,
  messageOf: (id: string) => string,
): Part {
  const own = ownedBy(part, ids)
  if (own.type !== "compaction" || own.tail_start_id === undefined) return own
  return { ...own, tail_start_id: messageOf(own.tail_start_id) }
}
