import { join } from "node:path"
import type { Home } from "../home.ts"
import type { AdmitDeps } from "../session/admit.ts"
import { configuredCommands, skillCommands } from "../session/command-source.ts"
import { createCommands, type Commands } from "../session/commands.ts"
import { createEditHistory, type EditHistory } from "../session/edit-history.ts"
import { listEverywhere, type ListEverywhere } from "../session/everywhere.ts"
import { createExport, type ExportSession } from "../session/export.ts"
import { createFork, type Fork } from "../session/fork.ts"
import { createImport, type ImportSession } from "../session/import.ts"
import { createSearchSessions, type SearchSessions } from "../session/search.ts"
import { createSessions, type Sessions } from "../session/sessions.ts"
import { createShare, type Share } from "../session/share.ts"
import { createCompactions, type Compactions } from "../session/summarize.ts"
import { createTitles, type Titles } from "../session/title-request.ts"
import type { Undo } from "../session/undo.ts"
import { createUsage, type SessionUsage } from "../session/usage.ts"
import { createExamine, type ExamineSession } from "../turn/examine.ts"
import { createShell, createToolRun, type RunShell, type RunTool, type ShellDeps } from "../turn/shell.ts"
import type { FetchedFolders } from "../workspace/fetched.ts"
import { openAdmitting } from "./admitting.ts"
import type { Settings } from "./generations.ts"
import { openSessionWork, type SessionWork } from "./session-work.ts"
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

/** What can be done with a session uses these. */
interface Common extends ConversationsInput {
  work: SessionWork
  admit: AdmitDeps
  sessions: Sessions
  exportSession: ExportSession
}

export function openConversations(input: ConversationsInput): Conversations {
  const { home, settings, turns } = input
  const { boundary, store, version } = home
  const { host } = boundary
  const { journal, publish, records, workspace } = turns.shared
  const { models, agents } = settings

  const work = openSessionWork(input)
  const { preparing, lanes, recover, undo, beforeSpeaking } = work
  const admit = openAdmitting(input)
  const { sessions, titles } = openSessions({ ...input, work, admit })
  const exportSession = createExport({ store, records, sessions })
  const common: Common = { ...input, work, admit, sessions, exportSession }
  const share = openShare(common)
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
    commands: openCommands(common),
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

/** The sessions, and what asks for their names: each tells the other. */
function openSessions(input: Pick<Common, "home" | "settings" | "turns" | "work" | "admit">): {
  sessions: Sessions
  titles: Titles
} {
  const { home, settings, turns, work, admit } = input
  const { boundary, log, peers, store, version } = home
  const { host } = boundary
  const { hooks, publish, records, workspace } = turns.shared
  const titles = createTitles({
    models: settings.models,
    log,
    hooks,
    now: host.now,
    agent: () => settings.agents.get("title"),
    rename: (sessionID, found) => sessions.rename(sessionID, found),
    count: (request) =>
      store.write((tx) => {
        if (store.sessions.get(request.sessionID)) store.ledger.add(tx, request)
      }),
  })
  const sessions: Sessions = createSessions({
    ...admit,
    owed: turns.children.owed.take,
    store,
    host,
    workspace,
    lanes: work.lanes,
    preparing: work.preparing,
    records,
    publish,
    recover: work.recover,
    finishUndo: work.undo.finish,
    peers,
    hooks,
    nameAfter: titles.ask,
    version,
  })
  return { sessions, titles }
}

function openShare({ home, settings, turns, sessions, exportSession }: Common): Share {
  const { boundary, folders, log, store } = home
  return createShare({
    store,
    host: boundary.host,
    log,
    publish: turns.shared.publish,
    sessions,
    exportSession,
    config: () => settings.current().config.value,
    folder: join(folders.data, "share"),
    request: home.request,
    allowHost: home.allowHost,
  })
}

function openCommands({ home, settings, turns, work, admit, sessions }: Common): Commands {
  const { boundary, folders, log } = home
  const { publish, registry, start, workspace } = turns.shared
  return createCommands({
    ...admit,
    sources: [
      configuredCommands({ config: () => settings.current().config, isTrusted: home.trusted }),
      skillCommands(() => settings.current().skills),
    ],
    sessions,
    preparing: work.preparing,
    publish,
    hasTasks: () => registry.get("task") !== undefined,
    log,
    effect: boundary.effect,
    async begin(seat) {
      const { environment, config } = await turns.begin(seat)
      return { environment, shell: config.shell }
    },
    start,
    directory: workspace.directory,
    paths: workspace.paths,
    home: boundary.folders(folders).home,
  })
}
