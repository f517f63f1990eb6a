import type { FileNode } from "@opencode/protocol/file.ts"
import { dirname, join, relative } from "node:path"
import { askedPath, forClients } from "./asked-path.ts"
import { listDirectory } from "./directory.ts"
import { ignoreRulesAbove, ignoreRulesFor, isIgnored, type IgnoreRules } from "./ignore-rules.ts"
import { isInside, type FileRef } from "./paths.ts"
import type { Workspace } from "./workspace.ts"

/** A screen shows no more, and an answer of this length is about 2 MB. */
const MAX_NODES = 10_000

/** What is in a folder, folders first, each by name. Links are what they lead to. */
export async function folderNodes(
  { paths, directory }: Pick<Workspace, "paths" | "directory">,
  path: string,
): Promise<FileNode[]> {
  const folder = await askedPath(paths, path || ".")
  const { entries } = await forClients(() => listDirectory(folder.real, MAX_NODES))
  const ignored = await ignoring(folder)
  // As the client wrote it, where that leads from the folder it knows; else as it is.
  const base = isInside(directory, folder.absolute) ? folder.absolute : folder.real
  const nodes = entries.map(({ name, kind }): FileNode => {
    const absolute = join(base, name)
    const isFolder = kind === "directory"
    return {
      name,
      path: relative(directory, absolute) + (isFolder ? "/" : ""),
      absolute,
      type: isFolder ? "directory" : "file",
      ignored: ignored(name, isFolder),
    }
  })
  return nodes.sort((a, b) => Number(b.type === "directory") - Number(a.type === "directory"))
}

/** What is in an ignored folder is ignored. */
async function ignoring({ real, root }: FileRef & { root: string }) {
  const above = await ignoreRulesAbove(real)
  const rules = await ignoreRulesFor(real, above)
  if (isFolderIgnored(real, root, above)) return () => true
  return (name: string, isFolder: boolean): boolean => isIgnored(join(real, name), isFolder, rules)
}

function isFolderIgnored(folder: string, root: string, rules: IgnoreRules | undefined): boolean {
  for (let at = folder; at !== root && isInside(root, at); at = dirname(at)) {
    const rulesOf = rulesAbove(at, rules)
    if (isIgnored(at, true, rulesOf)) return true
  }
  return false
}

/** Those of the folders above, not of the folder itself. */
function rulesAbove(folder: string, rules: IgnoreRules | undefined): IgnoreRules | undefined {
  let level = rules
  while (level && isInside(folder, level.folder)) level = level.parent
  return level
}
