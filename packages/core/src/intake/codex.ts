/**
 * Transcripts of Codex: `sessions/<year>/<month>/<day>/rollout-*.jsonl`. A line is `{timestamp, type, payload}`; in files
 * of before the middle of 2025 it is the payload itself.
 */
import { existsSync } from "node:fs"
import { basename, join } from "node:path"
import { fault } from "../lib/fault.ts"
import { asNumber, asRecord, asText, parseRecord, type Json } from "../model/wire/json.ts"
import { beginOf, jsonLines, momentOf, recordsIn, stampOf, transcriptsIn } from "./json-lines.ts"
import type { Conversation, Found, Source, Tell } from "./source.ts"
import { ourCall } from "./tool-names.ts"
import { createTranscript, type Transcript } from "./transcript.ts"
import { idOf, type Draft } from "./transcript-messages.ts"

const FOLDERS = ["sessions", "archived_sessions"]
/** The name ends in the id of the session, under which others speak of it. */
const NAME = /^rollout-.*?([0-9a-f]{8}-[0-9a-f-]{27})\.jsonl$/

/** @throws fault `not_found` */
export function openCodex(folder: string): Source {
  const below = FOLDERS.map((name) => join(folder, name)).filter((place) => existsSync(place))
  const files = (below.length > 0 ? below : [folder])
    .flatMap((place) => transcriptsIn(place))
    .filter((file) => basename(file).startsWith("rollout-"))
  if (files.length === 0) throw fault("not_found", `There are no transcripts of Codex in ${folder}.`, { folder })
  const found = files.map(foundIn)
  const begins = new Map(files.map((file, index) => [NAME.exec(basename(file))?.[1] ?? "", found[index]?.id]))
  const sessions = found
    .map(({ file, ...one }): Found & { begin: number } => ({
      ...one,
      read: (tell) => conversation(file, { sessionID: one.id, byName: (name) => begins.get(name) }, tell),
    }))
    .sort((a, b) => a.begin - b.begin)
  return { folder, sessions, projects: [], credentials: {}, problems: [], close: () => {} }
}

function foundIn(file: string) {
  const begin = beginOf(file)
  return { file, begin, id: idOf("ses", begin, `codex ${basename(file)}`), stamp: stampOf(file) }
}

interface Reading {
  sessionID: string
  byName(name: string): string | undefined
}

function conversation(file: string, { sessionID, byName }: Reading, tell: Tell): Conversation | undefined {
  const entries: Entry[] = []
  let before = 0
  for (const { number, value } of jsonLines(file)) {
    if (!value) tell(`The line ${number} of ${file} is damaged and was left out.`)
    const entry = value && entryOf(value, { name: String(number), at: before })
    if (entry) before = entry.at
    if (entry) entries.push(entry)
  }
  const meta = entries.find(({ type }) => type === "session_meta")?.payload ?? {}
  const version = asText(meta.cli_version)
  const transcript = createTranscript({
    sessionID,
    version: `codex${version ? ` ${version}` : ""}`,
    providerID: asText(meta.model_provider) ?? "openai",
  })
  transcript.at(asText(meta.cwd))
  for (const entry of entries) take(entry, transcript)
  const read = transcript.end({ parentID: parentOf(meta, byName) })
  if (!read) tell(`${file} has no conversation.`)
  return read
}

interface Entry {
  type: string
  payload: Json
  name: string
  at: number
}

function entryOf(value: Json, { name, at }: { name: string; at: number }): Entry | undefined {
  const type = asText(value.type)
  const payload = asRecord(value.payload)
  const moment = momentOf(value.timestamp) ?? at
  if (type !== undefined && payload) return { type, payload, name, at: moment }
  if (type !== undefined) return { type: "response_item", payload: value, name, at: moment }
  return asText(value.id) ? { type: "session_meta", payload: value, name, at: moment } : undefined
}

function parentOf({ source }: Json, byName: Reading["byName"]): string | undefined {
  const spawned = asRecord(asRecord(asRecord(source)?.subagent)?.thread_spawn)
  const name = asText(spawned?.parent_thread_id)
  return name === undefined ? undefined : byName(name)
}

function take({ type, payload, name, at }: Entry, transcript: Transcript): void {
  if (type === "turn_context") {
    transcript.at(asText(payload.cwd))
    transcript.uses(asText(payload.model))
  }
  if (type === "compacted" && asText(payload.message)) transcript.compacted({ name, at }, asText(payload.message) ?? "")
  if (type === "event_msg") takeEvent(payload, transcript)
  if (type === "response_item") takeItem(payload, { name, at }, transcript)
}

