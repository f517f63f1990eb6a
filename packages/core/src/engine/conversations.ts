import { join } from "node:path"
import type { Home } from "../home.ts"
import type { AdmitDeps } from "../session/admit.ts"
import { attachments, type OpenAttachment } from "../session/attachment.ts"
import { createEditHistory, type EditHistory } from "../session/edit-history.ts"
import { listEverywhere, type ListEverywhere } from "../session/everywhere.ts"
import { createExport, type ExportSession } from "../session/export.ts"
import { createFork, type Fork } from "../session/fork.ts"
import { createImport, type ImportSession } from "../session/import.ts"
import { createLanes } from "../session/lanes.ts"
import { createPreparations } from "../session/preparing.ts"
import { createRecovery } from "../session/recover.ts"
import { createSearchSessions, type SearchSessions } from "../session/search.ts"
import { createSessions, type Sessions } from "../session/sessions.ts"
import { createShare, type Share } from "../session/share.ts"
import { configuredCommands, skillCommands } from "../session/command-source.ts"
import { createCommands, type Commands } from "../session/commands.ts"
import { createCompactions, type Compactions } from "../session/summarize.ts"
import { createSweep } from "../session/sweep.ts"
import { createTitles } from "../session/title-request.ts"
import { createUndo, type Undo } from "../session/undo.ts"
import { createUsage, type SessionUsage } from "../session/usage.ts"
import { createExamine, type ExamineSession } from "../turn/examine.ts"
import { toldIn } from "../turn/instructions-near.ts"
import { runTurnIn } from "../turn/seat.ts"
import { createShell, createToolRun, type RunShell, type RunTool, type ShellDeps } from "../turn/shell.ts"
import { sinceCompaction } from "../turn/since-compaction.ts"
import type { FetchedFolders } from "../workspace/fetched.ts"
import type { Settings } from "./generations.ts"
import { explainMentions } from "./references.ts"
import type { Turns } from "./turns.ts"

/** The sessions of a folder, and everything that can be done with one. */
export interface Conversations {
  sessions: Sessions
  commands: Commands
  compaction: Compactions
  usage: SessionUsage
  undo: Undo
  fork: Fork
  editHistory: EditHistory
  runShell: RunShell
  runTool: RunTool
  exportSession: ExportSession
  importSession: ImportSession
  share: Share
  listEverywhere: ListEverywhere
  searchSessions: SearchSessions
  examineSession: ExamineSession
  /** Ends what runs, in the order in which one may still use the other. */
  close(): Promise<void>
}

export interface ConversationsInput {
  home: Home
  settings: Settings
  turns: Turns
  fetched: FetchedFolders
}

export function openConversations({ home, settings, turns, fetched }: ConversationsInput): Conversations {
  const { boundary, env, folders, log, owner, peers, store, version } = home
  const { host } = boundary
  const { agents, models } = settings
  const { hooks, journal, publish, records, registry, seenBy, workspace } = turns.shared

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
  const beforeSpeaking = async (sessionID: string): Promise<void> => {
    await recover(sessionID)
    await undo.finish(sessionID)
  }
  const titles = createTitles({
    models,
    log,
    hooks,
    now: host.now,
    agent: () => agents.get("title"),
    rename: (sessionID, found) => sessions.rename(sessionID, found),
    count: (request) =>
      store.write((tx) => {
        if (store.sessions.get(request.sessionID)) store.ledger.add(tx, request)
      }),
  })
  const openAttachment: OpenAttachment = async (part, sessionID, told) => {
    const { images, config, instructions } = await turns.of(settings.current())
    const near = async (real: string, known: ReadonlySet<string>) => {
      const found = await instructions.near(real, (path) => known.has(path))
      // The history may be long, and few files bring something.
      const before = found.length ? new Set(toldIn(sinceCompaction(store.messages.list(sessionID)))) : known
      return found.filter(({ from }) => !before.has(from))
    }
    return attachments({ workspace, limits: config.limits, images, seenBy, near })(part, sessionID, told)
  }
  const admit: AdmitDeps = {
    host,
    models,
    openAttachment: (part, sessionID, told) =>
      boundary.effect(`attach ${sessionID}`, () => openAttachment(part, sessionID, told)),
    explain: explainMentions(home, () => settings.current().references, fetched),
    mayCome: turns.trust.mayCome,
    agents: { get: agents.get, names: agents.names, default: () => settings.current().agents.default },
  }
  const sessions: Sessions = createSessions({
    ...admit,
    owed: turns.children.owed.take,
    store,
    host,
    workspace,
    lanes,
    preparing,
    records,
    publish,
    recover,
    finishUndo: undo.finish,
    peers,
    hooks,
    nameAfter: titles.ask,
    version,
  })
  const exportSession = createExport({ store, records, sessions })
  const share = createShare({
    store,
    host,
    log,
    publish,
    sessions,
    exportSession,
    config: () => settings.current().config.value,
    folder: join(folders.data, "share"),
    request: home.request,
    allowHost: home.allowHost,
  })
  const commands = createCommands({
    ...admit,
    sources: [
      configuredCommands({ config: () => settings.current().config, isTrusted: home.trusted }),
      skillCommands(() => settings.current().skills),
    ],
    sessions,
    preparing,
    publish,
    hasTasks: () => registry.get("task") !== undefined,
    log,
    effect: boundary.effect,
    async begin(seat) {
      const { environment, config } = await turns.begin(seat)
      return { environment, shell: config.shell }
    },
    start: turns.shared.start,
    directory: workspace.directory,
    paths: workspace.paths,
    home: boundary.folders(folders).home,
  })
  const typed: ShellDeps = {
    turn: async () => ({ ...(await turns.begin()), host: host.lane("shell") }),
    admit,
    lanes,
    makeFinal: undo.makeFinal,
    sessions,
    recover: beforeSpeaking,
  }
  return {
    sessions,
    commands,
    compaction: createCompactions({ store, host, lanes, publish, recover: beforeSpeaking, models, agents }),
    usage: createUsage(store),
    undo,
    fork: createFork({ store, host, publish, sessions, recover, version }),
    editHistory: createEditHistory({ store, host, publish, lanes, sessions, recover, edited: share.edited }),
    runShell: createShell(typed),
    runTool: createToolRun(typed),
    exportSession,
    importSession: createImport({ ...admit, host, store, workspace, publish }),
    share,
    listEverywhere: listEverywhere(store),
    searchSessions: createSearchSessions(store),
    examineSession: createExamine({ store, isBusy: (sessionID) => sessions.status()[sessionID] !== undefined }),
    async close() {
      await preparing.close()
      await titles.close()
      await sessions.close()
      journal.close()
      await share.close()
    },
  }
}
