import { isReadOnly } from "../permission/readonly.ts"
import { analyseShell, type ShellAnalysis, type ShellCommand } from "../permission/shell.ts"
import { isSystemPath } from "../permission/shell-names.ts"

/**
 * What of a line for a shell may be the name of something that is run: a program, a script, what an interpreter is
 * given. Not what is read or written as data: a command that shows `TODO.md` does the same whatever is in it. A line
 * of which one command is not known to treat files as data may run any file that it names.
 */
export async function runTexts(line: string): Promise<string[]> {
  const analysis = await analyseShell(line)
  if (isDataOnly(analysis)) return []
  return [withoutOutputs(line, analysis), ...analysis.commands.flatMap(({ base }) => IMPLIED[base] ?? [])]
}

function isDataOnly(analysis: ShellAnalysis): boolean {
  const redirects = analysis.redirects.filter(({ access }) => access === "read")
  return isReadOnly({ ...analysis, redirects, commands: analysis.commands.filter((one) => !isFiling(one)) }).ok
}

/** They change files, and run none. */
const FILING = new Set(["touch", "mkdir", "rmdir", "rm", "cp", "mv", "ln", "tee", "truncate"])

const isFiling = ({ argv: [name], base }: ShellCommand): boolean =>
  FILING.has(base) && name !== undefined && (name.value === base || isSystemPath(name.value))

/** What they run when they are told nothing else. */
const IMPLIED: Readonly<Record<string, string[]>> = {
  make: ["Makefile", "makefile", "GNUmakefile"],
  gmake: ["Makefile", "makefile", "GNUmakefile"],
  just: ["justfile", "Justfile", ".justfile"],
}

/** Where only output goes to. The same name elsewhere in the line still counts. */
function withoutOutputs(line: string, { redirects }: ShellAnalysis): string {
  const outputs = new Set(redirects.filter(({ access }) => access === "write").map(({ path }) => path))
  const inputs = new Set(redirects.filter(({ access }) => access === "read").map(({ path }) => path))
  return line.replaceAll(/>[>|]?\s*([\w./-]+)/g, (written, path: string) =>
    outputs.has(path) && !inputs.has(path) ? " " : written,
  )
}
