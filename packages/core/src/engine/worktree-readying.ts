import type { Home } from "../home.ts"
import { fillWorktree } from "../workspace/linked-worktrees.ts"
import type { Workspace } from "../workspace/workspace.ts"

/** What comes after a worktree is there: its files, then its start commands. Nobody waits for it; events tell of it. */
export interface Readying {
  begin(place: Place & { branch: string }, from: { git: Workspace["git"]; startCommand?: string }): void
  /** Its start commands, where the files are there already. */
  start(place: Place): void
  /** Its files are there, or did not come. */
  filled(directory: string): Promise<void>
  /** Whether it is being made ready, start commands included. */
  isStarting(directory: string): boolean
  close(): Promise<void>
}

export interface Startable {
  /** @returns what went wrong */
  runStart(command: string, signal: AbortSignal): Promise<string | undefined>
}

interface Place {
  directory: string
  name: string
  projectID: string
}

interface ReadyingDeps {
  home: Pick<Home, "store" | "bus" | "log">
  at(directory: string): Promise<Startable>
}

export function createReadying({ home, at }: ReadyingDeps): Readying {
  const { store, bus, log } = home
  const working = new Set<Promise<void>>()
  const filling = new Map<string, Promise<boolean>>()
  const starting = new Set<string>()
  const closing = new AbortController()

  function fail({ directory, projectID }: Place, message: string): void {
    log.warn("a worktree failed", { directory, message })
    bus.publish({ directory, projectID }, { type: "worktree.failed", properties: { message } })
  }

  /** @returns whether its files are there */
  async function fill(place: Place & { branch: string }, git: Workspace["git"]): Promise<boolean> {
    const { name, branch, directory, projectID } = place
    const problem = await fillWorktree(git, directory, closing.signal)
    if (problem === undefined) {
      await at(directory)
      bus.publish({ directory, projectID }, { type: "worktree.ready", properties: { name, branch } })
    } else if (!closing.signal.aborted) fail(place, `The worktree ${name} could not be filled: ${problem}`)
    return problem === undefined
  }

  async function start(place: Place, extra?: string): Promise<void> {
    const commands = [store.projects.get(place.projectID)?.commands?.start, extra]
    for (const command of commands.filter((text): text is string => Boolean(text?.trim()))) {
      const problem = await (await at(place.directory)).runStart(command, closing.signal)
      if (closing.signal.aborted) return
      if (problem !== undefined) return fail(place, `The start command of the worktree ${place.name} ${problem}`)
    }
  }

  function inBackground(place: Place, work: () => Promise<void>): void {
    starting.add(place.directory)
    const done = work()
      .catch((error: unknown) => {
        log.error("a worktree was left half-way", { error, directory: place.directory })
        fail(place, `The worktree ${place.name} could not be made ready.`)
      })
      .finally(() => {
        starting.delete(place.directory)
        working.delete(done)
      })
    working.add(done)
  }

  return {
    begin(place, { git, startCommand }) {
      const { directory } = place
      const files = fill(place, git)
      filling.set(directory, files)
      inBackground(place, async () => {
        const isFilled = await files.finally(() => filling.delete(directory))
        if (isFilled) await start(place, startCommand)
      })
    },
    start: (place) => inBackground(place, () => start(place)),
    filled: async (directory) => void (await filling.get(directory)?.catch(() => false)),
    isStarting: (directory) => starting.has(directory),
    async close() {
      closing.abort()
      await Promise.allSettled(working)
    },
  }
}
