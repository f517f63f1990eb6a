import { stat } from "node:fs/promises"
import { join } from "node:path"
import type { TrustItem } from "@opencode/protocol/trust.ts"
import { canonicalPath } from "../workspace/canonical.ts"
import type { LoadOptions } from "./load.ts"
import type { Merge } from "./merge.ts"
import type { CodeFilesInput } from "./code-files.ts"
import { isSet, projectLevels } from "./sources.ts"

export interface ConfigTrust {
  /** All of it, approved or not. */
  readonly items: readonly TrustItem[]
  /** What nobody had approved when it was read, and is not in effect. */
  readonly pending: readonly TrustItem[]
  /** Whether the shell pieces of a command may run: they are not a project's, or somebody approved this command. */
  mayRunShell(command: string): boolean
}

export function configTrust(
  items: readonly TrustItem[],
  { origin }: Merge,
  { trusted, trust }: Pick<LoadOptions, "trusted" | "trust">,
): ConfigTrust {
  const pending = trusted ? [] : items.filter((item) => !trust?.allows(item))
  return {
    items,
    pending,
    mayRunShell(command) {
      const at = origin(["command", command, "template"])
      if (trusted || (at !== undefined && at.layer !== "project")) return true
      // One that is too long to be shown has no item, and nobody can have approved it.
      return items.some(
        (item) =>
          item.kind === "command" && item.path[1] === command && item.file === at?.file && !pending.includes(item),
      )
    },
  }
}

/** The files of the project that are code for this program. */
export async function projectCode(
  options: LoadOptions,
  looking: Pick<CodeFilesInput, "seen" | "budget">,
): Promise<TrustItem[]> {
  if (isSet(options.env.OPENCODE_DISABLE_PROJECT_CONFIG)) return []
  const items: TrustItem[] = []
  const levels = projectLevels(options)
  for (const level of levels) {
    const folder = join(level, ".opencode")
    if (!(await stat(folder).catch(() => undefined))) continue
    const { codeFiles } = await import("./code-files.ts")
    const [bound, within] = [await canonicalPath(level), await canonicalPath(levels[0] ?? level)]
    items.push(...(await codeFiles({ folder, bound, within, home: options.folders.home, ...looking })))
  }
  return items
}
