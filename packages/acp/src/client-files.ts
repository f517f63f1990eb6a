import { readFile } from "node:fs/promises"

/**
 * The files that a change is about to make, as an editor takes them: whole texts. The API shows a change as a patch; the
 * file that it was made of lies on this machine, where editors start us.
 */
export interface WholeChange {
  path: string
  /** Empty for a file that is not there yet. */
  oldText: string
  newText: string
}

/** Editors take no larger file either, and the message holds it twice. */
const MAX_CHARACTERS = 5_000_000

/** Undefined when the patch does not fit the file: it is no text, too large, or somebody has changed it since. */
export async function wholeChange(path: string, patch: string): Promise<WholeChange | undefined> {
  const oldText = await currentText(path)
  if (oldText === undefined || oldText.length > MAX_CHARACTERS) return undefined
  const { applyPatch } = await import("diff")
  try {
    const newText = applyPatch(oldText, patch, { autoConvertLineEndings: false })
    return newText === false || newText.length > MAX_CHARACTERS ? undefined : { path, oldText, newText }
  } catch {
    return undefined // no patch of one file
  }
}

async function currentText(path: string): Promise<string | undefined> {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await readFile(path))
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "" : undefined
  }
}
