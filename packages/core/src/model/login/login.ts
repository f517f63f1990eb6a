import type { ProviderAuthMethod, ProviderLoginErrorName } from "@opencode/protocol/provider-auth.ts"
import { fault, type Fault } from "../../lib/fault.ts"
import type { Host } from "../../lib/host.ts"
import type { AuthEntry } from "../auth.ts"
import type { Request } from "../request.ts"
import type { Json } from "../wire/json.ts"

/**
 * The ways to log in at one provider, and what its requests need of what a login left. The program's own are in
 * `builtin.ts`; whoever adds others gives them to the home as `logins`, and they come after those.
 */
export interface Login {
  providerID: string
  /** In the order in which clients number them. */
  methods: readonly LoginMethod[]
  /** Absent: what is stored is a key, and used like any other. */
  use?: LoginUse
}

/** An `api` method only says what to ask for beside the key: the client stores both. */
export type LoginMethod =
  | (ProviderAuthMethod & { type: "api" })
  | (ProviderAuthMethod & {
      type: "oauth"
      /** @param inputs answers to the prompts that were shown. @throws `loginFault`, or what a request throws */
      begin(inputs: Readonly<Record<string, string>>, tools: LoginTools): Promise<LoginAttempt>
    })

/** A login that waits for a person. */
export interface LoginAttempt {
  /** Where the person agrees. */
  url: string
  /** `auto`: `finish` waits for the person. `code`: the person brings one back. */
  method: "auto" | "code"
  instructions: string
  /** @param code of a login by code @returns what is stored @throws what went wrong, in a sentence without secrets */
  finish(code: string, signal: AbortSignal): Promise<AuthEntry>
  /** Called once, when it is finished, replaced or too old. */
  close?(): void
}

/** What a login may use of the world. */
export interface LoginTools {
  request: Request
  /** Lets `request` send to a host. */
  allowHost(host: string): void
  host: Pick<Host, "now" | "sleep">
}

/** How requests are made with an entry of type `oauth`. All are pure, `refresh` aside. */
export interface LoginUse {
  /** What authorizes a request. */
  key(entry: Json): string | undefined
  /** Where requests go, when the login decides that. What the configuration says counts more. */
  baseURL?(entry: Json): string | undefined
  /** Adds to each request what the provider wants to know of it. */
  send?(request: Request): Request
  /** Whether what is stored is about to end. */
  isOld?(entry: Json, now: number): boolean
  /** @returns what is stored instead @throws what went wrong, in a sentence without secrets */
  refresh?(entry: Json, tools: LoginTools): Promise<AuthEntry>
}

export const loginFault = (
  name: ProviderLoginErrorName,
  message: string,
  facts: { providerID?: string; field?: string } = {},
): Fault => fault("provider_login", message, { name, ...facts })
