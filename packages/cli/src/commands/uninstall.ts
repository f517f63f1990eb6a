import { rm, rmdir } from "node:fs/promises"
import { isatty } from "node:tty"
import { usersOfScratch } from "@opencode/core/config/scratch.ts"
import { usersOfDatabase, type DatabaseUser } from "@opencode/core/peer/database-users.ts"
import { installationOf, removal } from "@opencode/core/process/installer.ts"
import type { Folders } from "@opencode/core/config/folders.ts"
import { databaseOfUser, foldersOfUser, packageFolder } from "../compose.ts"
import { CommandFailure } from "../fail.ts"
import { byteSize } from "../numbers.ts"
import { out } from "../out.ts"
import { planUninstall, type Removal, type UninstallOptions, type UninstallPlan } from "../uninstall-plan.ts"
import { saidOfUsers } from "../uninstall-users.ts"

interface Options extends UninstallOptions {
  dryRun?: boolean
  force?: boolean
}

/** @returns 1 when it was not confirmed, or something could not be removed */
export async function uninstall({ dryRun, force, ...keep }: Options): Promise<number> {
  const folders = foldersOfUser()
  const plan = await planUninstall({ folders, database: databaseOfUser() }, keep)
  show(plan)
  const users = plan.removed.length > 0 ? await usersOfAny(folders) : undefined
  if (users && (force || dryRun)) out.note(`Warning: ${saidOfUsers(users)}`)
  if (dryRun) {
    out.note("Nothing was removed.")
    return 0
  }
  if (plan.removed.length > 0 && !force) {
    if (users) throw inUse(users)
    if (!(await confirmed())) {
      out.note("Nothing was removed.")
      return 1
    }
    // A person thinks for as long as it takes, and may start something meanwhile.
    const latecomers = await usersOfAny(folders)
    if (latecomers) throw inUse(latecomers)
  }
  const problems = await removeAll(plan.removed)
  // Ours to make, so ours to take away; one that holds something else stays.
  for (const folder of [folders.log, folders.data]) await rmdir(folder).catch(() => {}) // it is not empty, or not there
  for (const problem of problems) out.note(`Warning: ${problem}`)
  out.note(`The program itself is removed by what installed it: ${howToRemove()}`)
  return problems.length > 0 ? 1 : 0
}

/** Whoever has other data may still have temporary files in the folder that all share. */
async function usersOfAny({ temp }: Folders): Promise<DatabaseUser[] | undefined> {
  const ofDatabase = await usersOfDatabase(databaseOfUser())
  const others = usersOfScratch(temp).filter((pid) => !ofDatabase?.some((user) => user.pid === pid))
  return ofDatabase || others.length > 0
    ? [...(ofDatabase ?? []), ...others.map((pid) => ({ pid, sessionIDs: [] }))]
    : undefined
}

/** Its files would go from under it: what it goes on to say would be kept nowhere. */
const inUse = (users: DatabaseUser[]): CommandFailure =>
  new CommandFailure(`${saidOfUsers(users)} Nothing was removed. End it first, or give --force to remove all the same.`)

function show({ removed, kept }: UninstallPlan): void {
  if (removed.length === 0) out.line("There is nothing to remove.")
  for (const { what, paths, bytes } of removed) {
    out.line(`${what} (${byteSize(bytes)})`)
    for (const path of paths) out.line(`  ${path}`)
  }
  for (const { path, reason } of kept) out.line(`Kept: ${path} (${reason})`)
}

async function removeAll(removed: Removal[]): Promise<string[]> {
  const problems: string[] = []
  for (const path of removed.flatMap(({ paths }) => paths)) {
    try {
      await rm(path, { recursive: true, force: true })
    } catch (error) {
      problems.push(`${path} could not be removed: ${(error as Error).message}`)
    }
  }
  return problems
}

async function confirmed(): Promise<boolean> {
  if (!isatty(0) || !isatty(2)) {
    throw new CommandFailure("There is nobody to ask here: give --force to remove what is shown, or --dry-run.")
  }
  const { confirm, isCancel } = await import("@clack/prompts")
  const answer = await confirm({ message: "Remove all of it?", initialValue: false, output: process.stderr })
  return !isCancel(answer) && answer
}

/** A copy that nobody installed for all folders is a clone, or a package of one project. */
function howToRemove(): string {
  const folder = packageFolder()
  const installation = installationOf(folder)
  return installation ? removal(installation) : `remove the folder ${folder.replace(/\/packages\/cli$/, "")}`
}
