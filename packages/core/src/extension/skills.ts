import { dirname } from "node:path"
import { isSame, takeStamp, type Stamp } from "../config/stamp.ts"
import { filesBelow, readWithin } from "../config/files-below.ts"
import type { Log } from "../lib/log.ts"
import type { Request } from "../model/request.ts"
import { BUILT_IN, type FoundSkill, type FoundSkills, type SkillIssue } from "./skill.ts"
import { readSkill } from "./skill-file.ts"
import { skillPlaces, type SkillPlace, type SkillSurroundings } from "./skill-places.ts"

/** The skills of one folder under one reading of its settings. Nothing is read before somebody asks. */
export interface Skills {
  /** As they are on disk now: read again when something there has changed. Never fails; what cannot be read is an issue. */
  list(): Promise<FoundSkills>
  /** For a turn or a command, whose course depends on it. From here on `known` has them. */
  load(sessionID: string): Promise<readonly KnownSkill[]>
  /** What was loaded last; nothing before. */
  known(): readonly KnownSkill[]
  /** What the model reads. Undefined for one that is gone. */
  text(name: string): Promise<string | undefined>
}

/** All that is told of a skill before somebody wants it. */
export type KnownSkill = Omit<FoundSkill, "content">

export interface SkillsDeps {
  around: SkillSurroundings
  request: Request
  allowHost(host: string): void
  log: Pick<Log, "warn">
  now(): number
  /** Of the boundary: what turns are told has to come back in a replay. */
  effect<T>(what: string, run: () => Promise<T>): Promise<T>
  /** Folders of the user's own skills, which are read without a question. */
  allow(folders: string[]): Promise<void>
}

/** Each is a line of what the model is told in every request. */
const MAX_SKILLS = 500

export function openSkills(deps: SkillsDeps): Skills {
  let listed: Promise<Listed> | undefined
  let known: readonly KnownSkill[] = []

  async function list(): Promise<FoundSkills> {
    const before = await listed
    if (before && !(await isSame(before.stamp))) listed = undefined
    listed ??= findSkills(deps)
    return listed
  }

  async function load(sessionID: string): Promise<readonly KnownSkill[]> {
    const found = await deps.effect(`skills ${sessionID}`, async () =>
      (await list()).skills.map(({ content: _, ...skill }) => skill),
    )
    // Those of the project lie in it, or lead out of it by links that nobody vouches for.
    await deps.allow(found.flatMap(({ folder, layer }) => (folder && layer !== "project" ? [folder] : [])))
    known = found
    return found
  }

  return {
    list,
    load,
    known: () => known,
    text: async (wanted) => (await list()).skills.find(({ name }) => name === wanted)?.content,
  }
}

interface Listed extends FoundSkills {
  stamp: Stamp
}

async function findSkills(deps: SkillsDeps): Promise<Listed> {
  const looked = new Set<string>()
  const seen = (path: string): void => void looked.add(path)
  const since = deps.now()
  const { places, issues } = await withDownloads(skillPlaces(deps.around), deps)
  const byName = new Map<string, FoundSkill>([await builtIn()])
  for (const place of places) {
    for (const { skill, issues: own } of await skillsIn(place, seen)) {
      issues.push(...own)
      if (!skill) continue
      const hidden = byName.get(skill.name)
      if (hidden && hidden.layer !== "builtin") issues.push(hides(skill, hidden))
      byName.set(skill.name, skill)
    }
  }
  for (const { message, ...facts } of issues) deps.log.warn(message, facts)
  const skills = [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  return { skills: skills.slice(0, MAX_SKILLS), issues, stamp: await takeStamp(looked, since) }
}

const LINK = "it is a link to something outside of this project, which is followed with --trust"

async function builtIn(): Promise<[string, FoundSkill]> {
  const { CUSTOMIZE } = await import("./customize.prompt.ts")
  return [CUSTOMIZE.name, { ...CUSTOMIZE, location: BUILT_IN, layer: "builtin" }]
}

const hides = (skill: FoundSkill, { location, name }: FoundSkill): SkillIssue => ({
  severity: "warning",
  message: `It is used instead of the skill "${name}" in ${location}.`,
  file: skill.location,
})

async function withDownloads(
  places: SkillPlace[],
  { around, ...deps }: SkillsDeps,
): Promise<{ places: SkillPlace[]; issues: SkillIssue[] }> {
  const urls = around.config.skills?.urls ?? []
  const issues: SkillIssue[] = []
  if (!urls.length) return { places, issues }
  const { downloadFolder, downloadSkills } = await import("./skill-download.ts")
  const { cache } = around.folders
  const fetched = urls.map(async (url): Promise<SkillPlace> => {
    const problem = await downloadSkills(url, { ...deps, cache })
    if (problem !== undefined) issues.push({ severity: "warning", message: problem, file: url })
    return { path: downloadFolder(cache, url), layer: "user" }
  })
  return { places: [...places, ...(await Promise.all(fetched))], issues }
}

type Read = Awaited<ReturnType<typeof readSkill>>

async function skillsIn({ path, layer, within }: SkillPlace, seen: (path: string) => void): Promise<Read[]> {
  const files = await filesBelow(path, { isWanted: (name) => name === "SKILL.md", within, told: seen })
  const found: Read[] = []
  for (const file of files.sort()) {
    seen(file)
    const read = await readWithin(file, within)
    // Gone since it was listed, or a link to nowhere.
    if ("missing" in read) continue
    const problem = read.leadsTo === undefined ? "problem" in read && read.problem : LINK
    if (problem || !("text" in read)) {
      const message = `The skill in ${dirname(file)} is left out: ${problem}.`
      found.push({ issues: [{ severity: "error", message, file }] })
    } else found.push(await readSkill({ text: read.text, file, layer }))
  }
  return found
}
