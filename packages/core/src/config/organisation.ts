import { join } from "node:path"
import { hashedName } from "../lib/hashed-name.ts"
import { replaceFile } from "../lib/replace-file.ts"
import { isObject } from "./json.ts"
import { readSmallFile } from "./read.ts"

/** The settings of an organisation, as text of a configuration. */
export interface Published {
  text: string
  /** Where they were found: shown with what is wrong in them. */
  from: string
}

export interface OrganisationInput {
  /** What the user logged in at. */
  url: string
  /** The folder for copies that can be had again. */
  cache: string
  /** Sends a request, and gives up after a while. */
  get(url: string): Promise<string>
  warn(message: string): void
}

/** A longer text is no configuration. */
const MAX_CHARACTERS = 1_000_000

/**
 * What an organisation publishes at `/.well-known/opencode`: its member `config`. When it cannot be had, what it was the
 * last time counts: without a network the same rules hold.
 */
export async function organisationConfig({ url, cache, get, warn }: OrganisationInput): Promise<Published | undefined> {
  const from = publishedAt(url)
  if (!from) {
    warn(`The settings of ${url} are not read: it is no address that begins with https://.`)
    return undefined
  }
  const copy = join(cache, "organisation", `${hashedName(from)}.json`)
  try {
    const text = configIn(await get(from))
    replaceFile(copy, text)
    return { text, from }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const kept = await readSmallFile(copy)
    warn(
      `The settings of ${from} cannot be had (${reason}); ${"text" in kept ? "what they last were counts" : "nothing is known of them"}.`,
    )
    return "text" in kept ? { text: kept.text, from } : undefined
  }
}

/** Whoever can change what is on the wire could send prompts anywhere, so it has to be a secure one. */
export function publishedAt(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined
  const { protocol, hostname } = new URL(url)
  const isHere = hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname)
  return protocol === "https:" || (protocol === "http:" && isHere)
    ? `${url.replace(/\/+$/, "")}/.well-known/opencode`
    : undefined
}

const configIn = (body: string): string => JSON.stringify(readPublished(body).config ?? {})

/** @throws an error that says what is wrong */
export function readPublished(body: string): Record<string, unknown> {
  if (body.length > MAX_CHARACTERS) throw new Error("they are too long")
  const published: unknown = JSON.parse(body)
  if (!isObject(published)) throw new Error("they are no object")
  return published
}
