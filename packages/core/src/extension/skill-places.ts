import { isAbsolute, join, resolve } from "node:path"
import type { Config } from "@opencode/protocol/config.ts"
import type { Environment, Folders } from "../config/folders.ts"
import type { Layer } from "../config/layers.ts"
import type { Origin } from "../config/merge.ts"
import { isSet, levelsBetween } from "../config/sources.ts"

export interface SkillSurroundings {
  env: Environment
  folders: Folders
  /** Where the user works. */
  directory: string
  /** The root of the repository around it, or `/`. */
  worktree: string
  config: Pick<Config, "skills">
  origin(path: readonly string[]): Origin | undefined
  /** Links out of the project are followed. */
  isTrusted: boolean
}

/** A folder that holds skills at any depth. */
export interface SkillPlace {
  path: string
  layer: Layer
  /** Files outside of this folder are not read, also not through a link. */
  within?: string | undefined
  /** What the settings call it, who mean a folder that is there. */
  named?: string
}

/** Folders that other programs read skills from too. */
const SHARED = { claude: join(".claude", "skills"), agents: join(".agents", "skills") }
/** Where two in one folder have the same name, that of the later one is taken. */
const OWN = ["skill", "skills"]

/**
 * Where skills may be, lowest first: a skill of a later place hides one of the same name. Those of other programs come
 * below those that were written for this one, and `skills.paths` comes last. Pure.
 */
export function skillPlaces(around: SkillSurroundings): SkillPlace[] {
  const { env, folders, directory, worktree } = around
  const isOff = (name: string) => isSet(env[name])
  const noProject = isOff("OPENCODE_DISABLE_PROJECT_CONFIG")
  const levels = noProject ? [] : levelsBetween(worktree, directory)
  const within = around.isTrusted ? undefined : levels[0]
  const shared = isOff("OPENCODE_DISABLE_EXTERNAL_SKILLS")
    ? []
    : [
        ...(isOff("OPENCODE_DISABLE_CLAUDE_CODE") || isOff("OPENCODE_DISABLE_CLAUDE_CODE_SKILLS")
          ? []
          : [SHARED.claude]),
        SHARED.agents,
      ]
  const user = (path: string): SkillPlace => ({ path, layer: "user" })
  const project = (path: string): SkillPlace => ({ path, layer: "project", within })
  return withoutDoubles([
    ...shared.map((name) => user(join(folders.home, name))),
    ...levels.flatMap((level) => shared.map((name) => project(join(level, name)))),
    ...OWN.map((name) => user(join(folders.config, name))),
    ...levels.flatMap((level) => OWN.map((name) => project(join(level, ".opencode", name)))),
    ...(folders.extraConfig
      ? OWN.map((name): SkillPlace => ({
          path: join(resolve(directory, folders.extraConfig ?? ""), name),
          layer: "environment",
        }))
      : []),
    ...configured(around, within),
  ])
}

/** `skills.paths`: relative to where the user works, whichever file names them. */
function configured({ config, origin, folders, directory }: SkillSurroundings, within?: string): SkillPlace[] {
  return (config.skills?.paths ?? []).map((path, index) => {
    const written = /^~(?=[/\\]|$)/.test(path) ? join(folders.home, path.slice(1)) : path
    const layer = origin(["skills", "paths", String(index)])?.layer ?? "project"
    return {
      path: isAbsolute(written) ? written : resolve(directory, written),
      layer,
      named: path,
      ...(layer === "project" ? { within } : {}),
    }
  })
}

/** A place that is the user's and the project's at once (a project in the home folder) is the user's. */
function withoutDoubles(places: SkillPlace[]): SkillPlace[] {
  const owned = new Set(places.filter(({ layer }) => layer !== "project").map(({ path }) => path))
  return places.filter(({ layer, path }) => layer !== "project" || !owned.has(path))
}
