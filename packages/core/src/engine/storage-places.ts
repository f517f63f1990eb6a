import { dirname, join } from "node:path"
import type { StorageName } from "@opencode/protocol/storage.ts"
import type { Folders } from "../config/folders.ts"
import { namesIn } from "../lib/walk-files.ts"
import { TRUST_FILE } from "../permission/trust.ts"

/**
 * What the program keeps, where, and what of it may go. Only what can be had again or was left behind is ever removed;
 * conversations and undo go with their sessions.
 */
export interface StoragePlace {
  name: StorageName
  about: string
  /** Names with a `*` stand for all that fit it: `pathsOf`. */
  paths: string[]
  cleaning: string
  /** Files that nobody changed for so long are removed. Absent: none are. */
  olderThanMs?: number
  /** Only of these, relative to the path. Absent: any. */
  only?: RegExp
  /** Folders at this depth go or stay as wholes: one young file keeps all of it. Absent: each file by itself. */
  wholesAt?: number
  /** Not without being asked for by its name: it may have to be fetched again. */
  byName?: true
}

const DAY_MS = 24 * 60 * 60 * 1000
/** Models are told where the whole output lies, and may look again while a piece of work lasts. */
const OUTPUT_MS = 7 * DAY_MS
/** Whoever goes back to an older version does it soon. */
const BACKUP_MS = 30 * DAY_MS

export function storagePlaces(folders: Folders, database: string): StoragePlace[] {
  const { data, cache, state, temp, log, toolOutput } = folders
  const isOwn = database === join(data, "store.db")
  return [
    {
      name: "database",
      about: "conversations, and what they cost",
      paths: [database, `${database}-wal`, `${database}-shm`],
      cleaning: "gives back to the system what removed sessions left",
    },
    {
      name: "backups",
      about: "the database as it was before an update of the program",
      // Also one that a crash left unfinished.
      paths: [`${database}.before-*`],
      cleaning: "removes those older than 30 days, when asked for by name",
      olderThanMs: BACKUP_MS,
      byName: true,
    },
    {
      name: "texts",
      about: "long texts of conversations",
      paths: [isOwn ? join(data, "blobs") : `${database}.blobs`],
      cleaning: "removes what crashes left behind; the rest goes with its sessions",
    },
    {
      name: "undo",
      about: "files as they were before the agent changed them",
      paths: [isOwn ? join(data, "contents") : `${database}.contents`],
      cleaning: "nothing: it keeps itself below 2 GB, and goes with its sessions",
    },
    {
      name: "snapshots",
      about: "copies of project files, to see what a command changes",
      paths: [join(data, "snapshot")],
      cleaning: "removes those of folders that were not used for a day; they are made again",
      olderThanMs: DAY_MS,
      wholesAt: 1,
    },
    {
      name: "outputs",
      about: "whole outputs of tools that were too long for the model",
      paths: [toolOutput],
      cleaning: "removes those older than 7 days",
      olderThanMs: OUTPUT_MS,
    },
    {
      name: "references",
      about: "repositories that settings refer to",
      paths: [join(data, "repos")],
      cleaning: "removes those not used for a day, when asked for by name; they are fetched again when opened",
      olderThanMs: DAY_MS,
      // Host, owner, name.
      wholesAt: 3,
      byName: true,
    },
    {
      name: "worktrees",
      about: "worktrees of projects, with the work in them",
      paths: [join(data, "worktree")],
      cleaning: "nothing: they are yours, and removed through the API",
    },
    {
      name: "pages",
      about: "shared pages and plans",
      paths: [join(data, "share"), join(data, "plans")],
      cleaning: "nothing: they are yours",
    },
    {
      name: "logs",
      about: "logs of the last processes",
      paths: [log],
      cleaning: "removes those older than a day",
      olderThanMs: DAY_MS,
      only: /\.log$/,
    },
    {
      name: "cache",
      about: "the fetched catalogue, skills and settings of organisations",
      paths: [cache],
      cleaning: "removes skills, when asked for by name; they are fetched again. The catalogue and settings stay",
      olderThanMs: 0,
      only: /^skills\//,
      byName: true,
    },
    {
      name: "state",
      about: "credentials, approvals, locks",
      paths: [
        ...["auth.json", "mcp-auth.json", TRUST_FILE].map((name) => join(data, name)),
        isOwn ? join(data, "peers") : `${database}.peers`,
        state,
      ],
      cleaning: "nothing: it is needed",
    },
    {
      name: "temporary",
      about: "scratch files of agents",
      paths: [temp],
      cleaning: "removes those older than a day",
      olderThanMs: DAY_MS,
      // What says that a process uses the folder goes with that process.
      only: /^(?!\.in-use-)/,
    },
  ]
}

/** Whether a path of a place stands for this one. */
export function isNamed(path: string, by: string): boolean {
  const [start = "", end] = by.split("*")
  return end === undefined ? path === by : path.startsWith(start) && path.endsWith(end)
}

/** What a path of a place stands for. */
export async function pathsOf(path: string): Promise<string[]> {
  if (!path.includes("*")) return [path]
  const folder = dirname(path)
  return (await namesIn(folder)).map((name) => join(folder, name)).filter((one) => isNamed(one, path))
}
