import { z } from "zod"
import { toolFailure } from "../lib/fault.ts"
import { editsByPatch } from "../model/families.ts"
import { applyEdit, type Edit } from "./edit-match.ts"
import { nearestBlock } from "./edit-nearest.ts"
import { prose } from "./edit.prompt.ts"
import { asksForFile, nameOf } from "./file-asks.ts"
import { currentBytes, makeChange, notFound, planChange } from "./file-change.ts"
import { requirePlan, tellAfterAsking } from "./tell-after-asking.ts"
import { decodeText, hasBom } from "./text-file.ts"
import { defineTool } from "./tool.ts"

/** More places than this need no list: the quote is far too short. */
const MAX_PLACES_NAMED = 10

/** Repeating it could change the text a second time, so it is never repeated by itself. */
export const edit = defineTool({
  name: "edit",
  prose,
  effect: "unsafe",
  isBound: true,
  recordsChanges: true,
  permission: "edit",
  suits: (modelID) => !editsByPatch(modelID),
  input: () =>
    z.object({
      filePath: z.string().min(1).describe("Absolute path of the file."),
      oldString: z.string().describe("The text to replace, quoted from the file. Empty for a new file."),
      newString: z.string().describe("What to put in its place."),
      replaceAll: z.boolean().optional().describe("Replace every place instead of the only one (default false)."),
    }),

  async prepare({ filePath, ...change }, { workspace }) {
    if (change.oldString === change.newString)
      throw toolFailure("oldString and newString are the same: nothing to change.")
    const file = await workspace.paths.resolve(filePath)
    return tellAfterAsking([file], async () => {
      const before = await currentBytes(file)
      if (before === undefined && change.oldString !== "") throw await notFound(file)
      const after =
        change.oldString === ""
          ? created(file.absolute, before, change.newString)
          : changed(file.absolute, before!, change)
      if (before?.equals(after)) throw toolFailure(`${file.absolute} already is as the edit would make it.`)
      const plan = await planChange(file, nameOf(file), before, after)
      const metadata = { filepath: file.absolute, diff: plan.diff.patch }
      return { asks: asksForFile("edit", { file, kind: "file" }, metadata), plan }
    })
  },

  async run(_, prepared, context) {
    const plan = requirePlan(prepared)
    await makeChange(plan, context)
    return {
      title: nameOf(plan.file),
      output: "Edit applied successfully.",
      edited: [plan.file.absolute],
      metadata: { diagnostics: {}, diff: plan.diff.patch, filediff: plan.diff },
    }
  },
})

function created(path: string, before: Buffer | undefined, content: string): Buffer {
  const isEmpty = before === undefined || before.length === 0 || (before.length === 3 && hasBom(before))
  if (!isEmpty) throw toolFailure(`${path} exists and is not empty. Quote in oldString what to replace, or use write.`)
  return Buffer.concat([before ?? Buffer.alloc(0), Buffer.from(content)])
}

function changed(path: string, before: Buffer, change: Edit): Buffer {
  const [oldString, newString] = [withoutMark(change.oldString), withoutMark(change.newString)]
  const { text, encode } = decodeText(path, before, [oldString, newString])
  const result = applyEdit(text, { ...change, oldString, newString })
  if (result.kind === "changed") return encode(result.text)
  throw toolFailure(result.kind === "ambiguous" ? ambiguous(path, result.lines) : missing(path, text, oldString))
}

/** The mark is not part of what `read` shows; a model that knows of it may quote it all the same. */
const withoutMark = (text: string): string => (text.startsWith("\uFEFF") ? text.slice(1) : text)

function ambiguous(path: string, lines: number[]): string {
  const named = lines.slice(0, MAX_PLACES_NAMED).join(", ")
  const others = lines.length > MAX_PLACES_NAMED ? ` and ${lines.length - MAX_PLACES_NAMED} more` : ""
  return (
    `oldString is in ${path} ${lines.length} times, at lines ${named}${others}. Nothing was changed. ` +
    "Quote more lines around the one you mean, or set replaceAll to change them all."
  )
}

function missing(path: string, text: string, oldString: string): string {
  const failure = `oldString was not found in ${path}. Nothing was changed.`
  const block = nearestBlock(text, oldString)
  if (block === undefined) return `${failure} Nothing in the file is like it: read the file again.`
  const shown = block.lines.map((line, index) => `${block.firstLine + index}: ${line}`).join("\n")
  return `${failure} The closest text in it (quote it without the line numbers):\n${shown}`
}
