import { resolve } from "node:path"
import { createConfigEdits, type ConfigEdits } from "./engine/config-edits.ts"
import { createIntake, type Intake } from "./engine/intake.ts"
import { createProjects, type Projects } from "./engine/projects.ts"
import { createStorage, type Storage } from "./engine/storage.ts"
import { createUpgrade, type Upgrade } from "./engine/upgrade.ts"
import { createWorktrees, type Worktrees } from "./engine/worktrees.ts"
import { openEngine, type Engine } from "./engine.ts"
import type { Home } from "./home.ts"
import { peerService } from "./peer-service.ts"
import { sessionNotFound } from "./session/require.ts"
import { mayBeReverted } from "./session/undo-result.ts"
import { createStats, type GetStats } from "./session/stats.ts"
import { forClients } from "./workspace/asked-path.ts"
import { canonicalPath } from "./workspace/canonical.ts"

/** The engines of one process, one per folder, opened when somebody first asks for the folder. */
export interface Engines {
  at(directory: string): Promise<Engine>
  /** The engine that a session belongs to, also when its folder is gone. @throws fault `session_not_found` */
  of(sessionID: string): Promise<Engine>
  /**
   * The JSON of a session. Its folder is opened only if an undoing there was cut short and has to be finished first.
   * @throws fault `session_not_found`
   */
  readText(sessionID: string): Promise<string>
  /** Those that are open. */
  open(): Promise<Engine[]>
  /** Changes of the settings on disk. */
  config: ConfigEdits
  projects: Projects
  stats: GetStats
  storage: Storage
  /** What other programs left on this disk. */
  intake: Intake
  worktrees: Worktrees
  upgrade: Upgrade
  close(): Promise<void>
}

/**
 * Folders that are open at once. A client may name any number of them, and each holds its settings; beyond this the one
 * that nobody used for longest is closed.
 */
const MAX_ENGINES = 50

export function createEngines(home: Home): Engines {
  /** By canonical folder, least recently used first: two names of one folder must not get two engines. */
  const engines = new Map<string, Promise<Engine>>()
  const state = { closing: false }

  async function at(name: string, mayBeGone = false): Promise<Engine> {
    const directory = engines.has(name) ? name : await forClients(() => canonicalPath(resolve(name)))
    const known = engines.get(directory)
    const engine = known ?? openEngine(home, directory, mayBeGone)
    engines.delete(directory)
    engines.set(directory, engine)
    if (!known) {
      engine.catch(() => engines.delete(directory))
      if (engines.size > MAX_ENGINES) await closeOne(directory)
    }
    return engine
  }

  async function closeOne(except: string): Promise<void> {
    for (const [directory, opening] of engines) {
      if (directory !== except && (await release(directory, opening))) return
    }
  }

  /** @returns false for one that is in use */
  async function release(directory: string, opening = engines.get(directory)): Promise<boolean> {
    const engine = await opening?.catch(() => undefined)
    if (!engine || isInUse(engine) || worktrees.isStarting(directory) || engines.get(directory) !== opening)
      return false
    engines.delete(directory)
    await engine.close()
    return true
  }

  const open = async (): Promise<Engine[]> => {
    const settled = await Promise.allSettled(engines.values())
    return settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []))
  }

  async function reload(directory?: string): Promise<void> {
    const concerned = (await open()).filter(({ scope }) => directory === undefined || scope.directory === directory)
    await Promise.all(concerned.map(({ settings }) => settings.reload()))
  }

  const projects = createProjects({ home, at: (directory) => at(directory), release })
  const worktrees = createWorktrees({
    home,
    at: (directory) => at(directory),
    leave: async (directory) => !engines.has(directory) || release(directory),
    tell: projects.tell,
  })
  const self: Engines = {
    config: createConfigEdits({ home, reload }),
    projects,
    intake: createIntake({ home, at: (directory) => at(directory) }),
    worktrees,
    upgrade: createUpgrade(home),
    stats: createStats(home.store, home.host.now),
    storage: createStorage(home),
    at: (directory) => at(directory),
    open,
    async of(sessionID) {
      const directory = home.store.sessions.directory(sessionID)
      if (directory === undefined) throw sessionNotFound(sessionID)
      return at(directory, true)
    },
    async readText(sessionID) {
      const text = home.store.sessions.text(sessionID)
      if (text === undefined) throw sessionNotFound(sessionID)
      if (!mayBeReverted(text)) return text
      return JSON.stringify(await (await self.of(sessionID)).sessions.read(sessionID))
    },
    async close() {
      state.closing = true
      home.boundary.closing()
      await worktrees.close()
      await Promise.all((await open()).map((engine) => engine.close()))
      engines.clear()
    },
  }
  const service = peerService({
    engines: self,
    bus: home.bus,
    now: home.host.now,
    isOurs: (sessionID) => home.store.leases.get(sessionID)?.pid === home.owner.pid,
    isClosing: () => state.closing,
  })
  if (home.boundary.hasPeers) home.peers.serve(service)
  return self
}

const isInUse = ({ sessions, gate, questions, screen, ptys }: Engine): boolean =>
  Object.keys(sessions.status()).length > 0 ||
  gate.list().length > 0 ||
  questions.list().length > 0 ||
  screen.isWaitedFor() ||
  ptys.list().length > 0
