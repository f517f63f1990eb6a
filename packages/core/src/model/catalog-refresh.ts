import { join } from "node:path"
import { fault } from "../lib/fault.ts"
import { replaceFile } from "../lib/replace-file.ts"
import { isLoopback } from "./custody.ts"
import { readModelsDev } from "./models-dev.ts"
import type { Request } from "./request.ts"

/** Where the catalogue comes from when nobody says otherwise. */
export const MODELS_URL = "https://models.dev/api.json"
/** It is a file of 5 MB on a content network. */
const DEADLINE_MS = 60_000

export interface RefreshInput {
  url?: string
  /** The folder of what can be had again. */
  cache: string
  request: Request
  /** Called with `host[:port]` before anything is sent there. */
  allowHost(host: string): void
  userAgent: string
}

/**
 * Fetches the catalogue and keeps it as `models.json`, whole or not at all. Only ever when the user asks for it.
 * @returns how much it knows
 * @throws Fault `bad_request` for an address that is not one, `unavailable` when there is nothing usable at it
 */
export async function refreshCatalog(input: RefreshInput): Promise<{ url: string; providers: number; models: number }> {
  const url = addressOf(input.url ?? MODELS_URL)
  const text = await fetchText(url, input)
  const known = readModelsDev(text)
  if (!known) throw fault("unavailable", `What is at ${url.href} is not a catalogue of models.`, { url: url.href })
  replaceFile(join(input.cache, "models.json"), text)
  const models = known.reduce((sum, provider) => sum + Object.keys(provider.models).length, 0)
  return { url: url.href, providers: known.length, models }
}

/** Who serves the catalogue says where keys go: nobody on the way may change it. */
function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url))
  if (url && isSafe) return url
  throw fault("bad_request", `The catalogue cannot be fetched from ${text}: it has to be an https address.`)
}

async function fetchText(url: URL, { request, allowHost, userAgent }: RefreshInput): Promise<string> {
  allowHost(url.host)
  const deadlines = { headerTimeoutMs: DEADLINE_MS, chunkTimeoutMs: DEADLINE_MS, timeoutMs: DEADLINE_MS }
  try {
    const answer = await request(url, { headers: { accept: "application/json", "user-agent": userAgent }, deadlines })
    // Limited to 32 MB while it is read.
    if (answer.ok) return await answer.text()
    await answer.body.cancel()
    throw new Error(`it answered with ${answer.status}.`)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw fault("unavailable", `The catalogue could not be fetched from ${url.host}: ${reason}`, {}, error)
  }
}
