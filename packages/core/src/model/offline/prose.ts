import { clip } from "../../lib/text.ts"

/** Lines of a list or a file in an answer. The whole is in the call's own output. */
export const MAX_LISTED = 40
const MAX_FILE_LINES = 200
const MAX_OUTPUT_LINES = 60
/** Characters of a line: longer ones are data. */
const MAX_LINE = 200
/** Characters of a block: what fits on a few screens. */
const MAX_BLOCK = 8_000

export const HELP = `I am the offline model: rules inside this program, no network and no language model. I understand plain requests such as

- list the files in src
- show a folder tree
- find files named *.test.ts
- where is createServer defined
- search for "TODO" in all ts files, but not in tests
- how many ts files are there
- show lines 1-40 of package.json
- outline src/index.ts
- count lines of README.md
- compare a.txt and b.txt
- replace "foo" with "bar" in all ts files
- rename oldName to newName in src
- create notes.txt with hello
- append "more" to notes.txt
- move notes.txt to docs
- delete notes.txt
- make a folder docs
- run npm test
- what changed
- plan: list the files, then run the tests
- what would you do to delete notes.txt
- how do I undo that

Join several with "then" or "and", or write them as a list. Put names with blanks and text that contains such words into quotes. "it" is the file that was spoken of last.`

export const CONNECT = `For a real model set the key of a provider in the environment, for example ANTHROPIC_API_KEY, and start again. Or name a provider and a model in opencode.json; a server on this machine needs no key:

\`\`\`json
{
  "provider": {
    "local": {
      "npm": "@ai-sdk/openai-compatible",
      "options": { "baseURL": "http://127.0.0.1:11434/v1" },
      "models": { "your-model": {} }
    }
  },
  "model": "local/your-model"
}
\`\`\``

/** Ends the first answer of a session. */
export const SIGNATURE =
  "_Offline model: rules, no language model. For a real one run `opencode auth login`, or name a provider in opencode.json._"

export const quoted = (text: string): string => {
  const short = clip(text.replaceAll(/\s+/g, " "), 60)
  return short.includes("`") ? `"${short}"` : `\`${short}\``
}

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

export function bullets(items: readonly string[], isMore = false): string {
  const shown = items.slice(0, MAX_LISTED).map((item) => `- ${clip(item, MAX_LINE)}`)
  const rest = items.length - shown.length
  if (rest > 0) shown.push(`- … and ${rest}${isMore ? " or more" : ""} others`)
  else if (isMore) shown.push("- … and more than were looked up")
  return shown.join("\n")
}

/** A block of code that nothing inside can end. `end` shows the end of what is too long, and not the start. */
export function block(
  lines: readonly string[],
  { keep = "start", language = "" }: { keep?: "start" | "end"; language?: string } = {},
): string {
  const limit = keep === "start" ? MAX_FILE_LINES : MAX_OUTPUT_LINES
  const kept: string[] = []
  let size = 0
  for (const line of keep === "start" ? lines : lines.toReversed()) {
    const short = clip(line, MAX_LINE)
    size += short.length + 1
    if (kept.length >= limit || size > MAX_BLOCK) break
    kept.push(short)
  }
  const left = lines.length - kept.length
  const shown = keep === "start" ? kept : kept.toReversed()
  const longest = Math.max(2, ...[...shown.join("\n").matchAll(/`{3,}/g)].map(([ticks]) => ticks.length))
  const fence = "`".repeat(longest + 1)
  const note = left > 0 ? [`(${plural(left, "more line")} ${keep === "start" ? "below" : "above"}.)`] : []
  const body = [`${fence}${language}`, ...shown, fence].join("\n")
  return keep === "start" ? [body, ...note].join("\n") : [...note, body].join("\n")
}

/** The first sentence of why something failed. */
export const reason = (text: string): string => clip(text.trim().split("\n")[0] || "no reason was given", MAX_LINE)
