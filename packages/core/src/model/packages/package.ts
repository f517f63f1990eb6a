import type { LanguageModelV3 } from "@ai-sdk/provider"
import type { Secret } from "../../lib/secret.ts"
import type { Deadlines, Request } from "../request.ts"
import type { Emit, PartReader } from "../wire/part-reader.ts"

/** What a model is opened from. Nothing else is read: no variable of this process, no file that is not named here. */
export interface LanguageInput {
  npm: string
  providerID: string
  /** As the API calls it. */
  modelID: string
  /** Complete: `address.ts` made it, where it follows from a region or a resource. */
  baseURL: string
  /** Undefined for what needs none, or finds its own: Amazon's and Google's credentials. */
  key?: Secret
  headers: Record<string, string>
  /** The provider's options from the configuration. */
  options: Record<string, unknown>
  deadlines: Deadlines
  request: Request
  /** For what is said to the model itself; absent: `request`. Whatever fetches a token for it uses `request`. */
  modelRequest?: Request
  /** The user's environment, for the credentials of Amazon and Google. */
  env?: Readonly<Record<string, string | undefined>>
  /** Called with `host[:port]` of an address other than `baseURL` before anything is sent there. */
  allowHost?(host: string): void
  /** Whether the model may write its calls as text, as small ones do when their server does not know them. */
  mayWriteCalls?: boolean
  /** Milliseconds since the epoch, for tokens that expire. */
  now?(): number
}

export type Fetch = typeof globalThis.fetch

/** One provider package, ready for a model. */
export interface Package {
  /** One model over one way of sending. */
  build(fetch: Fetch): LanguageModelV3
  /** Reads the stream instead of the package, where both give the same parts. */
  reader?: (emit: Emit) => PartReader
}

export type OpenPackage = (input: LanguageInput) => Promise<Package>

/**
 * The key as every package wants it: a text, always. Without one a package would take whatever the environment holds
 * under its usual name and send it to `baseURL`, wherever that is.
 */
export const keyText = ({ key }: LanguageInput): string => key?.reveal() ?? ""
