import { scopeOf } from "./scope.ts"
import { PIECE } from "./sentence.ts"

const VERB =
  "list|show|find|search|grep|look|read|open|replace|rename|change|create|make|add|append|write|put|delete|remove|move|copy|count|outline|run|compare|where|how|what|which"
const LEADING = new RegExp(`^(?:in|inside|within|under|across|throughout|from)\\s+(.+?),?\\s+((?:${VERB})\\b.+)$`, "is")

const DONE: Record<string, string> = {
  replaced: "replace",
  renamed: "rename",
  deleted: "delete",
  removed: "delete",
  moved: "move",
  copied: "copy",
  created: "create",
  changed: "change",
  listed: "list",
  shown: "show",
  outlined: "outline",
  counted: "count",
}
const PASSIVE = new RegExp(
  `^(?:i\\s+(?:want|need|would\\s+like)\\s+|have\\s+)?(.+?)\\s+(?:(?:should|must|has\\s+to|have\\s+to|needs?\\s+to|ought\\s+to|is\\s+to|can|could|to)\\s+be\\s+)?(${Object.keys(DONE).join("|")})(?:\\s+(.+))?$`,
  "is",
)
const TURNED = /^(?:with|by)\s+(\S+)\s+(replace)\s+(\S+)(.*)$/is
const TURNED_TO = /^to\s+(\S+)\s+(rename|move|copy|change)\s+(\S+)(.*)$/is
const GERUNDS: Record<string, string> = {
  listing: "list",
  showing: "show",
  reading: "read",
  opening: "open",
  finding: "find",
  searching: "search",
  counting: "count",
  comparing: "compare",
  outlining: "outline",
  creating: "create",
  making: "make",
  writing: "write",
  adding: "add",
  replacing: "replace",
  renaming: "rename",
  moving: "move",
  copying: "copy",
  deleting: "delete",
  removing: "remove",
  running: "run",
}
const GERUND = new RegExp(
  `^(?:mind|try|how\\s+about|what\\s+about|start\\s+by|continue\\s+by|go\\s+on\\s+with)\\s+(${Object.keys(GERUNDS).join("|")})\\s+(.+)$`,
  "is",
)
const FILLERS =
  /\s*(?<![-\w.])(?:please|pls|kindly|just|maybe|perhaps|simply|quickly|actually|really|also|as well|too|for me|if you can|if possible|thank you|thanks)(?![-\w.])[,]?/gi
const SPACED = /\b(file|folder)\s+(?:(?:called|named)\s+)?((?:[\w-]+\s+){1,4}[\w-]+\.[A-Za-z]\w{0,4})(?=$|[\s,.?!])/i
const NO_NAME = /\b(?:and|then|with|in|to|from|by|of|called|named|that|which|is|for|or|as|at|into|on)\b/i

/** The same request in other words and orders, for rules that know one order. The first is the request as it is. */
export function* orders(text: string, pieces: string[]): Generator<string> {
  yield text
  const spaced = SPACED.exec(text)
  if (spaced?.[2] && !NO_NAME.test(spaced[2])) {
    // "the file my notes.txt": as if it had been in quotes.
    const mark = `\uE000${pieces.push(spaced[2]) - 1}\uE001`
    yield text.slice(0, spaced.index) + spaced[0].replace(spaced[2], mark) + text.slice(spaced.index + spaced[0].length)
  }
  const plain = text.replaceAll(FILLERS, "").trim()
  if (plain && plain !== text) yield plain
  const asked = plain
    .replace(
      /^(?:(?:show|tell)\s+me|(?:i\s+want\s+to\s+)?know|do\s+you\s+know|find\s+out)\s+(?=(?:what|which|where|how|who|if|whether)\b)/i,
      "",
    )
    .replace(/^in\s+which\s+files?\b/i, "where")
  if (asked !== plain) yield asked
  const gerund = GERUND.exec(plain)
  if (gerund) yield `${GERUNDS[gerund[1]?.toLowerCase() ?? ""]} ${gerund[2]}`
  const leading = LEADING.exec(plain)
  if (leading?.[1] && scopeOf(leading[1], pieces)) yield `${leading[2]} in ${leading[1]}`
  const turned = TURNED.exec(plain)
  if (turned) yield `${turned[2]} ${turned[3]} with ${turned[1]}${turned[4]}`
  const turnedTo = TURNED_TO.exec(plain)
  if (turnedTo) yield `${turnedTo[2]} ${turnedTo[3]} to ${turnedTo[1]}${turnedTo[4]}`
  const passive = PASSIVE.exec(plain)
  const verb = DONE[passive?.[2]?.toLowerCase() ?? ""]
  if (passive && verb) yield `${verb} ${passive[1]}${passive[3] ? ` ${passive[3]}` : ""}`
  const arrow = new RegExp(`^(${PIECE}|\\S+)\\s*(?:->|=>|→)\\s*(${PIECE}|\\S+)(.*)$`, "s").exec(plain)
  if (arrow) yield `replace ${arrow[1]} with ${arrow[2]}${arrow[3]}`
}
