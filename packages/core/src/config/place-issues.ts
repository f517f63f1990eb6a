import type { ConfigIssue } from "./issue.ts"
import type { ConfigSnapshot } from "./load.ts"

/** Issues that showed only when all layers were put together, with the file and line that each comes from. */
export const placeIssues = (
  issues: readonly ConfigIssue[],
  { origin, said }: Pick<ConfigSnapshot, "origin" | "said">,
): Promise<ConfigIssue[]> =>
  Promise.all(
    issues.map(async (issue) => {
      const file = issue.file === undefined && issue.path.length > 0 ? origin(issue.path)?.file : undefined
      if (file === undefined) return issue
      const [position] = (await said.findLast((one) => one.file === file)?.locate([issue.path])) ?? []
      return { ...issue, file, ...position }
    }),
  )
