import { takeAvoided } from "./avoid.ts"
import { changes, create, replace, run, takesTheRest } from "./change.ts"
import { compare, countLines, outline, tree } from "./examine.ts"
import type { Intent, Recogniser } from "./intent.ts"
import { define, find, findText, list, read, search } from "./look.ts"
import { explained, planned, undo } from "./meta.ts"
import { makeFolder, move, remove } from "./move.ts"
import { orders } from "./order.ts"
import { phrases } from "./phrase.ts"
import { resolveAll } from "./pronoun.ts"
import { rename } from "./rename-words.ts"
import { isQuoted, mask, splitRequests, tidy, unmask } from "./sentence.ts"

/** Characters that are looked at, so that no prompt is slow: what is pasted into quotes may be long, requests are not. */
const MAX_PROMPT = 20_000
const MAX_WORDS = 1_500
/** Characters of one request for which other orders of its words are tried. */
const MAX_REORDERED = 300

/** A request as it was said, and what it means. */
interface Found {
  intent: Intent
  text: string
}

/** A prompt as the requests in it, in order. Never empty. Pure. */
export function understand(prompt: string): Intent[] {
  const { text, pieces } = mask(prompt.slice(0, MAX_PROMPT))
  if (text.length > MAX_WORDS) return [{ type: "unknown", text: prompt.trim() }]
  const list = planned(text)
  if (list !== undefined) return [{ type: "todo", items: itemsOf(list, pieces) }]
  const hypothetical = explained(text)
  const intents = understandAll(hypothetical ?? text, pieces).map(({ intent }) => intent)
  // Part of what was said limits the rest in a way that is not understood: to do the rest would be to ignore it.
  const limit = intents.find((intent) => intent.type === "unknown" && LIMITS.test(intent.text))
  const meant = limit ? [limit] : intents
  if (hypothetical === undefined || meant.every(({ type }) => type === "unknown")) return resolveAll(meant)
  return resolveAll([{ type: "explain", intents: resolveAll(meant) }])
}

