import { realpath, stat } from "node:fs/promises"
import { join } from "node:path"
import { hashedName } from "../lib/hashed-name.ts"
import { fault } from "../lib/fault.ts"
import { withLock } from "../lib/lock.ts"
import { replaceFile } from "../lib/replace-file.ts"
import { SECRET_MARK } from "../lib/secret.ts"
import { isInside } from "../workspace/paths.ts"
import { parseJson } from "./document.ts"
import { changesOf, editText } from "./edit.ts"
import type { ConfigIssue } from "./issue.ts"
import { isObject, plain, type JsonObject } from "./json.ts"
import { MAX_FILE_BYTES, readSmallFile } from "./read.ts"
import { translate } from "./translate.ts"
import { validate } from "./validate.ts"

export interface PatchTarget {
  /** The file to change. It need not exist. */
  file: string
  /** What a new file begins with. */
  beginning: JsonObject
  /** Where the file may lie, also through a link. Undefined: anywhere. */
  within?: string | undefined
  /** The user's folder for what programs remember: locks are kept in it, so that no project sees them. */
  state: string
}

/** Changes times characters of the file: each change reads it once, and nothing else happens meanwhile. About a second. */
const MAX_WORK = 20_000_000

/** For everybody who may read the folder, as an editor would make it. */
const USUAL_MODE = 0o644

/**
 * Writes a patch into a file of settings: objects are merged, other values replaced, null takes a member out. What
 * carries the mark of a secret is left as it is, and so is what this program does not know. Either all of it is written,
 * or nothing is.
 * @returns whether the file changed
 * @throws Fault `bad_request` for a value of a wrong type, or a file that cannot be read; `busy`; `forbidden`
 */
export async function patchFile(patch: unknown, target: PatchTarget): Promise<boolean> {
  const wanted = understood(patch)
  const file = await realpath(target.file).catch(() => target.file)
  if (target.within !== undefined && !isInside(target.within, file))
    throw fault("forbidden", `${target.file} is a link out of this project, which is followed once you trust it.`)
  const lock = join(target.state, "config", hashedName(file))
  return withLock(lock, { pid: process.pid }, async ({ isHeld }) => {
    const before = await textOf(file)
    const text = before ?? JSON.stringify(target.beginning, null, 2) + "\n"
    const edited = await edit(text, wanted, file)
    if (edited === before) return false
    if (!isHeld()) throw fault("busy", `Another process is changing ${file}.`, { file })
    const mode = before === undefined ? USUAL_MODE : (await stat(file)).mode & 0o777
    try {
      replaceFile(file, edited, mode)
    } catch (error) {
      throw fault("storage", `${file} cannot be written.`, { file }, error)
    }
    return true
  })
}

async function edit(text: string, wanted: JsonObject, file: string): Promise<string> {
  const parsed = await parseJson(text)
  if ("problem" in parsed) {
    const { line, column } = parsed.position
    throw unfit(`${file} cannot be read at line ${line}, column ${column}: ${parsed.problem}. Mend it first.`)
  }
  if (!isObject(parsed.value)) throw unfit(`${file} has to be an object. Mend it first.`)
  const changes = changesOf(wanted, parsed.value)
  if (changes.length * text.length > MAX_WORK) throw unfit(`${changes.length} changes are too many for one request.`)
  const edited = changes.length ? await editText(text, changes) : text
  if (edited === undefined) throw unfit(`${file} says something twice that should be changed. Mend it first.`)
  if (Buffer.byteLength(edited) > MAX_FILE_BYTES)
    throw unfit(`${file} would become larger than ${MAX_FILE_BYTES / 1_000_000} MB, and would not be read any more.`)
  const after = await parseJson(edited)
  const problems = "problem" in after ? [] : newErrors(parsed.value, after.value)
  if (problems.length) throw unfit(problems.map(({ message }) => message).join(" "))
  return edited
}

/** What is wrong in the new text and was not in the old one. */
function newErrors(before: unknown, after: unknown): ConfigIssue[] {
  const errorsOf = (value: unknown) =>
    validate(translate(value).value).issues.filter(({ severity }) => severity === "error")
  const known = new Set(errorsOf(before).map(({ message }) => message))
  return errorsOf(after).filter(({ message }) => !known.has(message))
}

async function textOf(file: string): Promise<string | undefined> {
  const read = await readSmallFile(file)
  if ("missing" in read) return undefined
  if ("problem" in read) throw unfit(`${file} cannot be changed: ${read.problem}.`)
  return read.text
}

/** The patch in today's spelling, without what is unknown or hidden. */
function understood(patch: unknown): JsonObject {
  const { value } = translate(plain(patch))
  if (!isObject(value)) throw unfit("A patch has to be an object.")
  const kept = withoutMarks(value) as JsonObject
  for (const { kind, path } of validate(kept).issues)
    if (kind === "unknown_key" && !path.includes("permission")) remove(kept, path)
  // A client that sends back what it was shown sends lists that nobody wrote.
  for (const key of ["instructions", "plugin"]) if (isEmptyList(kept[key])) delete kept[key]
  return kept
}

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0

/** A list or text with a mark anywhere is left alone as a whole: nobody can say what else of it was meant. */
function withoutMarks(value: unknown): unknown {
  if (!isObject(value)) return value
  const kept = Object.entries(value).filter(([, member]) => isObject(member) || !hasMark(member))
  return Object.fromEntries(kept.map(([key, member]) => [key, withoutMarks(member)]))
}

const hasMark = (value: unknown): boolean => JSON.stringify(value)?.includes(SECRET_MARK) ?? false

function remove(value: JsonObject, path: readonly string[]): void {
  const [key = "", ...rest] = path
  const member = value[key]
  if (rest.length === 0) delete value[key]
  else if (isObject(member)) remove(member, rest)
}

const unfit = (message: string) => fault("bad_request", message, { kind: "Payload" })
