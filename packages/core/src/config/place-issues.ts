import { parseJson } from "./document.ts"
import { parseFrontmatter } from "./frontmatter.ts"
import type { ConfigIssue } from "./issue.ts"
import { valueAt } from "./json.ts"
import type { Origin } from "./merge.ts"
import { readSmallFile } from "./read.ts"
import { translate, writtenPath } from "./translate.ts"

/**
 * Issues that showed only when all layers were put together, with the file and line that each comes from. Files are
 * read again for it, which only happens when something is wrong. One that is gone or was changed meanwhile is named
 * without a line.
 */
export const placeIssues = (
  issues: readonly ConfigIssue[],
  origin: (path: readonly string[]) => Origin | undefined,
): Promise<ConfigIssue[]> =>
  Promise.all(
    issues.map(async (issue) => {
      const file = issue.file === undefined && issue.path.length > 0 ? origin(issue.path)?.file : undefined
      return file === undefined ? issue : { ...issue, file, ...(await positionIn(file, issue.path)) }
    }),
  )

async function positionIn(file: string, path: string[]): Promise<{ line?: number; column?: number }> {
  const read = await readSmallFile(file)
  if (!("text" in read)) return {}
  const isDefinition = file.endsWith(".md")
  const parsed = await (isDefinition ? parseFrontmatter(read.text) : parseJson(read.text))
  if ("problem" in parsed) return {}
  if (!("value" in parsed)) return (await parsed.locate([path.slice(DEFINED)]))[0] ?? {}
  const has = (member: string[]): boolean => valueAt(parsed.value, member) !== undefined
  return (await parsed.locate([writtenPath(path, translate(parsed.value).renames, has)]))[0] ?? {}
}

/** The kind and the name of what a Markdown file defines stand in the file's own name. */
const DEFINED = 2
