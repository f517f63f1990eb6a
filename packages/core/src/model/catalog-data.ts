import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { entryOf, splitCatalog, type CatalogIndex, type KnownEntry, type SplitCatalog } from "./catalog-split.ts"
import { readModelsDev, type KnownProvider } from "./models-dev.ts"
import { asList, asRecord, asText } from "./wire/json.ts"

/**
 * What the program knows of providers without being configured. Nothing is read before it is asked for, and of a
 * provider only its own file. The first source that can be used is taken: the file the user named, the newer of the
 * fetched catalogue and the one that came with the program. A file that cannot be used is told once and passed over.
 */
export interface CatalogData {
  /** By id. */
  entries(): ReadonlyMap<string, KnownEntry>
  /** Read at each call: who wants it again keeps it. */
  provider(id: string): KnownProvider | undefined
}

export interface CatalogDataInput {
  /** The files that came with the program; without them nothing is known. */
  folder?: string
  /** A file in the form of models.dev that is used instead. */
  file?: string
  /** Where a fetched catalogue is kept; see `catalog-refresh.ts`. */
  cache?: string
  warn(message: string): void
}

/** The whole of models.dev is 5 MB; a file that is longer is something else. */
const MAX_CATALOG_BYTES = 32_000_000
const INDEX = "index.json"

interface Source {
  entries: ReadonlyMap<string, KnownEntry>
  read(id: string): KnownProvider | undefined
}

export function openCatalogData({ folder, file, cache, warn }: CatalogDataInput): CatalogData {
  const state: { source?: Source } = {}

  function choose(): Source {
    const bundled = folder === undefined ? undefined : indexOf(folder)
    if (folder !== undefined && !bundled) warn(`The catalogue of models in ${folder} cannot be read; run the build.`)
    const given = file === undefined ? undefined : fromFile(file, warn)
    const fetched = given || cache === undefined ? undefined : fromCache(cache, bundled?.date ?? "", warn)
    return given ?? fetched ?? (folder !== undefined && bundled ? fromFolder(folder, bundled, warn) : NOTHING)
  }

  const source = (): Source => (state.source ??= choose())
  return {
    entries: () => source().entries,
    provider: (id) => (source().entries.has(id) ? source().read(id) : undefined),
  }
}

const NOTHING: Source = { entries: new Map(), read: () => undefined }

/** For those who know providers already, as tests do. */
export function catalogDataOf(known: readonly KnownProvider[]): CatalogData {
  const providers = new Map(known.map((provider) => [provider.id, provider]))
  const entries = new Map(known.map((provider) => [provider.id, entryOf(provider)]))
  return { entries: () => entries, provider: (id) => providers.get(id) }
}

const byID = (entries: readonly KnownEntry[]) => new Map(entries.map((entry) => [entry.id, entry]))

/** The user's own file, whole. */
function fromFile(file: string, warn: (message: string) => void): Source | undefined {
  const text = textOf(file)
  const known = text === undefined ? undefined : readModelsDev(text)
  if (!known) return void warn(`${file} is not a catalogue of models that can be read; the one of the program is used.`)
  const data = catalogDataOf(known)
  return { entries: data.entries(), read: data.provider }
}

/** The fetched catalogue, unless the program's own is newer: other programs keep theirs at the same place. */
function fromCache(cache: string, bundledDate: string, warn: (message: string) => void): Source | undefined {
  const file = join(cache, "models.json")
  const found = statSync(file, { throwIfNoEntry: false })
  const date = found?.mtime.toISOString().slice(0, 10) ?? ""
  if (!found || date < bundledDate) return undefined
  // It takes 60 ms to read as a whole, so it is split once, and again when it changed.
  const folder = join(cache, "models", `${Math.trunc(found.mtimeMs)}-${found.size}`)
  const index = indexOf(folder)
  if (index) return fromFolder(folder, index, warn)

  const text = textOf(file)
  const split = text === undefined ? undefined : splitCatalog(text, date)
  if (!split) return void warn(`${file} is not a catalogue of models that can be read; the one of the program is used.`)
  try {
    writeSplit(folder, split)
  } catch (error) {
    warn(`The catalogue could not be kept in parts: ${(error as Error).message}`)
  }
  const providers = new Map(split.providers.map((provider) => [provider.id, provider]))
  return { entries: byID(split.index.providers), read: (id) => providers.get(id) }
}

function fromFolder(folder: string, index: CatalogIndex, warn: (message: string) => void): Source {
  return {
    entries: byID(index.providers),
    read(id) {
      // The id is one of the index: it cannot lead out of the folder.
      const provider = recordIn(join(folder, `${id}.json`))
      if (!asRecord(provider?.models)) return void warn(`The catalogue's file of ${id} in ${folder} cannot be read.`)
      return provider as unknown as KnownProvider
    },
  }
}

function indexOf(folder: string): CatalogIndex | undefined {
  const index = recordIn(join(folder, INDEX))
  const isWhole = asList(index?.providers).length > 0 && asText(index?.date) !== undefined
  return isWhole ? (index as unknown as CatalogIndex) : undefined
}

/** Whoever looks sees all of it or nothing. What is left of earlier catalogues goes. */
export function writeSplit(folder: string, { index, providers }: SplitCatalog): void {
  const parent = dirname(folder)
  mkdirSync(parent, { recursive: true, mode: 0o700 })
  const before = readdirSync(parent)
  const temporary = mkdtempSync(join(parent, ".new-"))
  try {
    for (const provider of providers) writeFileSync(join(temporary, `${provider.id}.json`), JSON.stringify(provider))
    writeFileSync(join(temporary, INDEX), JSON.stringify(index))
    renameSync(temporary, folder)
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true })
    // Another process was as quick: what it wrote is the same.
    if (!indexOf(folder)) throw error
  }
  for (const name of before) rmSync(join(parent, name), { recursive: true, force: true })
}

const recordIn = (file: string) => {
  const text = textOf(file)
  try {
    return text === undefined ? undefined : asRecord(JSON.parse(text))
  } catch {
    return undefined // the caller says what is broken, and goes on without it
  }
}

function textOf(file: string): string | undefined {
  try {
    return statSync(file).size > MAX_CATALOG_BYTES ? undefined : readFileSync(file, "utf8")
  } catch {
    return undefined // not there, or not ours to read: the caller says which file
  }
}
