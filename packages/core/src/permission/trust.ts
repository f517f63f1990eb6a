import { lstatSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { TrustItem, TrustKind, TrustState } from "@opencode/protocol/trust.ts"
import { fault } from "../lib/fault.ts"
import { withLock } from "../lib/lock.ts"
import { replaceFile } from "../lib/replace-file.ts"

/**
 * The only place that says what a repository's settings may run, send or loosen. Invariants: no byte of the repository
 * takes part in the decision, for an approval is kept outside of it and bound to the folder's canonical path and to the
 * hash of the definition with the files that it loads; and no rule, agent, session or "always" of another question gives
 * one. What gives it is a flag of whoever started the process, and a person's answer.
 */
export interface Trust {
  /** Everything in every folder of this process, because whoever started it said so. */
  readonly all: boolean
  /** Where approvals are kept. */
  readonly file: string
  /** Whether exactly this definition was approved. Cheap: the file is read when it has changed. */
  allows(item: Bound): boolean
  stateOf(item: Bound): TrustState
  /** What is kept, in the order in which it was approved. */
  kept(): Approval[]
  /** For this process. */
  allowOnce(items: readonly Bound[]): void
  /** For good. @throws fault `forbidden` inside of the agent's own commands, `conflict` when the file cannot be read: it is never overwritten then; `busy`, `storage` */
  approve(items: readonly TrustItem[]): Promise<void>
  /** Not asked about again in this process. Nothing is kept: who answered may have been a script. */
  reject(items: readonly Bound[]): void
  /** Takes approvals back, also those for this process. @returns how many there were. @throws as `approve` */
  remove(isMeant: (approval: Bound) => boolean): Promise<number>
}

export type Bound = Pick<TrustItem, "folder" | "hash">

export interface Approval extends Bound {
  kind: TrustKind
  path: string[]
  file: string
  summary: string
  /** Milliseconds since the epoch. */
  time: number
}

export interface TrustOptions {
  /** The user's own folder of data. */
  data: string
  all: boolean
  /** This process runs inside of a command that the agent was allowed: it cannot speak for a person. */
  isAgents: boolean
  uid?: number | undefined
  now(): number
  warn(message: string): void
}

/** Its name makes it a control file wherever the folder lies. */
export const TRUST_FILE = "opencode-trust.json"

/** More than anybody approves; the oldest go first. */
const MAX_APPROVALS = 10_000

export function openTrust({ data, all, isAgents, uid, now, warn }: TrustOptions): Trust {
  const file = join(data, TRUST_FILE)
  const once = new Set<string>()
  const rejected = new Set<string>()
  const told = new Set<string>()
  let read: { stamp: string; approvals: Approval[]; keys: Set<string> } | undefined

  function kept(): { approvals: Approval[]; keys: Set<string> } {
    const stamp = stampOf(file)
    if (read?.stamp === stamp) return read
    const found = readApprovals(file, uid)
    if ("problem" in found && !told.has(found.problem)) {
      told.add(found.problem)
      warn(found.problem)
    }
    const approvals = "problem" in found ? [] : found.approvals
    read = { stamp, approvals, keys: new Set(approvals.map(keyOf)) }
    return read
  }

  async function change(edit: (approvals: Approval[]) => Approval[]): Promise<void> {
    await withLock(file, { pid: process.pid }, ({ isHeld }) => {
      const found = readApprovals(file, uid)
      if ("problem" in found) throw fault("conflict", found.problem, { file })
      const approvals = edit(found.approvals).slice(-MAX_APPROVALS)
      if (!isHeld()) throw fault("busy", `Another process is changing ${file}.`, { file })
      replaceFile(file, JSON.stringify({ version: VERSION, approvals }, null, 2))
    })
    read = undefined
  }

  return {
    all,
    file,
    allows: (item) => all || once.has(keyOf(item)) || kept().keys.has(keyOf(item)),
    stateOf(item) {
      const key = keyOf(item)
      if (all) return "all"
      if (kept().keys.has(key)) return "approved"
      return once.has(key) ? "once" : rejected.has(key) ? "rejected" : "pending"
    },
    kept: () => kept().approvals,
    allowOnce(items) {
      for (const item of items) once.add(keyOf(item))
    },
    async approve(items) {
      if (isAgents) throw fault("forbidden", "Trust is given by a person; a command of the agent cannot give it.")
      const time = now()
      const keys = new Set(items.map(keyOf))
      await change((approvals) => [
        ...approvals.filter((approval) => !keys.has(keyOf(approval))),
        ...items.map(({ folder, hash, kind, path, file: written, summary }) => ({
          folder,
          hash,
          kind,
          path,
          file: written,
          summary,
          time,
        })),
      ])
      for (const key of keys) rejected.delete(key)
    },
    reject(items) {
      for (const item of items) rejected.add(keyOf(item))
    },
    async remove(isMeant) {
      const ended = [...once].map(boundOf).filter(isMeant)
      for (const item of ended) once.delete(keyOf(item))
      const meant = kept().approvals.filter(isMeant)
      if (meant.length) await change((approvals) => approvals.filter((approval) => !isMeant(approval)))
      return meant.length + ended.length
    },
  }
}

const VERSION = 1

const keyOf = ({ folder, hash }: Bound): string => `${hash} ${folder}`
const boundOf = (key: string): Bound => ({
  hash: key.slice(0, key.indexOf(" ")),
  folder: key.slice(key.indexOf(" ") + 1),
})

function stampOf(file: string): string {
  const found = lstatSync(file, { throwIfNoEntry: false, bigint: true })
  return found ? `${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}` : "none"
}

function readApprovals(file: string, uid: number | undefined): { approvals: Approval[] } | { problem: string } {
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (!found) return { approvals: [] }
  const problem = (why: string) => ({ problem: `${file} ${why}, so nothing in it counts.` })
  if (!found.isFile()) return problem("is not a regular file")
  if (uid !== undefined && found.uid !== uid) return problem("belongs to another user")
  if (uid !== undefined && (found.mode & OTHERS_MAY_WRITE) !== 0) return problem("can be written by others")
  try {
    const { version, approvals } = JSON.parse(readFileSync(file, "utf8")) as { version?: unknown; approvals?: unknown }
    if (version !== VERSION) return problem(`has version ${String(version)}, which this program does not know`)
    return { approvals: Array.isArray(approvals) ? approvals.filter(isApproval) : [] }
  } catch {
    return problem("cannot be read")
  }
}

const OTHERS_MAY_WRITE = 0o022

const isApproval = (value: unknown): value is Approval =>
  typeof value === "object" &&
  value !== null &&
  ["folder", "hash", "kind", "file", "summary"].every((key) => typeof (value as never)[key] === "string") &&
  Array.isArray((value as Approval).path)
