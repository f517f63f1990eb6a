import type { ProviderAuthAuthorization, ProviderAuthMethod } from "@opencode/protocol/provider-auth.ts"
import { isFault } from "../../lib/fault.ts"
import type { Log } from "../../lib/log.ts"
import type { Auth, AuthEntry } from "../auth.ts"
import { loginFault, type Login, type LoginAttempt, type LoginMethod, type LoginTools } from "./login.ts"

/** Logins of one process. A login that was begun waits for its person for a while; there is one for each provider. */
export interface Logins {
  /** Provider id to its methods. */
  methods(): Record<string, ProviderAuthMethod[]>
  /** Begins a login, in the place of one that still waits. @throws fault `provider_login` */
  begin(
    providerID: string,
    input: { method: number; inputs?: Record<string, string> },
  ): Promise<ProviderAuthAuthorization>
  /**
   * Waits for the person, and stores what comes of it. Who stops waiting can come back: the login goes on.
   * @throws fault `provider_login`, and as `Auth.set`
   */
  finish(providerID: string, input: { method: number; code?: string; signal: AbortSignal }): Promise<void>
  /** Has a credential renewed that is about to end. Does nothing for all others. */
  freshen(providerID: string): Promise<void>
  close(): void
}

export interface LoginsInput {
  logins: readonly Login[]
  auth: Pick<Auth, "set" | "entry">
  tools: LoginTools
  log: Pick<Log, "warn">
}

interface Pending {
  method: number
  attempt: LoginAttempt
  controller: AbortController
  timer: NodeJS.Timeout
  done?: Promise<void>
}

/** What a person may take. GitHub's codes live as long. */
const ATTEMPT_MS = 900_000
/** More are of nobody's making. */
const MAX_INPUTS = 50

export function createLogins({ logins, auth, tools, log }: LoginsInput): Logins {
  const pending = new Map<string, Pending>()
  const renewing = new Map<string, Promise<void>>()

  const methodsOf = (providerID: string): LoginMethod[] =>
    logins.filter((login) => login.providerID === providerID).flatMap(({ methods }) => methods)

  function drop(providerID: string, which = pending.get(providerID)): void {
    if (!which || pending.get(providerID) !== which) return
    pending.delete(providerID)
    clearTimeout(which.timer)
    which.controller.abort()
    which.attempt.close?.()
  }

  async function store(providerID: string, found: Pending, code: string): Promise<void> {
    let entry: AuthEntry
    try {
      entry = await found.attempt.finish(code, found.controller.signal)
    } catch (error) {
      throw asLoginFault(error, providerID)
    } finally {
      drop(providerID, found)
    }
    await auth.set(providerID, entry)
  }

  async function renew(providerID: string): Promise<void> {
    const use = logins.find((login) => login.providerID === providerID)?.use
    const entry = use?.refresh && auth.entry(providerID)
    if (!use?.refresh || entry?.type !== "oauth" || !use.isOld?.(entry, tools.host.now())) return
    try {
      await auth.set(providerID, await use.refresh(entry, tools))
    } catch (error) {
      // Another process may have been quicker, and tokens are good for one use.
      if (JSON.stringify(auth.entry(providerID)) === JSON.stringify(entry))
        log.warn("a login could not be renewed", { providerID, error })
    }
  }

  return {
    methods() {
      const found: Record<string, ProviderAuthMethod[]> = {}
      for (const { providerID, methods } of logins)
        (found[providerID] ??= []).push(
          ...methods.map(({ type, label, prompts }) => ({ type, label, ...(prompts ? { prompts } : {}) })),
        )
      return found
    },

    async begin(providerID, { method: number, inputs = {} }) {
      const methods = methodsOf(providerID)
      if (!methods.some(({ type }) => type === "oauth"))
        throw loginFault("ProviderAuthOauthMissing", `There is no login for ${providerID} but its key.`, { providerID })
      const method = methods[number]
      if (method?.type !== "oauth")
        throw loginFault("ProviderAuthValidationFailed", `${providerID} has no login number ${number}.`, {
          providerID,
          field: "method",
        })
      check(method, inputs, providerID)
      const attempt = await method.begin(inputs, tools).catch((error: unknown) => {
        throw asLoginFault(error, providerID)
      })
      drop(providerID)
      const timer = setTimeout(() => drop(providerID), ATTEMPT_MS).unref()
      pending.set(providerID, { method: number, attempt, controller: new AbortController(), timer })
      const { url, method: kind, instructions } = attempt
      return { url, method: kind, instructions }
    },

    async finish(providerID, { method, code = "", signal }) {
      const found = pending.get(providerID)
      if (found?.method !== method)
        throw loginFault("ProviderAuthOauthMissing", `No login of ${providerID} waits: begin one.`, { providerID })
      if (found.attempt.method === "code" && !code)
        throw loginFault("ProviderAuthOauthCodeMissing", "The code is missing.", { providerID })
      found.done ??= store(providerID, found, code)
      await orGone(found.done, signal)
    },

    async freshen(providerID) {
      const running = renewing.get(providerID) ?? renew(providerID).finally(() => renewing.delete(providerID))
      renewing.set(providerID, running)
      await running
    },

    close() {
      for (const providerID of pending.keys()) drop(providerID)
    },
  }
}

/** A choice that is not one of those that were shown, or a member that nobody asked for by the hundred. */
function check({ prompts = [] }: LoginMethod, inputs: Record<string, string>, providerID: string): void {
  if (Object.keys(inputs).length > MAX_INPUTS)
    throw loginFault("ProviderAuthValidationFailed", "Those are too many answers.", { providerID })
  for (const prompt of prompts) {
    const value = Object.hasOwn(inputs, prompt.key) ? inputs[prompt.key] : undefined
    if (prompt.type !== "select" || value === undefined) continue
    if (!prompt.options.some((option) => option.value === value))
      throw loginFault("ProviderAuthValidationFailed", `${prompt.message}: "${value}" is not one of them.`, {
        providerID,
        field: prompt.key,
      })
  }
}

/** Whatever went wrong elsewhere: a login that fails is no bug of ours. */
function asLoginFault(error: unknown, providerID: string): unknown {
  if (isFault(error)) {
    if (error.code === "provider_login") error.data.providerID ??= providerID
    return error
  }
  const { name, code, message } = (error instanceof Error ? error : new Error(String(error))) as NodeJS.ErrnoException
  const why = name === "AbortError" ? "nobody finished the login in time" : (code ?? message).replace(/\.$/, "")
  return loginFault("ProviderAuthOauthCallbackFailed", `Not logged in: ${why}.`, { providerID })
}

function orGone(done: Promise<void>, signal: AbortSignal): Promise<void> {
  // Whoever comes back hears of it.
  done.catch(() => {})
  return new Promise((resolve, reject) => {
    const gone = (): void => resolve()
    if (signal.aborted) return gone()
    signal.addEventListener("abort", gone, { once: true })
    done.then(resolve, reject).finally(() => signal.removeEventListener("abort", gone))
  })
}
