/**
 * Transcripts of Claude Code: `projects/<folder>/<session>.jsonl`, a line for each prompt, result, and piece of an
 * answer. Lines form a tree by `parentUuid`, because a prompt can be worded anew; the branch that was written last is the
 * conversation.
 */
import { existsSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { fault } from "../lib/fault.ts"
import { asNumber, asRecord, asText, type Json } from "../model/wire/json.ts"
import { beginOf, jsonLines, momentOf, recordsIn, stampOf, transcriptsIn } from "./json-lines.ts"
import type { Conversation, Found, Source, Tell } from "./source.ts"
import { ourCall } from "./tool-names.ts"
import { createTranscript, type Transcript } from "./transcript.ts"
import { idOf, type Draft, type Picture } from "./transcript-messages.ts"

/** @throws fault `not_found` */
export function openClaudeCode(folder: string): Source {
  const projects = join(folder, "projects")
  const files = transcriptsIn(existsSync(projects) ? projects : folder)
  if (files.length === 0) throw fault("not_found", `There are no transcripts of Claude Code in ${folder}.`, { folder })
  const found = files.map(foundIn).sort((a, b) => a.begin - b.begin)
  return { folder, sessions: found, projects: [], credentials: {}, problems: [], close: () => {} }
}

function foundIn(file: string): Found & { begin: number } {
  const begin = beginOf(file)
  const id = idOf("ses", begin, `claude-code ${basename(file)}`)
  return { id, begin, stamp: stampOf(file), read: (tell) => conversation(file, id, tell) }
}

interface Entry {
  number: number
  value: Json
}

function conversation(file: string, sessionID: string, tell: Tell): Conversation | undefined {
  const entries: Entry[] = []
  for (const { number, value } of jsonLines(file)) {
    if (value) entries.push({ number, value })
    else tell(`The line ${number} of ${file} is damaged and was left out.`)
  }
  const isSubagent = basename(file).startsWith("agent-")
  const own = entries.filter(({ value }) => isSubagent || value.isSidechain !== true)
  const said = own.filter(({ value }) => isSaid(value))
  const kept = newestBranch(said, own)
  if (kept.length < said.length)
    tell(`${said.length - kept.length} lines of ${file} were left out: they are of prompts that were worded anew.`)
  const version = asText(said[0]?.value.version)
  const transcript = createTranscript({
    sessionID,
    version: `claude-code${version ? ` ${version}` : ""}`,
    providerID: "anthropic",
  })
  for (const { value } of entries) transcript.named(titleIn(value))
  for (const { number, value } of kept) take(value, `${asText(value.uuid) ?? number}`, transcript)
  const parent = isSubagent ? parentOf(file, said) : undefined
  const read = transcript.end({ parentID: parent })
  if (!read) tell(`${file} has no conversation.`)
  return read
}

const isSaid = ({ type, message, isMeta }: Json): boolean =>
  (type === "user" || type === "assistant") && asRecord(message) !== undefined && isMeta !== true

const titleIn = ({ type, summary, customTitle, aiTitle, title }: Json): string | undefined => {
  if (type === "summary") return asText(summary)
  if (type === "custom-title" || type === "ai-title") return asText(customTitle) ?? asText(aiTitle) ?? asText(title)
  return undefined
}

/** The session that a subagent worked for is the file beside its own, or above it. */
function parentOf(file: string, [first]: Entry[]): string | undefined {
  const name = asText(first?.value.sessionId)
  if (!name) return undefined
  const above = [dirname(file), dirname(dirname(file)), dirname(dirname(dirname(file)))]
  const parent = above.map((folder) => join(folder, `${name}.jsonl`)).find((path) => existsSync(path))
  return parent && idOf("ses", beginOf(parent), `claude-code ${basename(parent)}`)
}

/**
 * The last line and all above it, with what belongs to those answers: each piece of an answer and each result of its
 * calls is a line, and only one of them is above the next.
 * @param all also those that say nothing, through which the branch may lead
 */
function newestBranch(said: Entry[], all: Entry[]): Entry[] {
  const places = new Map(all.map((entry, index) => [asText(entry.value.uuid), index]))
  const chain = new Set<Entry>()
  let next = said.at(-1)
  while (next && !chain.has(next)) {
    chain.add(next)
    const { uuid, parentUuid, logicalParentUuid } = next.value
    const above = asText(parentUuid) ?? asText(logicalParentUuid)
    // A line that is missing breaks no branch: the one before in the file stands in.
    next = above === undefined ? undefined : all[places.get(above) ?? (places.get(asText(uuid)) ?? 0) - 1]
  }
  const answers = new Set([...chain].map(({ value }) => asText(asRecord(value.message)?.id)))
  const calls = new Set<unknown>()
  return said.filter((entry) => {
    const message = asRecord(entry.value.message)
    const blocks = recordsIn(message?.content)
    const isResult = blocks.some(({ type, tool_use_id }) => type === "tool_result" && calls.has(tool_use_id))
    const messageID = asText(message?.id)
    const isKept = chain.has(entry) || isResult || (messageID !== undefined && answers.has(messageID))
    if (isKept) for (const { type, id } of blocks) if (type === "tool_use") calls.add(id)
    return isKept
  })
}

function take(value: Json, name: string, transcript: Transcript): void {
  const at = momentOf(value.timestamp) ?? 0
  const message = asRecord(value.message) ?? {}
  transcript.at(asText(value.cwd))
  if (value.type === "assistant") takeAnswer({ value, message, name, at }, transcript)
  else takePrompt({ value, message, name, at }, transcript)
}

interface Said {
  value: Json
  message: Json
  name: string
  at: number
}

/** Stands for a model where the program itself spoke. */
const NO_MODEL = "<synthetic>"

function takeAnswer({ value, message, name, at }: Said, transcript: Transcript): void {
  const model = asText(message.model)
  if (model !== NO_MODEL) transcript.uses(model)
  const place = { name: asText(message.id) ?? name, at }
  const blocks = blocksOf(message.content)
  if (value.isApiErrorMessage === true) return transcript.failed(place, textIn(blocks))
  for (const block of blocks) {
    const { type } = block
    if (type === "text" && asText(block.text)) transcript.text(place, asText(block.text) ?? "")
    if (type === "thinking" && asText(block.thinking)) transcript.reasoning(place, asText(block.thinking) ?? "")
    if (type === "tool_use") {
      const call = ourCall(asText(block.name) ?? "unknown", asRecord(block.input) ?? {})
      transcript.call(place, { callID: asText(block.id) ?? name, ...call })
    }
  }
  const { input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens } =
    asRecord(message.usage) ?? {}
  const cache = { read: asNumber(cache_read_input_tokens) ?? 0, write: asNumber(cache_creation_input_tokens) ?? 0 }
  transcript.spent({ input: asNumber(input_tokens) ?? 0, output: asNumber(output_tokens) ?? 0, reasoning: 0, cache })
}

function takePrompt({ value, message, name, at }: Said, transcript: Transcript): void {
  const blocks = blocksOf(message.content)
  if (value.isCompactSummary === true) return transcript.compacted({ name, at }, textIn(blocks))
  for (const block of blocks.filter(({ type }) => type === "tool_result")) {
    const content = blocksOf(block.content)
    transcript.result(asText(block.tool_use_id) ?? "", {
      output: textIn(content),
      isError: block.is_error === true,
      pictures: content.flatMap((one) => pictureOf(one) ?? []),
      at,
    })
  }
  const drafts = blocks.flatMap((block): Draft[] => {
    if (block.type === "text" && asText(block.text)) return [{ type: "text", text: asText(block.text) ?? "" }]
    const picture = pictureOf(block)
    return picture ? [picture] : []
  })
  if (drafts.length > 0) transcript.user({ name, at }, drafts)
  else transcript.ends()
}

const blocksOf = (content: unknown): Json[] =>
  typeof content === "string" ? [{ type: "text", text: content }] : recordsIn(content)

const textIn = (blocks: Json[]): string =>
  blocks.flatMap(({ type, text }) => (type === "text" ? [asText(text) ?? ""] : [])).join("\n")

function pictureOf({ type, source }: Json): Picture | undefined {
  const { media_type: mime, data } = asRecord(source) ?? {}
  if ((type !== "image" && type !== "document") || !asText(mime) || !asText(data)) return undefined
  return { type: "file", mime: asText(mime) ?? "", url: `data:${asText(mime)};base64,${asText(data)}` }
}