function takeEvent({ type, info, num_turns }: Json, transcript: Transcript): void {
  if (type === "turn_aborted") transcript.aborted()
  if (type === "thread_rolled_back") transcript.takeBack(asNumber(num_turns) ?? 0)
  const used = type === "token_count" ? asRecord(asRecord(info)?.last_token_usage) : undefined
  if (!used) return
  const number = (name: string): number => asNumber(used[name]) ?? 0
  const cached = number("cached_input_tokens")
  const reasoning = number("reasoning_output_tokens")
  transcript.spent({
    input: Math.max(0, number("input_tokens") - cached),
    output: Math.max(0, number("output_tokens") - reasoning),
    reasoning,
    cache: { read: cached, write: 0 },
  })
}

/** What the program put into the mouth of the user, by how it begins. */
const INJECTED =
  /^\s*(?:<(?:environment_context|user_instructions|INSTRUCTIONS|turn_aborted|permissions instructions|skills_instructions|subagent_notification)\b|# AGENTS\.md instructions)/

/** In what it told the model of its surroundings: the first versions noted the folder nowhere else. */
const FOLDER = /^\s*<environment_context>[^]{0,200}(?:<cwd>(\/[^<]+)<\/cwd>|working directory: (\/\S+))/

function takeItem(item: Json, { name, at }: { name: string; at: number }, transcript: Transcript): void {
  // The pieces of an answer come one after the other; only a prompt and a result stand between two answers.
  const place = { name: "", at }
  const begin = (): typeof place => (transcript.isAnswering() ? place : { name, at })
  const callID = asText(item.call_id) ?? asText(item.id) ?? name
  switch (item.type) {
    case "message": {
      if (item.role === "assistant") {
        const text = textIn(item.content)
        if (text) transcript.text(begin(), text)
      } else if (item.role === "user") {
        transcript.at(FOLDER.exec(textIn(item.content))?.slice(1).find(Boolean))
        const drafts = draftsIn(item.content)
        if (drafts.length > 0) transcript.user({ name, at }, drafts)
      }
      return
    }
    case "reasoning": {
      const text = [textIn(item.summary), textIn(item.content)].filter(Boolean).join("\n\n")
      if (text) transcript.reasoning(begin(), text)
      return
    }
    case "function_call": {
      const input = parseRecord(asText(item.arguments)) ?? {}
      return transcript.call(begin(), { callID, ...ourCall(asText(item.name) ?? "unknown", input) })
    }
    case "custom_tool_call": {
      const input = { input: asText(item.input) ?? "" }
      return transcript.call(begin(), { callID, ...ourCall(asText(item.name) ?? "unknown", input) })
    }
    case "local_shell_call": {
      const { command } = asRecord(item.action) ?? {}
      return transcript.call(begin(), { callID, ...ourCall("local_shell", { command }) })
    }
    case "function_call_output":
    case "custom_tool_call_output": {
      transcript.result(callID, { ...outputOf(item.output), at })
      return transcript.ends()
    }
    default: // searches, plans of the provider, and whatever is new: nothing that was said
  }
}

/** A text, a list of pieces, or JSON that has the text and how the command ended. */
function outputOf(value: unknown): { output: string; isError: boolean } {
  const given = asRecord(value) ?? parseRecord(asText(value))
  const output = asText(given?.output) ?? asText(given?.content)
  const code = asNumber(asRecord(given?.metadata)?.exit_code)
  if (given && output !== undefined)
    return { output, isError: given.success === false || (code !== undefined && code !== 0) }
  return { output: asText(value) ?? textIn(value), isError: false }
}

const TEXTS = new Set(["input_text", "output_text", "text", "summary_text", "reasoning_text"])

const textIn = (content: unknown): string =>
  recordsIn(content)
    .flatMap(({ type, text }) => (TEXTS.has(String(type)) ? [asText(text) ?? ""] : []))
    .join("\n")

function draftsIn(content: unknown): Draft[] {
  return recordsIn(content).flatMap(({ type, text, image_url }): Draft[] => {
    const said = TEXTS.has(String(type)) ? asText(text) : undefined
    if (said && !INJECTED.test(said)) return [{ type: "text", text: said }]
    const url = type === "input_image" ? asText(image_url) : undefined
    const mime = /^data:([\w/+.-]+);base64,/.exec(url ?? "")?.[1]
    return url && mime ? [{ type: "file", mime, url }] : []
  })
}
