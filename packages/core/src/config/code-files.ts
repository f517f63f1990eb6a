import { readdir, realpath } from "node:fs/promises"
import { join } from "node:path"
import type { TrustItem } from "@opencode/protocol/trust.ts"
import { isInside } from "../workspace/paths.ts"
import { trustItem } from "./held-item.ts"
import { localFiles, type LocalFilesInput } from "./local-files.ts"

/** Files of a project that are code for this program: each in the folder that says what it is. */
const FOLDERS = { tool: ["tool", "tools"], plugin: ["plugin", "plugins"] } as const
const CODE = /\.(?:[cm]?[jt]s)$/
/** More than anybody keeps. */
const MAX_FILES = 200

export interface CodeFilesInput {
  /** `.opencode` of a folder. */
  folder: string
  /** Canonical: what approvals are bound to, and the root of the project. */
  bound: string
  within: string
  home: string
  seen(path: string): void
  budget: LocalFilesInput["budget"]
}

/** Custom tools and plugins that a project brings along. Nothing of them is run here. */
export async function codeFiles({ folder, bound, within, home, seen, budget }: CodeFilesInput): Promise<TrustItem[]> {
  const items: TrustItem[] = []
  for (const kind of ["plugin", "tool"] as const) {
    for (const name of FOLDERS[kind]) {
      const path = join(folder, name)
      seen(path)
      const names = (await readdir(path).catch(() => [])).filter((one) => CODE.test(one)).sort()
      for (const one of names.slice(0, MAX_FILES)) {
        const file = join(path, one)
        seen(file)
        const definition = `${name}/${one}`
        // What it is linked to counts; a link to somewhere else is told by where it leads.
        const target = await realpath(file).catch(() => file)
        const isOwn = isInside(within, target)
        const words = [isOwn ? definition : `{file:${target}}`, join(folder, "package.json")]
        const files = await localFiles(words, { bases: [folder], within, home, seen, budget })
        const held = { kind, path: [], why: "", definition: isOwn ? definition : `${definition}, which is ${target}` }
        const item = trustItem(held, { file, folder: bound }, files)
        if (item) items.push(item)
      }
    }
  }
  return items
}
