import type { Boundary } from "@opencode/core/recording/boundary.ts"
import type { Incoming } from "./exchange.ts"
import { readJson } from "./guard/limits.ts"

/**
 * What may change a session. Logins and settings are no part of it, and hold keys; which approvals are saved is noted
 * where it decides something.
 */
const SESSIONS = /^\/(session|question|permission(?!\/(?:saved|explain)))([/?]|$)/

export interface Noted {
  /** The same request; its body has been read. */
  incoming: Incoming
  answered(ok: boolean): void
}

/** Tells whoever listens at the boundary of a request that was let in. @returns undefined when nobody does */
export async function noteInput(
  incoming: Incoming,
  directory: string,
  { input }: Partial<Pick<Boundary, "input">>,
): Promise<Noted | undefined> {
  const { method, target } = incoming
  if (!input || method === "GET" || method === "HEAD" || !SESSIONS.test(target)) return undefined
  const body = await readJson(incoming)
  const answered = input({ method, target, directory, ...(body === undefined ? {} : { body }) })
  return { incoming: { ...incoming, body: () => again(body) }, answered }
}

async function* again(body: unknown): AsyncIterable<Uint8Array> {
  if (body !== undefined) yield Buffer.from(JSON.stringify(body))
}
