import { toolFailure } from "../lib/fault.ts"
import type { StartProcess } from "../process/spawn.ts"
import { which } from "../process/which.ts"
import { createRipgrep } from "./ripgrep.ts"
import type { Search } from "./search-query.ts"
import { createWalker } from "./walker.ts"

export type { FileList, GrepQuery, ListQuery, Match, MatchList, Search } from "./search-query.ts"

interface SearchOptions {
  start: StartProcess
  env: Readonly<Record<string, string | undefined>>
  /** For tests and for machines where neither program may run. */
  engine?: "ripgrep" | "walker"
}

/**
 * Finds files and text. Ripgrep does it, the one that is installed with us or the one of the system; without either a
 * walk of our own gives the same answers, slower (the user's own ignore file and `.git/info/exclude` apart). The ignore
 * files of the project are respected by both, with or without git, and `.git` is never looked into. Results come newest
 * file first, so that a limit keeps what is being worked on.
 */
export function createSearch({ start, env, engine }: SearchOptions): Search {
  let chosen: Promise<Search> | undefined
  const choose = async (): Promise<Search> => {
    const program = engine === "walker" ? undefined : ((await bundledRipgrep()) ?? (await which("rg", env["PATH"])))
    return program ? createRipgrep({ start, env, program }) : createWalker()
  }
  const chosenFor = (pattern: string): Promise<Search> => {
    // No program can be given one.
    if (pattern.includes("\0")) throw toolFailure("The pattern contains a NUL byte.")
    return (chosen ??= choose())
  }
  return {
    listFiles: async (query) => (await chosenFor(query.glob ?? "")).listFiles(query),
    grep: async (query) => (await chosenFor(query.pattern + (query.include ?? ""))).grep(query),
    find: async (query) => (await chosenFor(query.pattern)).find(query),
  }
}

/** Undefined when there is none for this platform: the package throws as soon as it is loaded. */
async function bundledRipgrep(): Promise<string | undefined> {
  try {
    const { rgPath } = await import("@vscode/ripgrep")
    return await which(rgPath, undefined)
  } catch {
    return undefined
  }
}
