/** The JSON files of OpenCode before 1.2: one for each project, session, message and part. */
import { readdirSync, readFileSync, statSync } from "node:fs"
import { basename, join } from "node:path"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import { Todo } from "@opencode/protocol/todo.ts"
import { asList, asNumber, asRecord, asText, parseJson, type Json } from "../model/wire/json.ts"
import { messageOf, partOf, sessionOf } from "./opencode-rows.ts"
import { projectOf, spent, type StoredSessions } from "./opencode-stored.ts"
import type { Conversation, Found, Tell } from "./source.ts"

/** A part holds what a tool printed, at most, or a picture; whatever is larger is no part. */
const MAX_FILE_BYTES = 64 * 1024 * 1024

/** @param except sessions that the database has: their files are what the upgrade left behind */
export function readFiles(storage: string, except: ReadonlySet<string>): StoredSessions {
  const sessions = foldersIn(join(storage, "session"))
    .flatMap((project) => filesIn(join(storage, "session", project)).map((name) => join(project, name)))
    .filter((file) => !except.has(idIn(file)))
  const found = sessions.map((file) => foundIn(storage, file))
  return {
    projects: filesIn(join(storage, "project")).flatMap((name) => {
      const raw = readJson(join(storage, "project", name))
      return (raw && projectOf(raw)) ?? []
    }),
    problems: [],
    sessions: found.sort((a, b) => a.created - b.created),
  }
}

function foundIn(storage: string, file: string): Found & { created: number } {
  const id = idIn(file)
  const raw = readJson(join(storage, "session", file))
  const { created, updated } = asRecord(raw?.time) ?? {}
  return {
    id,
    created: asNumber(created) ?? 0,
    stamp: `${asNumber(updated)} ${filesIn(join(storage, "message", id)).length}`,
    read: (tell) => conversation(storage, id, raw, tell),
  }
}

function conversation(storage: string, id: string, raw: Json | undefined, tell: Tell): Conversation | undefined {
  const info = raw ? sessionOf({ ...raw, id }, tell) : void tell("It is damaged.")
  if (!info) return undefined
  const messages = messagesOf(storage, id)
  const byID = new Map(messages.map((message) => [message.id, message]))
  const answer = messages.find((message) => asText(message.raw?.modelID))?.raw
  const model = { providerID: asText(answer?.providerID) ?? "unknown", modelID: asText(answer?.modelID) ?? "unknown" }
  let prompt: string | undefined

  function message(messageID: string): MessageWithParts | undefined {
    const stored = byID.get(messageID)
    const created = stored?.created ?? info?.time.created ?? 0
    const owner = { sessionID: id, created, directory: info?.directory ?? "/", parentID: prompt, model }
    const read = messageOf(stored?.raw, messageID, owner, tell)
    if (!read) return undefined
    if (read.role === "user") prompt = messageID
    const folder = join(storage, "part", messageID)
    const parts = filesIn(folder).flatMap((name) => {
      const part = { id: idIn(name), sessionID: id, messageID, created }
      return partOf(readJson(join(folder, name)), part, tell) ?? []
    })
    return { info: read, parts }
  }

  const answers = messages.map((one) => one.raw).filter((one) => one?.role === "assistant")
  return {
    info: { ...spent(answers), ...info },
    messageIDs: messages.map((one) => one.id),
    message,
    todos: todosOf(join(storage, "todo", `${id}.json`)),
  }
}

/** In the order of their making; one that cannot be read has its place by its name. */
function messagesOf(storage: string, sessionID: string) {
  const folder = join(storage, "message", sessionID)
  return filesIn(folder)
    .map((name) => {
      const raw = readJson(join(folder, name))
      return { id: idIn(name), raw, created: asNumber(asRecord(raw?.time)?.created) }
    })
    .sort((a, b) => (a.created ?? 0) - (b.created ?? 0) || (a.id < b.id ? -1 : 1))
}

const todosOf = (file: string): Todo[] =>
  asList(parsedFile(file)).flatMap((one) => {
    const { data } = Todo().safeParse(one)
    return data ?? []
  })

const idIn = (file: string): string => basename(file, ".json")
const readJson = (file: string): Json | undefined => asRecord(parsedFile(file))

/** Undefined for what is missing, damaged, or no plain file: reading a pipe would wait for ever. */
function parsedFile(file: string): unknown {
  try {
    const found = statSync(file)
    return found.isFile() && found.size <= MAX_FILE_BYTES ? parseJson(readFileSync(file, "utf8")) : undefined
  } catch {
    return undefined
  }
}

const filesIn = (folder: string): string[] => namesIn(folder).filter((name) => name.endsWith(".json"))
const foldersIn = (folder: string): string[] => namesIn(folder).filter((name) => !name.endsWith(".json"))

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return [] // it was never made, or cannot be read
  }
}
