import { readFileSync } from "node:fs"
import { fault } from "../lib/fault.ts"
import { withLock } from "../lib/lock.ts"
import { replaceFile } from "../lib/replace-file.ts"
import { secret, type Secret } from "../lib/secret.ts"
import { asRecord, asText, type Json } from "./wire/json.ts"

/**
 * The credentials file: provider id to entry, readable by its owner alone, replaced as a whole by one process at a time.
 * It is read at each use, so that a login in another process counts at once. Entries of kinds that are not used here are
 * kept as they are.
 */
export interface Auth {
  /** What authorizes requests: the key of an entry of type `api`, or what a login of another kind gives. */
  key(providerID: string): Secret | undefined
  /** All of an entry, secrets included. */
  entry(providerID: string): Json | undefined
  /** Organisations that the user logged in at, whose settings count. */
  organisations(): Organisation[]
  /** Provider id to the type of its entry: `api`, `oauth`, `wellknown`… */
  list(): Record<string, string>
  /** @throws Fault `conflict` when the file is there and cannot be read: it is never overwritten then; or `busy` */
  set(providerID: string, entry: AuthEntry): Promise<void>
  /** @returns whether there was one. @throws as `set` */
  remove(providerID: string): Promise<boolean>
}

export interface Organisation {
  /** Where it is: what the login was named by. */
  url: string
  /** The variable that its settings know the token by. */
  variable: string
  token: Secret
}

/** As stored: `{type: "api", key}`, `{type: "oauth", refresh, access, expires}`, `{type: "wellknown", key, token}`. */
export type AuthEntry = { type: string } & Record<string, unknown>

/** One printable word: it becomes a member of the file, and stands in lists. */
export const isProviderID = (text: string): boolean => text !== "__proto__" && /^[^\s\p{Cc}]+$/u.test(text)

export function openAuth(options: {
  file: string
  /** Stands in for the file, which is then neither read nor written. */
  content?: string
  /** Of an entry of type `oauth`. Default: there is none. */
  keyOfLogin?(providerID: string, entry: Json): string | undefined
  warn(message: string): void
}): Auth {
  const { file, content, warn, keyOfLogin } = options
  const told = new Set<string>()

  /** One warning per reason: the file is looked at often. */
  function read(): Json {
    const found = readEntries(file, content)
    if (!("problem" in found)) return found.entries
    if (!told.has(found.problem)) warn(found.problem)
    told.add(found.problem)
    return {}
  }

  async function change(edit: (entries: Json) => Json | undefined): Promise<boolean> {
    if (content !== undefined)
      throw fault("conflict", "The credentials are given by OPENCODE_AUTH_CONTENT and cannot be changed.")
    return withLock(file, { pid: process.pid }, ({ isHeld }) => {
      const found = readEntries(file)
      if ("problem" in found) throw fault("conflict", found.problem, { file })
      const edited = edit(found.entries)
      if (!edited) return false
      if (!isHeld()) throw fault("busy", `Another process is changing ${file}.`, { file })
      replaceFile(file, JSON.stringify(edited, null, 2))
      return true
    })
  }

  const self: Auth = {
    entry(providerID) {
      const entries = read()
      return Object.hasOwn(entries, providerID) ? asRecord(entries[providerID]) : undefined
    },
    key(providerID) {
      const entry = self.entry(providerID)
      const key =
        entry?.type === "api"
          ? asText(entry.key)
          : entry?.type === "oauth"
            ? keyOfLogin?.(providerID, entry)
            : undefined
      return key ? secret(key) : undefined
    },
    organisations: () =>
      Object.entries(read()).flatMap(([url, value]) => {
        const entry = asRecord(value)
        const variable = asText(entry?.key)
        const token = asText(entry?.token)
        return entry?.type === "wellknown" && variable && token ? [{ url, variable, token: secret(token) }] : []
      }),
    list: () =>
      Object.fromEntries(
        Object.entries(read()).flatMap(([id, entry]) => {
          const type = asText(asRecord(entry)?.type)
          return type ? [[id, type]] : []
        }),
      ),
    async set(providerID, entry) {
      await change((entries) => ({ ...entries, [providerID]: entry }))
    },
    remove: (providerID) =>
      change(({ [providerID]: removed, ...entries }) => (removed === undefined ? undefined : entries)),
  }
  return self
}

/** The entries of a file that is not this program's own. Undefined when it is there and cannot be read. */
export function readCredentials(file: string): Record<string, AuthEntry> | undefined {
  const found = readEntries(file)
  if ("problem" in found) return undefined
  return Object.fromEntries(
    Object.entries(found.entries).flatMap(([id, value]) => {
      const entry = asRecord(value)
      const type = asText(entry?.type)
      return entry && type ? [[id, { ...entry, type }]] : []
    }),
  )
}

function readEntries(file: string, content?: string): { entries: Json } | { problem: string } {
  const where = content === undefined ? file : "OPENCODE_AUTH_CONTENT"
  try {
    const entries = asRecord(JSON.parse(content ?? readFileSync(file, "utf8")))
    return entries ? { entries } : { problem: `${where} is not an object; its credentials are not used.` }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENOENT") return { entries: {} }
    // A parser's words would repeat what is in the file.
    return { problem: `${where} cannot be read (${code ?? "broken JSON"}); its credentials are not used.` }
  }
}