const LIMITS =
  /\b(?:do\s+not|don't|dont|never|not|without|except|unless|only|if|but|avoid|ignor(?:e|ing)|exclud(?:e|ing)|skip|before|until)\b/i

function understandAll(text: string, pieces: string[]): Found[] {
  const known = new Map<string, Found[]>()
  const found = splitRequests(text).flatMap((request) => understandClause(request, pieces, known))
  const meant = found.length > 1 ? found.filter(({ intent }) => intent.type !== "thanks") : found
  return meant.length ? meant : [{ intent: { type: "help", reason: "greeting" }, text }]
}

/** What is asked for, without what it says must be left alone. */
function understandClause(request: string, pieces: string[], known: Map<string, Found[]>): Found[] {
  const avoided = takeAvoided(request, pieces)
  if (!avoided) return understandRequest(request, pieces, known)
  const whole = understandOne(request, pieces)
  // The words belong to what is to be written, run or looked for.
  if (["create", "append"].includes(whole.type) || (whole.type === "run" && SAYS.test(whole.command)))
    return [{ intent: whole, text: request }]
  const unclear: Found[] = [{ intent: { type: "unknown", text: unmask(request, pieces) }, text: request }]
  if (avoided.names === undefined) return whole.type === "refrain" ? [{ intent: whole, text: request }] : unclear
  const avoid: Found = { intent: { type: "avoid", names: avoided.names }, text: request }
  const rest = tidy(avoided.rest)
  if (!rest) return [avoid]
  const others = understandClause(rest, pieces, known)
  return others.every(({ intent }) => isClear(intent)) ? [avoid, ...others] : unclear
}

/** Commands whose words are text. */
const SAYS = /^(?:echo|printf|git|grep|rg|sed|awk|node|python3?)\b/

const JOINTS =
  /[.!?]\s+(?=\S)|,?\s+and\s+(?:also\s+)?|,?\s+(?:as\s+well\s+as|plus|but\s+also|but(?=\s+(?:do\s+not|don't|never)\s)|&)\s+|,\s+/gi
/** A name behind "and" belongs to all of these: `delete a.ts and b.ts`. */
const TAKE_NAMES = new Set(["delete", "move", "mkdir", "outline", "lines", "compare"])
/** What goes on with other words of the same kind: `replace a with b and c with d`. */
const CARRY = new Set(["replace", "rename", "move", "create", "outline", "lines", "delete", "mkdir"])

/** One request may still be two, joined by "and" or a full stop: it is when both halves make sense. */
function understandRequest(request: string, pieces: string[], known: Map<string, Found[]>): Found[] {
  const before = known.get(request)
  if (before) return before
  const found = readRequest(request, pieces, known)
  known.set(request, found)
  return found
}

function readRequest(request: string, pieces: string[], known: Map<string, Found[]>): Found[] {
  const whole = understandOne(request, pieces)
  const one: Found[] = [{ intent: whole, text: request }]
  // "find a and replace it with b"
  if (whole.type === "replace" && /^(?:find|search)\b/i.test(request)) return one
  if (TAKE_NAMES.has(whole.type)) return one
  for (const joint of request.matchAll(JOINTS)) {
    const first = request.slice(0, joint.index)
    const left = understandOne(tidy(first), pieces)
    const isOpen = takesTheRest(left.type, first) && !(left.type === "create" && left.content === "")
    if (!isClear(left) || isOpen) continue
    const rest = tidy(request.slice(joint.index + joint[0].length))
    const right = carried(left, first, rest, pieces, known) ?? understandRequest(rest, pieces, known)
    if (right.every(({ intent }) => isClear(intent) || intent.type === "thanks"))
      return [{ intent: sharing(left, right), text: first }, ...right]
  }
  return one
}

/** The second half with the verb of the first, when it has none of its own. */
function carried(
  left: Intent,
  first: string,
  rest: string,
  pieces: string[],
  known: Map<string, Found[]>,
): Found[] | undefined {
  if (!CARRY.has(left.type) || (left.type === "create" && left.content)) return undefined
  const isBare = isQuoted(rest) || !/\s/.test(rest)
  if (!isBare && understandRequest(rest, pieces, known).every(({ intent }) => isClear(intent))) return undefined
  const verb = /^\S+/.exec(tidy(first))?.[0] ?? ""
  const found = understandRequest(`${verb} ${rest}`, pieces, known)
  return found.every(({ intent }) => isClear(intent) && CARRY.has(intent.type)) ? found : undefined
}

/** "replace a with b and c with d in x.ts": the place at the end is that of both. */
function sharing(left: Intent, right: Found[]): Intent {
  const last = right.at(-1)?.intent
  if (!last || !("scope" in left) || !("scope" in last) || left.type !== last.type) return left
  return Object.keys(left.scope).length === 0 ? { ...left, scope: last.scope } : left
}

const isClear = ({ type }: Intent) => type !== "unknown" && type !== "help" && type !== "thanks"

function understandOne(text: string, pieces: string[]): Intent {
  const tried = text.length > MAX_REORDERED ? [text] : orders(text, pieces)
  for (const said of tried) {
    for (const [recognise, needed] of RECOGNISERS) {
      const intent = needed.test(said) ? recognise(said, pieces) : undefined
      if (intent) return intent
    }
  }
  return { type: "unknown", text: unmask(text, pieces) }
}

const NEGATION =
  /^(?:do\s+not|don't|dont|never|(?:there\s+is\s+)?no\s+need\s+to|you\s+(?:must|should|need)\s+not|avoid\s+to)\s+(?:ever\s+)?(.+)$/is

/** "do not run the tests": it is enough not to do it. */
const refrain: Recogniser = (text, pieces) => {
  const denied = NEGATION.exec(text)?.[1]
  if (denied === undefined) return undefined
  const intent = understandOne(denied, [...pieces])
  return isClear(intent)
    ? { type: "refrain", text: unmask(denied, pieces) }
    : { type: "unknown", text: unmask(text, pieces) }
}

const questions = phrases(
  "(help|commands|usage|what can (you|i) do|what do you (understand|know|do)) [here]",
  "how (does|do) (this|it|you) work",
  "(who|what) are you",
  "(what|which) model (are you|is this)",
)
const greetings = phrases("(hi|hello|hey|yo|test|good (morning|afternoon|evening)|there) [there]")
const thanks = phrases("(thanks|thank you|thx|great|nice|cool|perfect|ok|okay) [a lot|so much|very much]")

const talk: Recogniser = (text) => {
  if (questions(text)) return { type: "help", reason: "asked" }
  if (greetings(text)) return { type: "help", reason: "greeting" }
  return thanks(text) ? { type: "thanks" } : undefined
}

/**
 * In this order: the narrower way of speaking before the wider one. With each the words of which a request needs one to
 * be of that kind: most kinds are ruled out by that, and their phrases never read.
 */
const RECOGNISERS: readonly [Recogniser, RegExp][] = [
  [
    talk,
    /\b(?:help|commands|usage|what|how|who|which|hi|hello|hey|yo|test|good|there|than|thx|great|nice|cool|perfect|ok)/i,
  ],
  [refrain, /not|n't|dont|never|no need|avoid/i],
  [undo, /undo|revert|roll|take|reverse/i],
  [changes, /chang|new|differen|diff|modif|edited|uncommitted|status/i],
  [compare, /compare|dif|same|equal|identical/i],
  [makeFolder, /folder|dir/i],
  [move, /\b(?:move|mv|relocate|transfer|put|copy|cp|duplicate|clone|rename|name)\b/i],
  [rename, /\b(?:rename|name|replace|change)\b/i],
  [remove, /\b(?:delete|remove|erase|rm|unlink|trash|rid|throw)\b/i],
  [
    replace,
    /\b(?:use|put|write|substitute|replace|swap|exchange|change|rename|convert|update|turn|modify|remove|delete|erase|strip|take)\b|^s\//i,
  ],
  [create, /\b(?:append|add|write|save|put|store|create|make|touch|generate|overwrite)\b/i],
  [tree, /tree|structure|layout|hierarchy/i],
  [
    outline,
    /outline|structure|symbol|function|class|method|heading|section|key|definition|export|declaration|type|contents/i,
  ],
  [countLines, /line|long|big|wc/i],
  [
    define,
    /defin|declar|implement|creat|function|class|method|type|interface|variable|const|struct|enum|component|module|symbol|trait|macro/i,
  ],
  [run, /^(?:[$!]|\w)/],
  [find, /file|folder|document|script|glob|[*?]|\b(?:find|locate|where|is)\b/i],
  [search, /\w/],
  [list, /\w/],
  [read, /\S/],
  [findText, /\w/],
]

/** The lines of a plan: the requests in it, or, when they are no requests, what stands between commas. */
function itemsOf(text: string, pieces: string[]): string[] {
  const found = understandAll(text, pieces)
  const isUnderstood = found.every(({ intent }) => isClear(intent))
  const parts = isUnderstood
    ? found.map((one) => one.text)
    : splitRequests(text).flatMap((line) => line.split(/\s*,\s*(?:and\s+)?|\s+and\s+/i))
  return parts.map((part) => unmask(part, pieces).trim()).filter(Boolean)
}
