import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Part, ToolPart } from "@opencode/protocol/part.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { allTokens } from "@opencode/protocol/tokens.ts"
import { clip } from "@opencode/core/lib/text.ts"
import { aboutCall } from "../display.ts"
import { dataOf, openDoor, type Door } from "../door.ts"
import { requireSessionID } from "../fail.ts"
import { moment } from "../moment.ts"
import { newestSession } from "../newest-session.ts"
import { money, shortNumber } from "../numbers.ts"
import { out } from "../out.ts"
import { workingFolder } from "../workplace.ts"
import { messageOf } from "./run-outcome.ts"

/** A long session is read in pieces: the whole of one may be larger than what fits into memory. */
const PAGE = 50
/** What a call was about fits into a line. */
const CALL_CHARACTERS = 100

export async function showSession(named: string | undefined, { maxCount }: { maxCount?: number }): Promise<void> {
  if (named !== undefined) requireSessionID(named)
  const door = await openDoor(workingFolder(undefined))
  try {
    const sessionID = named ?? (await newestSession(door, "show")).id
    out.line(heading(dataOf(await door.client.session.get({ sessionID })) as Session))
    const ids = await messageIDs(sessionID, maxCount, door)
    for (const messageID of ids) {
      const text = entry(dataOf(await door.client.session.message({ sessionID, messageID })) as MessageWithParts)
      if (text) out.line(`\n${text}`)
    }
  } finally {
    await door.close()
  }
}

/** The newest so many, oldest first. */
async function messageIDs(sessionID: string, most: number | undefined, { client }: Door): Promise<string[]> {
  const ids: string[] = []
  while (most === undefined || ids.length < most) {
    const limit = Math.min(PAGE, (most ?? Infinity) - ids.length)
    const before = ids[0] === undefined ? {} : { before: ids[0] }
    const page = dataOf(await client.session.messages({ sessionID, limit, ...before })) as MessageWithParts[]
    ids.unshift(...page.map(({ info }) => info.id))
    if (page.length < limit) break
  }
  return ids
}

function heading({ id, title, directory, model, time, cost, tokens }: Session): string {
  const all = tokens && allTokens(tokens)
  return [
    title,
    `${id} in ${directory}`,
    [
      moment(time.updated),
      ...(model ? [`${model.providerID}/${model.id}`] : []),
      ...(all ? [`${shortNumber(all)} tokens`] : []),
      ...(cost ? [money(cost)] : []),
    ].join(" · "),
  ].join("\n")
}

function entry({ info, parts }: MessageWithParts): string {
  const said = parts.flatMap((part) => lines(part))
  const error = info.role === "assistant" && info.error ? [`! ${messageOf(info.error)}`] : []
  if (info.role === "assistant") return [...said, ...error].join("\n")
  return [`> ${moment(info.time.created)} · ${info.agent}`, ...said].join("\n")
}

function lines(part: Part): string[] {
  if (part.type === "text" && !part.synthetic && part.text.trim()) return [part.text.trim()]
  if (part.type === "file") return [`[file ${part.filename ?? part.mime}]`]
  if (part.type === "subtask") return [`[task for ${part.agent}: ${part.description}]`]
  if (part.type === "compaction") return ["[the conversation was summed up here]"]
  return part.type === "tool" ? [call(part)] : []
}

const MARKS = { completed: "✓", error: "✗", running: "…", pending: "…" } as const

function call({ tool, state }: ToolPart): string {
  const title = aboutCall({ state })
  const about = title ? ` ${clip(title.replaceAll(/\s+/g, " "), CALL_CHARACTERS)}` : ""
  const problem = state.status === "error" ? `: ${clip(state.error.replaceAll(/\s+/g, " "), CALL_CHARACTERS)}` : ""
  return `${MARKS[state.status]} ${tool}${about}${problem}`
}
