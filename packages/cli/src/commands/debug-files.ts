import { extname, relative, resolve } from "node:path"
import { askedPath, forClients } from "@opencode/core/workspace/asked-path.ts"
import { readAllBytes } from "@opencode/core/workspace/files.ts"
import { sniffMime } from "@opencode/core/workspace/sniff.ts"
import type { FileNode, FoundText } from "@opencode/protocol/file.ts"
import { dataOf, openDoor, type Door } from "../door.ts"
import { out } from "../out.ts"
import { workingFolder } from "../workplace.ts"

/** What a terminal shows; more is asked for with `--limit`. */
const DEFAULT_LINES = 100_000
/** Where the API gives at most so many, the search itself is asked. */
const DEFAULT_MATCHES = 1_000
/** It is printed whole, a third larger. */
const MAX_FILE_BYTES = 64 * 1024 * 1024

export const listFiles = ({ query, glob, limit = DEFAULT_LINES }: { query?: string; glob?: string; limit?: number }) =>
  withDoor(async ({ composition, directory }) => {
    const { workspace, finder } = await composition.engines.at(directory)
    const { files } = await workspace.search.listFiles({
      cwd: workspace.directory,
      ...(glob === undefined ? {} : { glob }),
      limit: query === undefined ? limit : DEFAULT_LINES,
    })
    const names = files.map((file) => relative(workspace.directory, file))
    if (query === undefined) return lines(names)
    const wanted = new Set(names)
    const found = await finder.find({ query, limit: DEFAULT_LINES, kind: "file" })
    return lines(found.filter((name) => wanted.has(name)).slice(0, limit))
  })

export const searchText = (pattern: string, { glob, limit = DEFAULT_MATCHES }: { glob?: string[]; limit?: number }) =>
  withDoor(async ({ composition, directory }) => {
    const { workspace } = await composition.engines.at(directory)
    const cwd = workspace.directory
    const include = glob?.length === 1 ? glob[0] : glob && `{${glob.join(",")}}`
    const fitting =
      include && new Set((await workspace.search.listFiles({ cwd, glob: include, limit: DEFAULT_LINES })).files)
    const found = await workspace.search.find({ cwd, pattern, limit: fitting ? DEFAULT_LINES : limit })
    const shown = fitting ? found.filter(({ path }) => fitting.has(resolve(cwd, path.text))) : found
    out.line(JSON.stringify(shown.slice(0, limit).map(match), null, 2))
  })

const match = ({ path, lines: { text }, line_number: line, absolute_offset: offset, submatches }: FoundText) => ({
  entry: { path: path.text, type: "file" },
  line,
  offset,
  text,
  submatches: submatches.map(({ match: { text: found }, start, end }) => ({ text: found, start, end })),
})

export const readFile = (path: string) =>
  withDoor(async ({ composition, directory }) => {
    const { workspace } = await composition.engines.at(directory)
    const { real } = await askedPath(workspace.paths, path)
    const bytes = await forClients(() => readAllBytes(real, MAX_FILE_BYTES))
    const mime = sniffMime(bytes) ?? TEXTS[extname(path).toLowerCase()] ?? "text/plain"
    out.line(JSON.stringify({ content: bytes.toString("base64"), encoding: "base64", mime }, null, 2))
  })

const TEXTS: Record<string, string> = {
  ".css": "text/css",
  ".csv": "text/csv",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".md": "text/markdown",
}

export const listFolder = (path: string) =>
  withDoor(async ({ client }) => {
    const nodes = dataOf(await client.file.list({ path })) as FileNode[]
    out.line(
      JSON.stringify(
        nodes.map(({ path: at, type }) => ({ path: at, type })),
        null,
        2,
      ),
    )
  })

export const findFiles = (query: string) =>
  withDoor(async ({ client }) => lines(dataOf(await client.find.files({ query })) as string[]))

function lines(names: string[]): void {
  if (names.length > 0) out.line(names.join("\n"))
}

async function withDoor(act: (door: Door) => Promise<void>): Promise<void> {
  const door = await openDoor(workingFolder(undefined))
  try {
    await act(door)
  } finally {
    await door.close()
  }
}
