import { createHash } from "node:crypto"
import type { TrustItem, TrustKind } from "@opencode/protocol/trust.ts"
import { SECRET_MARK } from "../lib/secret.ts"
import { shellPieces } from "./shell-pieces.ts"
import { isObject } from "./json.ts"
import type { LoadedFile } from "./local-files.ts"
import { SECRET_NAME } from "./public.ts"

/** Something that a project's settings want and that waits for a person's word, before it has a name. */
export interface Held {
  kind: TrustKind
  path: string[]
  why: string
  /** As it is written. */
  definition: unknown
  /** The lines that a shell would run of a command's text, where files bring some in. */
  runs?: readonly string[]
}

export interface WrittenAt {
  file: string
  line?: number | undefined
  folder: string
}

/** A person could not judge a longer one, and what hides behind a clip would be approved unseen: only a flag lets it in. */
export const MAX_SHOWN = 20_000

/** @returns nothing for what is too long to be shown to somebody */
export function trustItem(held: Held, at: WrittenAt, files: readonly LoadedFile[]): TrustItem | undefined {
  const summary = summaryOf(held)
  if (summary.length > MAX_SHOWN) return undefined
  const { kind, path, definition } = held
  const { folder, file, line } = at
  const hash = createHash("sha256").update(JSON.stringify({ kind, path, definition, files })).digest("hex")
  const loads = files.map(({ name }) => name)
  return {
    id: trustID(folder, hash),
    kind,
    path,
    file,
    ...(line === undefined ? {} : { line }),
    folder,
    summary,
    loads,
    hash,
  }
}

export const trustID = (folder: string, hash: string): string =>
  `trust_${createHash("sha256")
    .update(JSON.stringify([folder, hash]))
    .digest("hex")
    .slice(0, ID_CHARACTERS)}`

/** Half of a hash: nobody finds another definition with the same. */
const ID_CHARACTERS = 32

/** What it does, and then all of it, as one line that a terminal can show. */
function summaryOf(held: Held): string {
  const name = held.path.join(".") || held.kind
  return visible(`${name}: ${actOf(held)}`)
}

function actOf({ kind, why, definition, runs }: Held): string {
  if (kind === "command" && isObject(definition)) {
    const pieces = runs ?? shellPieces(String(definition.template))
    return `runs ${pieces.join(" and ")} when the command is used`
  }
  if (isObject(definition) && Array.isArray(definition.command)) {
    const { command, type: _, ...rest } = definition
    return `runs ${command.map(word).join(" ")}${more(rest)}`
  }
  if (isObject(definition) && typeof definition.url === "string") {
    const { url, type: _, ...rest } = definition
    return `connects to ${url}${more(rest)}`
  }
  if (kind === "plugin" || kind === "tool") return `loads and runs ${text(definition)}`
  return `${why}: ${text(definition)}`
}

const word = (one: unknown): string => {
  const value = String(one)
  return /^[\w@%+=:,./~-]+$/.test(value) ? value : JSON.stringify(value)
}
const more = (rest: object): string => (Object.keys(rest).length ? ` with ${text(rest)}` : "")
const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(withoutSecrets(value)))

/** Keys that people write into settings are not shown around; what else there is has to be seen. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      typeof member === "string" && SECRET_NAME.test(key) && !/\{(?:env|file):/.test(member)
        ? SECRET_MARK
        : withoutSecrets(member),
    ]),
  )
}

/** Characters that a screen does not show, or shows in another order, as their numbers. */
export const visible = (shown: string): string =>
  shown.replaceAll(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
