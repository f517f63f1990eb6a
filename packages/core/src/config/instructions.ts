import { isAbsolute, join } from "node:path"
import type { Config } from "@opencode/protocol/config.ts"
import type { Environment, Folders } from "./folders.ts"
import { readInstructionFile, type ReadInstructions } from "./instruction-file.ts"
import { createInstructionList, type InstructionList, type InstructionsFound } from "./instruction-list.ts"
import { projectNames, userFiles } from "./instruction-names.ts"
import { nameOfPage, type InstructionPages } from "./instruction-pages.ts"
import { filesMatching, isPattern, levelsBelow, MAX_LOOKED_AT, type Budget } from "./instruction-paths.ts"
import { isInside, levelsUp } from "../workspace/paths.ts"
import { isSet } from "./sources.ts"

/**
 * What the user and the project tell the model before anything else. It is text and nothing but text: no setting comes
 * of it. The same files give the same bytes in the same order, because providers bill a changed prefix in full.
 */
export interface Instructions {
  /** As they are now: the user's, the project's from the nearest folder up, then what `instructions` names. */
  read(): Promise<InstructionsFound>
  /**
   * Those of the folders between the working folder and a file, nearest first.
   * @param file canonical
   * @param isKnown whether the model has been told this one already
   */
  near(file: string, isKnown: (path: string) => boolean): Promise<InstructionsFound>
}

export interface InstructionsInput {
  env: Environment
  folders: Folders
  /** Canonical. */
  directory: string
  /** The top of the git working tree; "/" without git. */
  worktree: string
  roots: readonly string[]
  entries: NonNullable<Config["instructions"]>
  /** A rule for `read` is about this file, and does not allow it. @param real canonical */
  isWithheld(real: string): boolean
  /** The person has decided that this project may read what its links lead to. */
  isTrusted(): boolean
  pages: InstructionPages
  /** The user's number, where the system has such. */
  uid?: number | undefined
}

/** All that a request begins with: as many tokens as a small model's whole window. Whoever comes later is left out. */
const MAX_BYTES = 512 * 1024
/** What may come with a file that is read: as much as the file itself may be. */
const MAX_NEAR_BYTES = 50 * 1024

export function createInstructions(input: InstructionsInput): Instructions {
  const { env, folders, directory, roots, entries } = input
  const isProjectRead = !isSet(env.OPENCODE_DISABLE_PROJECT_CONFIG)
  const names = projectNames(env)
  const top = roots.find((root) => isInside(root, directory)) ?? directory
  const isOfProject = (path: string): boolean => roots.some((root) => isInside(root, path))

  /** A file that the project brought, or that lies above it. */
  async function projectFile(path: string, folder: string): Promise<ReadInstructions> {
    const { isWithheld } = input
    if (input.isTrusted()) return readInstructionFile({ path, isWithheld })
    // Without a repository the way up leads through folders that anybody may write to, such as /tmp.
    const owners = isOfProject(folder) || input.uid === undefined ? {} : { owners: [input.uid, 0] }
    return readInstructionFile({ path, isWithheld, within: [...roots, folder], ...owners })
  }

  async function ofUser(found: InstructionList): Promise<void> {
    for (const path of userFiles(env, folders, directory)) {
      if (found.add(await readInstructionFile({ path }))) return
    }
  }

  /** Of every level, by the first name that any level has. */
  async function ofProject(found: InstructionList): Promise<void> {
    if (!isProjectRead) return
    const levels = levelsUp(directory, input.worktree)
    for (const name of names) {
      const read = await Promise.all(levels.map((folder) => projectFile(join(folder, name), folder)))
      if (read.map(found.add).includes(true)) return
    }
  }

  /** In the order in which they are written. The user's own paths lead where they lead. */
  async function ofEntry(entry: string, found: InstructionList, budget: Budget): Promise<void> {
    if (isAddress(entry)) {
      const page = await input.pages.get(entry)
      found.add("text" in page ? { from: nameOfPage(entry), real: entry, ...page } : page)
      return
    }
    const path = entry.startsWith("~/") ? join(folders.home, entry.slice(2)) : entry
    const isHere = !isAbsolute(path)
    const starts = !isHere || path.split("/").includes("..") ? [directory] : levelsUp(directory, top)
    const before = found.problems()
    let some = false
    for (const folder of starts) {
      const files = isPattern(path) ? await filesMatching(folder, path, budget) : [isHere ? join(folder, path) : path]
      const read = files.map((file) =>
        isOfProject(file) ? projectFile(file, folder) : readInstructionFile({ path: file }),
      )
      for (const one of await Promise.all(read)) some = found.add(one) || some
    }
    if (!some && found.problems() === before)
      found.problem(`"${entry}" in \`instructions\` is no file that can be read.`)
  }

  return {
    async read() {
      const found = createInstructionList(MAX_BYTES)
      await ofUser(found)
      await ofProject(found)
      const budget: Budget = { left: MAX_LOOKED_AT }
      for (const entry of entries) await ofEntry(entry, found, budget)
      if (budget.left < 0) found.problem(TOO_MANY)
      return found.result()
    },

    async near(file, isKnown) {
      const found = createInstructionList(MAX_NEAR_BYTES)
      if (!isProjectRead) return found.result()
      for (const folder of levelsBelow(directory, file)) {
        for (const name of names) {
          const path = join(folder, name)
          if (path === file || isKnown(path)) break
          if (found.add(await projectFile(path, folder))) break
        }
      }
      return found.result()
    },
  }
}

const TOO_MANY = `The patterns in \`instructions\` reach more than ${MAX_LOOKED_AT} files; only the first were looked at.`

const isAddress = (entry: string): boolean => /^https?:\/\//i.test(entry)
