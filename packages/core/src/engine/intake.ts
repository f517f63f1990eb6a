import { readdir, rm, stat } from "node:fs/promises"
import { isAbsolute, join, relative } from "node:path"
import { isDeepStrictEqual } from "node:util"
import type { ImportInput, ImportReport, Program } from "@opencode/protocol/intake.ts"
import type { Project } from "@opencode/protocol/project.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { credentialsFile, type Home } from "../home.ts"
import { placesOf, type Places } from "../intake/places.ts"
import type { Source } from "../intake/source.ts"
import { takeIn } from "../intake/take-in.ts"
import { fault, isFault } from "../lib/fault.ts"
import { readCredentials } from "../model/auth.ts"
import { isAlive } from "../store/process-identity.ts"
import type { Workspace } from "../workspace/workspace.ts"

/** Takes over what other programs left on this disk. */
export interface Intake {
  /**
   * One at a time. What it yields is the report as JSON, a session on each line, as it comes to be.
   * @throws fault `not_found` when there is nothing, `bad_request`, `unavailable`, `storage`
   */
  start(input: ImportInput): Promise<Running>
}

export interface Running {
  report: AsyncGenerator<string, void, undefined>
  /** Ends it between two sessions. */
  abort(): void
}

interface IntakeOptions {
  home: Home
  at(directory: string): Promise<{ workspace: Workspace }>
}

/** Begins the name of the folder for copies; the rest is the process. */
const SCRATCH = "import-"

type Credentials = ImportReport["credentials"]

export function createIntake({ home, at }: IntakeOptions): Intake {
  const { store, host, folders, env, auth, bus, log } = home
  /** Beside the database, so that a copy of another one costs nothing where the file system can share blocks. */
  const scratch = join(folders.data, `${SCRATCH}${home.owner.pid}`)
  let isRunning = false

  /** Copies of processes that died while they read them. */
  async function sweep(): Promise<void> {
    for (const name of await readdir(folders.data)) {
      const pid = name.startsWith(SCRATCH) ? Number(name.slice(SCRATCH.length)) : NaN
      if (Number.isInteger(pid) && !isAlive({ pid }))
        await rm(join(folders.data, name), { recursive: true, force: true })
    }
  }

  async function open({ from, folder }: ImportInput): Promise<Source> {
    // From where this process was started means nothing to who asks.
    if (folder !== undefined && !isAbsolute(folder))
      throw fault("bad_request", `${folder} is not an absolute path.`, { kind: "Payload" })
    const place = folder ?? defaultFolder(from)
    if (!(await stat(place).catch(() => undefined)))
      throw fault("not_found", `There is no ${place}.`, { folder: place })
    if (from === "opencode") {
      const { openOpencode } = await import("../intake/opencode.ts")
      return openOpencode({ folder: place, scratch, host, credentialsFile: credentialsFile(folders) })
    }
    if (from === "claude-code") {
      const { openClaudeCode } = await import("../intake/claude-code.ts")
      return openClaudeCode(place)
    }
    const { openCodex } = await import("../intake/codex.ts")
    return openCodex(place)
  }

  const defaultFolder = (from: Program): string => {
    if (from === "opencode") return folders.data
    if (from === "claude-code") return env.CLAUDE_CONFIG_DIR || join(folders.home, ".claude")
    return env.CODEX_HOME || join(folders.home, ".codex")
  }

  async function takeCredentials(given: Source["credentials"], dryRun: boolean): Promise<Credentials> {
    const here = readCredentials(credentialsFile(folders)) ?? {}
    const added = Object.keys(given).filter((id) => !Object.hasOwn(here, id))
    const kept = Object.keys(given).filter((id) => Object.hasOwn(here, id) && !isDeepStrictEqual(here[id], given[id]))
    if (!dryRun) for (const id of added) await auth.set(id, given[id] ?? { type: "" })
    return { added, kept }
  }

  async function* report(source: Source, { from, dryRun = false }: ImportInput, signal: AbortSignal) {
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
      rest.projects = await rememberProjects(places, dryRun)
      const settle = async (info: Parameters<typeof settled>[0]): Promise<Session> => settled(info, places)
      const stored = (info: Session, isNew: boolean): void => tell(info, isNew)
      for await (const session of takeIn(source, { store, host, settle, stored, warn: log.warn }, { dryRun, signal })) {
        yield gap + JSON.stringify(session)
        gap = ",\n"
      }
      rest.credentials = await takeCredentials(source.credentials, dryRun)
    } catch (error) {
      if (!isFault(error) && !signal.aborted) log.error("an import failed", { error })
      rest.stopped = isFault(error) ? error.message : "It failed; the log says more."
    }
    if (signal.aborted) rest.stopped = "It was aborted."
    yield `\n],${JSON.stringify(rest).slice(1)}\n`
  }

  async function rememberProjects(places: Places, dryRun: boolean): Promise<number> {
    const projects = await places.newProjects()
    if (!dryRun && projects.length > 0) {
      await store.write((tx) => {
        for (const project of projects) store.projects.put(tx, project)
      })
      for (const project of projects) bus.publish(undefined, { type: "project.updated", properties: project })
    }
    return projects.filter(isNamed).length
  }

  function tell(info: Session, isNew: boolean): void {
    const scope = { directory: info.directory, projectID: info.projectID }
    bus.publish(scope, {
      type: isNew ? "session.created" : "session.updated",
      properties: { sessionID: info.id, info },
    })
  }

  return {
    async start(input) {
      if (isRunning) throw fault("unavailable", "Another import is running.")
      isRunning = true
      const aborted = new AbortController()
      const end = async (source?: Source): Promise<void> => {
        source?.close()
        await rm(scratch, { recursive: true, force: true })
        isRunning = false
      }
      let source: Source
      try {
        await sweep()
        source = await open(input)
      } catch (error) {
        await end()
        throw error
      }
      const lines = report(source, input, aborted.signal)
      return {
        abort: () => aborted.abort(fault("aborted", "It was aborted.")),
        report: ended(lines, () => end(source)),
      }
    },
  }
}

/** Folders without a history share one project, which is nobody's. */
const isNamed = ({ id }: Project): boolean => id !== "global"

async function* ended<T>(inner: AsyncGenerator<T>, end: () => Promise<void>): AsyncGenerator<T, void, undefined> {
  try {
    yield* inner
  } finally {
    await end()
  }
}

async function settled(info: Omit<Session, "projectID"> & { projectID?: string }, places: Places): Promise<Session> {
  const { directory, projectID, worktree } = await places.of(info)
  return { ...info, directory, projectID, path: info.path ?? relative(worktree, directory) }
}
