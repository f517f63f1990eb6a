import { mkdir, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { hashedName } from "../lib/hashed-name.ts"
import { isObject } from "../config/json.ts"
import { isLoopback } from "../model/custody.ts"
import type { Request } from "../model/request.ts"

/**
 * Skills that a place of the network publishes: `index.json` names them with their files, which lie below the name of
 * each. They are fetched into the cache when skills are first needed, and read there like any other; what is there
 * stays in use while the place cannot be reached.
 */
export interface DownloadDeps {
  /** Of the program's cache. */
  cache: string
  request: Request
  allowHost(host: string): void
  now(): number
}

/** A collection is not made anew at every start of a script. */
const FRESH_MS = 60 * 60 * 1_000
/** The first prompt waits for it. */
const DEADLINE_MS = 10_000
/** Text that models read: more of it is a mistake or an attack. */
const MAX_FILE_BYTES = 1_000_000
const MAX_TOTAL_BYTES = 20_000_000
const MAX_SKILLS = 100
const MAX_FILES = 200
/** Both become names of folders and files. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i
const PATH = /^[^/\\:\0]+(\/[^/\\:\0]+)*$/

/** Where the skills of an address are kept. */
export const downloadFolder = (cache: string, url: string): string => join(cache, "skills", hashedName(url))

/** @returns a sentence when what is published could not be had; the folder holds what was there before */
export async function downloadSkills(url: string, deps: DownloadDeps): Promise<string | undefined> {
  const folder = downloadFolder(deps.cache, url)
  if (deps.now() - (await changed(folder)) < FRESH_MS) return undefined
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 })
  const filling = await mkdtemp(`${folder}.`)
  try {
    await fill(filling, placeOf(url), deps)
    await rm(folder, { recursive: true, force: true })
    await rename(filling, folder)
    return undefined
  } catch (error) {
    return `The skills of ${url} could not be fetched: ${error instanceof Error ? error.message : String(error)}`
  } finally {
    await rm(filling, { recursive: true, force: true })
  }
}

const changed = (path: string): Promise<number> =>
  stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )

/** In the clear only from this machine: whoever stands between could write what the model reads. */
function placeOf(text: string): URL {
  const url = new URL(text.endsWith("/") ? text : `${text}/`)
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url))) return url
  throw new Error("the address has to begin with https://.")
}

async function fill(folder: string, place: URL, deps: DownloadDeps): Promise<void> {
  deps.allowHost(place.host)
  const signal = AbortSignal.timeout(DEADLINE_MS)
  let room = MAX_TOTAL_BYTES
  const get = async (path: string): Promise<Uint8Array> => {
    const bytes = await fetchBytes(new URL(path, place), signal, deps)
    room -= bytes.length
    if (room < 0) throw new Error(`there are more than ${MAX_TOTAL_BYTES / 1_000_000} MB.`)
    return bytes
  }
  const listed = skillsOf(Buffer.from(await get("index.json")).toString("utf8"))
  for (const { name, files } of listed) {
    for (const file of files) {
      const path = `${name}/${file}`
      const target = join(folder, path)
      await mkdir(dirname(target), { recursive: true, mode: 0o700 })
      await writeFile(target, await get(path.split("/").map(encodeURIComponent).join("/")), { mode: 0o600 })
    }
  }
}

async function fetchBytes(url: URL, signal: AbortSignal, { request }: DownloadDeps): Promise<Uint8Array> {
  const response = await request(url, { signal })
  if (!response.ok) {
    await response.body.cancel()
    throw new Error(`${url.pathname} was answered with status ${response.status}.`)
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body) {
    size += chunk.length
    if (size > MAX_FILE_BYTES) throw new Error(`${url.pathname} is larger than ${MAX_FILE_BYTES / 1_000_000} MB.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** What the index names, without what would lead out of its folder. */
function skillsOf(text: string): { name: string; files: string[] }[] {
  let index: unknown
  try {
    index = JSON.parse(text)
  } catch {
    throw new Error("its index.json is no JSON.")
  }
  const skills = isObject(index) && Array.isArray(index.skills) ? (index.skills as unknown[]) : undefined
  if (!skills) throw new Error("its index.json has no list `skills`.")
  return skills.slice(0, MAX_SKILLS).flatMap((skill) => {
    if (!isObject(skill) || typeof skill.name !== "string" || !NAME.test(skill.name)) return []
    const files = Array.isArray(skill.files) ? (skill.files as unknown[]) : []
    return [{ name: skill.name, files: files.filter(isInsidePath).slice(0, MAX_FILES) }]
  })
}

const isInsidePath = (path: unknown): path is string =>
  typeof path === "string" && PATH.test(path) && !path.split("/").some((name) => name === "." || name === "..")
