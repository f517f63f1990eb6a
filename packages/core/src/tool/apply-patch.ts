import { z } from "zod"
import { toolFailure, ToolFailure } from "../lib/fault.ts"
import { editsByPatch } from "../model/families.ts"
import { fingerprint, removeResolved, writeResolved } from "../workspace/files.ts"
import type { FileRef } from "../workspace/paths.ts"
import { prose } from "./apply-patch.prompt.ts"
import { asksForFiles, nameOf, requireSamePlace } from "./file-asks.ts"
import { currentBytes } from "./file-change.ts"
import { parsePatch } from "./patch-parse.ts"
import { planPatch, type PatchChange } from "./patch-plan.ts"
import { requirePlan, tellAfterAsking } from "./tell-after-asking.ts"
import { defineTool, type ToolContext } from "./tool.ts"

/**
 * Several files by one patch. Everything is read and matched before anybody is asked, and looked at again, byte for
 * byte, before the first file is written.
 */
export const applyPatch = defineTool({
  name: "apply_patch",
  prose,
  effect: "unsafe",
  isBound: true,
  recordsChanges: true,
  permission: "edit",
  suits: editsByPatch,
  standsFor: ["edit", "write"],
  input: () => z.object({ patchText: z.string().min(1).describe("The whole patch, with its first and last line.") }),

  async prepare({ patchText }, { workspace }) {
    const steps = parsePatch(patchText)
    const named = steps.flatMap((step) => [step.path, ...("moveTo" in step && step.moveTo ? [step.moveTo] : [])])
    const places = await Promise.all(named.map((path) => workspace.paths.resolve(path)))
    return tellAfterAsking(places, async () => {
      const changes = await planPatch(steps, workspace)
      const filepath = places.map((file) => file.absolute).join(", ")
      return { asks: asksForFiles("edit", places, { filepath, ...factsOf(changes) }), plan: changes }
    })
  },

  async run(_, prepared, context) {
    const changes = requirePlan(prepared)
    for (const change of changes) await requireUnchanged(change, context)
    const done: PatchChange[] = []
    for (const change of changes) {
      try {
        await make(change, context)
      } catch (error) {
        throw error instanceof ToolFailure ? halfway(error, changes, done) : error
      }
      done.push(change)
    }
    const summary = changes.map(summaryOf)
    return {
      title: summary.length === 1 ? summary[0]! : `${summary.length} files`,
      output: `Success. Updated the following files:\n${summary.join("\n")}`,
      edited: changes.flatMap(({ file, target }) => [file.absolute, ...(target ? [target.absolute] : [])]),
      metadata: { diagnostics: {}, ...factsOf(changes) },
    }
  },
})

function factsOf(changes: PatchChange[]) {
  const files = changes.map(({ type, file, target, diff }) => ({
    type,
    filePath: file.absolute,
    relativePath: nameOf(target ?? file),
    ...(target && { movePath: target.absolute }),
    ...diff,
  }))
  return { diff: files.map(({ patch }) => patch).join("\n"), files }
}

const LETTERS = { add: "A", update: "M", delete: "D", move: "R" } as const

const summaryOf = ({ type, file, target }: PatchChange): string =>
  `${LETTERS[type]} ${nameOf(file)}${target ? ` -> ${nameOf(target)}` : ""}`

async function requireUnchanged({ file, before, target }: PatchChange, { workspace }: ToolContext): Promise<void> {
  await requireSamePlace(file, workspace.paths)
  const now = await currentBytes(file)
  const isSame = before === undefined ? now === undefined : now?.equals(before)
  if (!isSame) throw waited(file)
  if (!target) return
  await requireSamePlace(target, workspace.paths)
  if ((await currentBytes(target)) !== undefined) throw waited(target)
}

const waited = ({ absolute }: FileRef): Error =>
  toolFailure(`${absolute} changed while this was waiting. Nothing was written: read it again.`)

async function make(change: PatchChange, context: ToolContext): Promise<void> {
  const { file, after, target } = change
  // Once more: the files before it took their time.
  await requireUnchanged(change, context)
  const changed = [
    ...(target ? [{ path: target.real, after }] : []),
    { path: file.real, after: target ? undefined : after },
  ]
  await context.journal.changing(changed, () => makeUnchanged(change, context))
}

async function makeUnchanged({ file, after, target, mode }: PatchChange, context: ToolContext): Promise<void> {
  const written = target ?? file
  if (after) {
    await writeResolved(written.real, after, mode === undefined ? {} : { mode })
    context.seen.set(written.real, await fingerprint(written.real))
  }
  if (after && !target) return
  await removeResolved(file.real).catch(({ message }: Error) => {
    const copied = target ? ` ${target.absolute} was written, so both files are there.` : ""
    throw toolFailure(`${file.absolute} could not be removed: ${message}${copied}`)
  })
}

/** A disk that is full in the middle: the model has to know exactly what is done and what is not. */
function halfway(error: ToolFailure, changes: PatchChange[], done: PatchChange[]): Error {
  const failed = changes[done.length]
  if (done.length === 0 && failed?.type !== "move") return error
  const list = (some: PatchChange[]) => some.map(summaryOf).join(", ") || "none"
  return toolFailure(
    `The patch was applied in part only. ${error.message.replace(" Nothing was written: read it again.", "")} ` +
      `Done: ${list(done)}. Failed: ${failed ? summaryOf(failed) : "none"}. ` +
      `Not done: ${list(changes.slice(done.length + 1))}.`,
  )
}
