import { relative } from "node:path"
import { isDeepStrictEqual } from "node:util"
import type { ImportInput, ImportReport } from "@opencode/protocol/intake.ts"
import type { Project } from "@opencode/protocol/project.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { credentialsFile, type Home } from "../home.ts"
import { placesOf, type Places } from "../intake/places.ts"
import type { Source } from "../intake/source.ts"
import { takeIn } from "../intake/take-in.ts"
import { isFault } from "../lib/fault.ts"
import { readCredentials } from "../model/auth.ts"
import type { Workspace } from "../workspace/workspace.ts"

export interface ReportDeps {
  home: Home
  at(directory: string): Promise<{ workspace: Workspace }>
}

/**
 * Takes over what a source has, and says what became of it: the report as JSON, a session on each line, as it comes to
 * be. Does not throw: what stopped it is in the report.
 */
export async function* takeOver(
  source: Source,
  { input, signal }: { input: ImportInput; signal: AbortSignal },
  { home, at }: ReportDeps,
): AsyncGenerator<string, void, undefined> {
  const { store, host, bus, log } = home
  const { from, dryRun = false } = input
  const { folder, sessions } = source
  const problems = [...source.problems]
  const head = { from, folder, dryRun, found: sessions.length }
  yield `${JSON.stringify(head).slice(0, -1)},"sessions":[`
  const rest: Omit<ImportReport, keyof typeof head | "sessions"> = {
    projects: 0,
    credentials: { added: [], kept: [] },
    problems,
  }
  let gap = "\n"
  try {
    const places = placesOf({ store, at, dryRun, projects: source.projects })
    rest.projects = await rememberProjects(places, dryRun, home)
    const settle = async (info: Unsettled): Promise<Session> => settled(info, places)
    const stored = (info: Session, isNew: boolean): void => tell(info, isNew, bus)
    for await (const session of takeIn(source, { store, host, settle, stored, warn: log.warn }, { dryRun, signal })) {
      yield gap + JSON.stringify(session)
      gap = ",\n"
    }
    rest.credentials = await takeCredentials(source.credentials, dryRun, home)
  } catch (error) {
    if (!isFault(error) && !signal.aborted) log.error("an import failed", { error })
    rest.stopped = isFault(error) ? error.message : "It failed; the log says more."
  }
  if (signal.aborted) rest.stopped = "It was aborted."
  yield `\n],${JSON.stringify(rest).slice(1)}\n`
}

async function rememberProjects(places: Places, dryRun: boolean, { store, bus }: Home): Promise<number> {
  const projects = await places.newProjects()
  if (!dryRun && projects.length > 0) {
    await store.write((tx) => {
      for (const project of projects) store.projects.put(tx, project)
    })
    for (const project of projects) bus.publish(undefined, { type: "project.updated", properties: project })
  }
  return projects.filter(isNamed).length
}

/** Folders without a history share one project, which is nobody's. */
const isNamed = ({ id }: Project): boolean => id !== "global"

async function takeCredentials(
  given: Source["credentials"],
  dryRun: boolean,
  { folders, auth }: Home,
): Promise<ImportReport["credentials"]> {
  const here = readCredentials(credentialsFile(folders)) ?? {}
  const added = Object.keys(given).filter((id) => !Object.hasOwn(here, id))
  const kept = Object.keys(given).filter((id) => Object.hasOwn(here, id) && !isDeepStrictEqual(here[id], given[id]))
  if (!dryRun) for (const id of added) await auth.set(id, given[id] ?? { type: "" })
  return { added, kept }
}

function tell(info: Session, isNew: boolean, bus: Home["bus"]): void {
  const scope = { directory: info.directory, projectID: info.projectID }
  bus.publish(scope, {
    type: isNew ? "session.created" : "session.updated",
    properties: { sessionID: info.id, info },
  })
}

type Unsettled = Omit<Session, "projectID"> & { projectID?: string }

async function settled(info: Unsettled, places: Places): Promise<Session> {
  const { directory, projectID, worktree } = await places.of(info)
  return { ...info, directory, projectID, path: info.path ?? relative(worktree, directory) }
}
