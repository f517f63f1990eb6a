import { join, relative, sep } from "node:path"
import { filesBelow, readWithin } from "./files-below.ts"
import type { Layer } from "./layers.ts"
import type { FileText } from "./read.ts"

/** What can be defined by a Markdown file each, and in folders of which names. `mode` is an old word for `agent`. */
const KINDS = {
  agent: ["agent", "agents"],
  mode: ["mode", "modes"],
  command: ["command", "commands"],
} as const

export type DefinitionKind = keyof typeof KINDS

/** A file that defines one agent or command. */
export interface Definition {
  kind: DefinitionKind
  /** Its path in the folder without the ending: `review`, `git/commit`. */
  name: string
  file: string
  read(): Promise<FileText & { leadsTo?: string }>
}

/** A folder with configuration in it. */
export interface ConfigFolder {
  layer: Layer
  path: string
  /** Files outside of this folder belong to somebody else, also when a link leads to them. */
  within?: string | undefined
  /** Told of each place that was looked at. */
  seen?: ((path: string) => void) | undefined
}

/** The definitions in a folder, by kind and then by name, so that the order never depends on the disk. */
export async function findDefinitions({ path, within, seen }: Omit<ConfigFolder, "layer">): Promise<Definition[]> {
  const found = await Promise.all(
    (Object.keys(KINDS) as DefinitionKind[]).flatMap((kind) =>
      KINDS[kind].map(async (name) => {
        const folder = join(path, name)
        const files = await filesBelow(folder, { isWanted: (file) => file.endsWith(".md"), told: seen })
        return files.sort().map((file): Definition => {
          const title = relative(folder, file).slice(0, -".md".length).split(sep).join("/")
          return { kind, name: title, file, read: () => readWithin(file, within) }
        })
      }),
    ),
  )
  return found.flat()
}
