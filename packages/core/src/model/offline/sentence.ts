/**
 * A request with its quoted pieces taken out, so that words inside quotes are never read as instructions. Each piece
 * is one mark in the text: a private character, its number, another private character.
 */
export interface Sentence {
  text: string
  pieces: string[]
}

const MARK = /\uE000(\d+)\uE001/g
/** Matches one mark inside larger patterns. */
export const PIECE = "\uE000\\d+\uE001"

const QUOTES = [
  // As a shell writes a blank in a name.
  /(?<=^|\s)((?:[^\s\\"'`]|\\ )+\\ (?:[^\s\\"'`]|\\ )+)(?=\s|$)/g,
  /```[^\n`]*\n([\s\S]*?)\n?```/g,
  /`([^`]+)`/g,
  /"([^"]*)"/g,
  /„([^“”]*)[“”]/g,
  /“([^”]*)”/g,
  /«([^»]*)»/g,
  /‹([^›]*)›/g,
  // An apostrophe inside a word is none of these.
  /(?<=^|[\s(:,])['‘]([^'’]*)['’](?=$|[\s).,:;?!])/g,
]

export function mask(text: string): Sentence {
  const pieces: string[] = []
  const masked = QUOTES.reduce(
    (rest, quote) =>
      rest.replaceAll(quote, (_, piece: string) => `\uE000${pieces.push(unescape(unmask(piece, pieces))) - 1}\uE001`),
    text
      .replaceAll(/[\uE000\uE001]/g, "")
      .replaceAll("’", "'")
      .replaceAll(/\b(what|where|who)'s\b/gi, "$1 is"),
  )
  return { text: masked, pieces }
}

const unescape = (piece: string) => (/^(?:[^\s\\]|\\ )+$/.test(piece) ? piece.replaceAll("\\ ", " ") : piece)

/** The text with what the quotes hold, without the quotes. */
export const unmask = (text: string, pieces: readonly string[]): string =>
  text.replaceAll(MARK, (_, index) => pieces[Number(index)] ?? "")

export const isQuoted = (text: string): boolean => new RegExp(`^${PIECE}$`).test(text.trim())

const THEN =
  "then|afterwards|afterward|after\\s+(?:that|this|which)|thereafter|subsequently|finally|lastly|next|second(?:ly)?|third(?:ly)?"
const MAY_BREAK = /;|then|after|thereafter|subsequent|done|next|final|last|second|third/i
const hardBreak = () =>
  new RegExp(
    `\\s*[,;.]?\\s+(?:and\\s+)?(?:then|afterwards?|after\\s+(?:that|this|which)|thereafter|subsequently|once\\s+(?:that|this)\\s+is\\s+done)\\b[\\s,]*` +
      // These are words of other meanings, too: only where a clause begins.
      `|\\s*[,;.]\\s+(?:and\\s+)?(?:${THEN})\\b[\\s,]*|\\s*;\\s+`,
    "i",
  )

/** What begins a line of a list: `1.`, `2)`, `(3)`, `a)`, `-`, `*`, `[ ]`, `step 1:`. */
const BULLET = /^\s*(?:(?:step\s+)?\(?\d+[.):]|\(?[a-z]\)|[-*•+–](?=\s))?\s*(?:\[[ x]?\](?=\s))?\s*/i

/** What is surely more than one request: joined by "then", a semicolon, or written on lines of their own. */
export function splitRequests(text: string): string[] {
  const lines = text
    .split("\n")
    // A piece on its own line belongs to the line before it: "create a.ts with" and a block of code.
    .reduce<string[]>((all, line) => {
      const previous = all.at(-1)
      const belongs =
        previous !== undefined && (isQuoted(line) || /(?::|\b(?:with|containing|to|by))\s*$/i.test(previous))
      if (belongs) all[all.length - 1] = `${previous} ${line.trim()}`
      else all.push(line)
      return all
    }, [])
    // "1) list the files 2) show a.txt"
    .flatMap((line) => (/^\s*\(?1[.)]\s/.test(line) ? line.split(/\s+(?=\(?\d{1,2}[.)]\s)/) : [line]))
    .map((line) => line.replace(BULLET, "").trim())
  return lines
    .flatMap((line) => (MAY_BREAK.test(line) ? line.split(hardBreak()) : [line]))
    .map(tidy)
    .filter(Boolean)
}

const POLITE_START =
  /^(?:(?:hey|hi|hello|ok|okay|please|pls|now|just|first|firstly|second|secondly|third|thirdly|next|finally|lastly|then|afterwards|also|and|so|well|kindly|quickly|opencode|great|thanks)\b[,:!]?|(?:can|could|would|will)\s+(?:you|we|i)\b|let'?s\b|let\s+us\b|i(?:'d|\s+would)\s+like\s+(?:you\s+)?to\b|i\s+(?:want|need)\s+(?:you\s+)?to\b|(?:do|would)\s+you\s+mind(?=\s)|would\s+you\s+be\s+so\s+kind\s+(?:as\s+)?to\b|be\s+so\s+kind\s+(?:as\s+)?to\b|if\s+you\s+(?:can|could|would),?|you\s+(?:can|could|may)\b|you\s+should\b|go\s+ahead\s+and\b|help\s+me(?:\s+to)?\b|try\s+to\b|use\s+the\s+\w+\s+tool\s+to\b)\s+(?=\S)/i
const POLITE_END =
  /(?:[,\s]+(?:please|pls|for\s+me|if\s+(?:you\s+(?:can|could|please)|possible)|thanks|thank\s+you|right\s+now|now|again|once\s+more|as\s+well|too)|(?<=\S)[.!?]+)\s*$/i

/** The request without politeness and final punctuation. */
export function tidy(text: string): string {
  let tidied = text.trim()
  for (let before = ""; before !== tidied;) {
    before = tidied
    tidied = tidied.replace(POLITE_END, "").replace(POLITE_START, "").trim()
  }
  return tidied
}
