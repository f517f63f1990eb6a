import type { Config } from "@opencode/protocol/config.ts"
import { isInside } from "../workspace/paths.ts"
import { createMerge, type Origin } from "./merge.ts"
import { projectLevels, type Places, type Source } from "./sources.ts"

/**
 * What a file of a project is compared with: the layers below the project, and the files of the folders around its own.
 * Not the other files of its own folder: who wrote a rule there may take it back beside it.
 */
export interface Levels {
  add(config: Config, origin: Origin, source: Pick<Source, "level">): void
  below(source: Pick<Source, "level">): Config
}

export function createLevels(places: Pick<Places, "directory" | "worktree">): Levels {
  const levels = projectLevels(places).map((level) => ({ level, merge: createMerge() }))
  return {
    add(config, origin, { level: from }) {
      for (const { level, merge } of levels)
        if (from === undefined || (from !== level && isInside(from, level))) merge.add(config, origin)
    },
    below: ({ level: from }) => levels.find(({ level }) => level === from)?.merge.value ?? {},
  }
}
