import { z } from "zod"
import { toolFailure } from "../lib/fault.ts"
import { asksOutside } from "./file-asks.ts"
import { prose } from "./glob.prompt.ts"
import { placeToSearch, requireThere, splitPattern } from "./search-place.ts"
import { shownName } from "./shown-name.ts"
import { defineTool } from "./tool.ts"

/** More paths than this answer no question; the newest come first. */
const MAX_FILES = 100

export const glob = defineTool({
  name: "glob",
  prose,
  effect: "pure",
  permission: "glob",
  input: () =>
    z.object({
      pattern: z.string().min(1).describe("What the path looks like, relative to the folder."),
      path: z.string().optional().describe("The folder to look in (default: the workspace folder)."),
    }),

  async prepare(input, { workspace }) {
    const { pattern, path } = splitPattern(input.pattern, input.path)
    const place = await placeToSearch(path, workspace)
    const metadata = { pattern, path: place.file.absolute }
    return {
      asks: [...asksOutside([place]), { permission: "glob", patterns: [pattern], always: ["*"], metadata }],
      plan: { place, pattern },
    }
  },

  async run(input, { place, pattern }, { workspace, signal }) {
    await requireThere(place, workspace)
    if (place.only !== undefined) throw toolFailure(`${place.file.absolute} is a file. Give the folder to look in.`)
    const { cwd } = place
    const { files, truncated } = await workspace.search.listFiles({ cwd, glob: pattern, limit: MAX_FILES, signal })
    // What was found is of another place, if a link came into the way meanwhile.
    await requireThere(place, workspace)
    const hint = `\n\n(Only the newest ${MAX_FILES} are shown. Use a narrower pattern or path to see others.)`
    const output = files.length === 0 ? "No files found" : files.map(shownName).join("\n") + (truncated ? hint : "")
    return { title: input.pattern, output, metadata: { count: files.length, truncated } }
  },
})
