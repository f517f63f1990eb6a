import { z } from "zod"
import { toolFailure } from "../lib/fault.ts"
import { editsByPatch } from "../model/families.ts"
import { fingerprint, isSameContent } from "../workspace/files.ts"
import { asksForFile, nameOf } from "./file-asks.ts"
import { currentBytes, makeChange, planChange } from "./file-change.ts"
import { requirePlan, tellAfterAsking } from "./tell-after-asking.ts"
import { hasBom, withBom } from "./text-file.ts"
import { defineTool, type ToolContext } from "./tool.ts"
import { prose } from "./write.prompt.ts"

/** Writing the same content again leaves the same file, so a call that a crash cut short may be repeated. */
export const write = defineTool({
  name: "write",
  prose,
  effect: "idempotent",
  isBound: true,
  recordsChanges: true,
  permission: "edit",
  suits: (modelID) => !editsByPatch(modelID),
  input: () =>
    z.object({
      filePath: z.string().min(1).describe("Absolute path of the file."),
      content: z.string().describe("All of what the file shall contain."),
    }),

  async prepare({ filePath, content }, context) {
    const file = await context.workspace.paths.resolve(filePath)
    return tellAfterAsking([file], async () => {
      const before = await currentBytes(file)
      const given = Buffer.from(content)
      const after = before && hasBom(before) && !hasBom(given) ? withBom(given) : given
      if (before && !before.equals(after)) await requireRead(file.real, file.absolute, context)
      const plan = await planChange(file, nameOf(file), before, after)
      const metadata = { filepath: file.absolute, diff: plan.diff.patch }
      return { asks: asksForFile("edit", { file, kind: "file" }, metadata), plan }
    })
  },

  async run(_, prepared, context) {
    const plan = requirePlan(prepared)
    await makeChange(plan, context)
    const { file, before, diff } = plan
    return {
      title: nameOf(file),
      output: "Wrote file successfully.",
      edited: [file.absolute],
      metadata: {
        diagnostics: {},
        filepath: file.absolute,
        exists: before !== undefined,
        diff: diff.patch,
        filediff: diff,
      },
    }
  },
})

/** What the model has not seen it would destroy without knowing. */
async function requireRead(real: string, shown: string, { seen }: ToolContext): Promise<void> {
  const known = seen.get(real)
  if (!known) throw toolFailure(`${shown} exists, and was not read in this session. Read it first, then write it.`)
  if (isSameContent(known, await fingerprint(real))) return
  throw toolFailure(`${shown} changed on disk since it was read. Read it again, then write it.`)
}
