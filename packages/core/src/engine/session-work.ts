import type { Home } from "../home.ts"
import { createLanes, type Lanes } from "../session/lanes.ts"
import { createPreparations, type Preparations } from "../session/preparing.ts"
import { createRecovery } from "../session/recover.ts"
import { createSweep } from "../session/sweep.ts"
import { createUndo, type Undo } from "../session/undo.ts"
import { runTurnIn } from "../turn/seat.ts"
import type { Turns } from "./turns.ts"

/** Who is at work in a session, and what puts it right before. These need one another, so they are opened together. */
export interface SessionWork {
  preparing: Preparations
  lanes: Lanes
  undo: Undo
  /** Closes what a process that died left open. */
  recover(sessionID: string): Promise<void>
  /** As `recover`, with an undoing done to its end that what is said next makes final. */
  beforeSpeaking(sessionID: string): Promise<void>
}

export function openSessionWork({ home, turns }: { home: Home; turns: Turns }): SessionWork {
  const { boundary, env, log, owner, peers, store } = home
  const { host } = boundary
  const { publish, registry, workspace } = turns.shared

  const preparing = createPreparations({ publish, isInTurn: (sessionID) => lanes.status()[sessionID] !== undefined })
  const lanes = createLanes({
    store,
    owner,
    peers,
    now: host.now,
    publish,
    log,
    runTurn: runTurnIn({
      publish,
      log,
      host,
      open: async (seat) => ({ ...(await turns.begin(seat)), host: host.lane(`turn ${seat.sessionID}`) }),
    }),
    makeFinal: (tx, sessionID) => undo.makeFinal(tx, sessionID),
    staysBusy: (sessionID) => preparing.busy().includes(sessionID),
  })
  const recover = createRecovery({
    store,
    host,
    lanes,
    publish,
    owner,
    sweep: createSweep({ env, log }),
    isUnsafe: (tool) => (registry.get(tool)?.effect ?? "unsafe") === "unsafe",
  })
  const undo = createUndo({
    store,
    host,
    workspace,
    lanes,
    publish,
    diffs: turns.diffs,
    recover,
    recordsChanges: (tool) => registry.get(tool)?.recordsChanges ?? false,
  })
  return {
    preparing,
    lanes,
    undo,
    recover,
    async beforeSpeaking(sessionID) {
      await recover(sessionID)
      await undo.finish(sessionID)
    },
  }
}
