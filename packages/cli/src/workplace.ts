import { realpathSync, statSync } from "node:fs"
import { relative, resolve } from "node:path"
import type { ConfigIssue } from "@opencode/core/config/issue.ts"
import type { ConfigSnapshot } from "@opencode/core/config/load.ts"
import type { Composition } from "./compose.ts"
import { CommandFailure } from "./fail.ts"
import { out } from "./out.ts"

/** Where a command works: a folder, and what its settings make of it. */
export interface Workplace {
  composition: Composition
  directory: string
}

/** A screen has room for them beside the answer. */
const SHOWN_ISSUES = 10

/** What of the settings was not taken as it was written, on standard error. */
export async function warnOfSettings({ composition, directory }: Workplace): Promise<void> {
  const { config } = await composition.engines.at(directory)
  warn(config.issues, { config, directory })
}

/** The same with skills and instructions, where a prompt is about to need them anyway. */
export async function warnOfEverything({ composition, directory }: Workplace): Promise<void> {
  const engine = await composition.engines.at(directory)
  const issues = await engine.issues()
  warn(issues, { config: engine.config, directory })
}

function warn(issues: readonly ConfigIssue[], { config, directory }: { config: ConfigSnapshot; directory: string }) {
  const told = issues.filter(({ kind }) => kind !== "held_back")
  for (const issue of told.slice(0, SHOWN_ISSUES)) out.note(`Warning: ${issueLine(issue)}`)
  const more = told.length - SHOWN_ISSUES
  if (more > 0) out.note(`Warning: ${more} more; see \`opencode debug config\`.`)
  const { pending } = config.trust
  if (pending.length) out.note(heldBack(pending.map(({ path, file }) => path.join(".") || relative(directory, file))))
}

/** Names that one line has room for. */
const MAX_NAMED = 5

function heldBack(names: string[]): string {
  const some = names.slice(0, MAX_NAMED).join(", ") + (names.length > MAX_NAMED ? ", …" : "")
  return `Held back from this project's settings: ${some} (\`opencode trust\` shows and approves, --trust lets in).`
}

interface Placed extends Pick<ConfigIssue, "message"> {
  file?: string | undefined
  line?: number | undefined
  column?: number | undefined
}

/** `file:line:column: sentence`, as editors and compilers write it. */
export function issueLine({ file, line, column, message }: Placed): string {
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
