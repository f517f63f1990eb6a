import { z } from "zod"
import type { Match } from "../workspace/search.ts"
import { asksForFile, asksOutside, relativeName } from "./file-asks.ts"
import { prose } from "./grep.prompt.ts"
import { placeToSearch, requireThere } from "./search-place.ts"
import { shownName } from "./shown-name.ts"
import { defineTool } from "./tool.ts"

/** More lines than this answer no question; those of the newest files come first. */
const MAX_MATCHES = 100

export const grep = defineTool({
  name: "grep",
  prose,
  effect: "pure",
  permission: "grep",
  input: () =>
    z.object({
      pattern: z.string().min(1).describe("A regular expression, matched line by line."),
      path: z.string().optional().describe("The folder or file to look in (default: the workspace folder)."),
      include: z.string().optional().describe('Only files whose path is like this, as "*.ts" or "src/**/*.{ts,tsx}".'),
    }),

  async prepare({ pattern, path, include }, { workspace }) {
    const place = await placeToSearch(path, workspace)
    const metadata = { pattern, path: place.file.absolute, ...(include !== undefined && { include }) }
    // Lines of one file are what `read` would show, so its rules decide too.
    const access = place.only === undefined ? asksOutside([place]) : asksForFile("read", place, metadata)
    return {
      asks: [...access, { permission: "grep", patterns: [pattern], always: ["*"], metadata }],
      plan: place,
    }
  },

  async run({ pattern, include }, place, { workspace, mayRead, signal }) {
    await requireThere(place, workspace)
    const { cwd, only } = place
    // Where reading is asked about in general, most files are left out: nothing found must not look like nothing there.
    const isBlind = only === undefined && !mayRead("*")
    const { matches, truncated } = await workspace.search.grep({
      cwd,
      file: only,
      pattern,
      include,
      // Asked about above when it is one file. Of many, those with a question of their own are left out in silence: to
      // say how many lines were found in them would answer what they contain.
      mayShow: only === undefined ? (file) => mayRead(relativeName(file, workspace.paths)) : undefined,
      limit: MAX_MATCHES,
      signal,
    })
    // What was found is of another place, if a link came into the way meanwhile.
    await requireThere(place, workspace)
    return {
      title: pattern,
      output: (matches.length === 0 ? "No matches found" : grouped(matches, truncated)) + (isBlind ? BLIND : ""),
      metadata: { matches: matches.length, truncated },
    }
  },
})

const BLIND = "\n(Files that may not be read without a question are left out. Give one as the path to search in it.)"

function grouped(matches: Match[], truncated: boolean): string {
  const lines = [`Found ${matches.length} matches`]
  matches.forEach(({ file, line, text }, index) => {
    const isSameFile = matches[index - 1]?.file === file
    if (!isSameFile) lines.push(...(index > 0 ? [""] : []), `${shownName(file)}:`)
    lines.push(`  Line ${line}: ${text}`)
  })
  const hint = `\n(Only the first ${MAX_MATCHES} are shown. Use a narrower pattern, path or include to see others.)`
  return `${lines.join("\n")}\n${truncated ? hint : ""}`
}
