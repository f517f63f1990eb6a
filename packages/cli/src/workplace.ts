import { realpathSync, statSync } from "node:fs"
import { relative, resolve } from "node:path"
import type { ConfigIssue } from "@opencode/core/config/issue.ts"
import type { Composition } from "./compose.ts"
import { CommandFailure } from "./fail.ts"
import { out } from "./out.ts"

/** Where a command works: a folder, and what its settings make of it. */
export interface Workplace {
  composition: Composition
  directory: string
}

/** What of the settings was not taken as it was written, on standard error. */
export async function warnOfSettings({ composition, directory }: Workplace): Promise<void> {
  const { config } = await composition.engines.at(directory)
  for (const issue of config.issues) if (issue.kind !== "held_back") out.note(`Warning: ${issueLine(issue)}`)
  const { pending } = config.trust
  if (pending.length) out.note(heldBack(pending.map(({ path, file }) => path.join(".") || relative(directory, file))))
}

/** Names that one line has room for. */
const MAX_NAMED = 5

function heldBack(names: string[]): string {
  const some = names.slice(0, MAX_NAMED).join(", ") + (names.length > MAX_NAMED ? ", …" : "")
  return `Held back from this project's settings: ${some} (\`opencode trust\` shows and approves, --trust lets in).`
}

/** `file:line:column: sentence`, as editors and compilers write it. */
export function issueLine({ file, line, column, message }: ConfigIssue): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(":")
  return place ? `${place}: ${message}` : message
}

function currentFolder(): string {
  try {
    return process.cwd()
  } catch {
    throw new CommandFailure("The current folder no longer exists.")
  }
}

/** The folder a command works in. The system knows it better than the variable PWD does. */
export function workingFolder(given: string | undefined): string {
  const folder = given === undefined ? currentFolder() : resolve(given)
  const found = statSync(folder, { throwIfNoEntry: false })
  if (!found) throw new CommandFailure(`The folder ${folder} does not exist.`)
  if (!found.isDirectory()) throw new CommandFailure(`${folder} is not a folder.`)
  return realpathSync(folder)
}
