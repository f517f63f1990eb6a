import { basename, dirname, join, relative } from "node:path"
import type { IntentOf } from "./intent.ts"
import { failure } from "./look-plans.ts"
import { absolute, isKept, shellPath, shown, type Batch, type Plan, type PlanContext } from "./plan.ts"
import { bullets, plural, quoted, reason } from "./prose.ts"
import { commandIn, contentIn, pathsIn, type Outcome } from "./results.ts"

// Files and folders are moved and deleted by commands, so that the rules for commands decide. Paths are quoted and stand
// behind "--": whatever they hold, they are names.

const NOTHING: Outcome = { text: "", failed: true }
/** Files that one request deletes: more than a person reads through is a mistake. */
const MAX_DELETED = 50

type Kind = "file" | "folder" | "missing"

/** What is at these paths, by what the folders around them list: no file is opened for it. */
function* look(
  paths: readonly string[],
  context: PlanContext,
): Generator<Batch, { kinds: Kind[]; refusal?: Outcome }, Outcome[]> {
  const places = paths.map((path) => absolute(path.replace(/(?<=.)\/+$/, ""), context))
  // What holds the workspace is none of ours, and looking at it would need a permission of its own.
  const isKnown = (place: string) => place === context.directory || place === dirname(place)
  const folders = [...new Set(places.filter((place) => !isKnown(place)).map((place) => dirname(place)))]
  if (folders.length === 0) return { kinds: places.map(() => "folder") }
  const outcomes = yield { calls: folders.map((filePath) => ({ tool: "read", input: { filePath } })) }
  const refusal = outcomes.find(({ refused }) => refused)
  const kinds = places.map((place): Kind => {
    if (isKnown(place)) return "folder"
    const outcome = outcomes[folders.indexOf(dirname(place))] ?? NOTHING
    if (outcome.failed) return "missing"
    const { lines } = contentIn(outcome)
    if (lines.includes(`${basename(place)}/`)) return "folder"
    return lines.includes(basename(place)) ? "file" : "missing"
  })
  return { kinds, ...(refusal ? { refusal } : {}) }
}

/** Ways of naming the workspace itself, what holds it, or its history. */
function isSacred(path: string, context: PlanContext): boolean {
  if (/^(?:\/|~\/?|\.|\.\.|\.\/|\.\.\/)$/.test(path) || /(?:^|\/)\.git\/?$/.test(path)) return true
  if (context.directory === undefined) return path.includes("..")
  const down = relative(absolute(path, context), context.directory)
  return down === "" || (!down.startsWith("..") && !path.startsWith("~"))
}

export function* move(intent: IntentOf<"move">, context: PlanContext): Plan {
  const { files, to, copy = false } = intent
  const [verb, done] = copy ? ["copied", "Copied"] : ["moved", "Moved"]
  const no = (why: string) => ({ text: `Nothing was ${verb}: ${why}`, stop: true })
  const kept = [...files, to].find((file) => isKept(file, context))
  if (kept !== undefined) return no(`you said to leave ${quoted(kept)} alone.`)
  const sacred = copy ? undefined : files.find((file) => isSacred(file, context))
  if (sacred !== undefined) return no(`${quoted(sacred)} is not mine to move.`)

  const { kinds, refusal } = yield* look([...files, to, dirname(to)], context)
  if (refusal) return failure(`Nothing was ${verb}`, refusal)
  const missing = files.filter((_, index) => kinds[index] === "missing")
  if (missing.length) return no(`there is no ${missing.map(quoted).join(" and no ")}.`)
  const isInto = to === "." || kinds[files.length] === "folder" || intent.isFolder === true
  if (kinds[files.length] === "file") return no(`${quoted(to)} is there already, and I do not overwrite it.`)
  const targets = files.map((file) => (isInto ? join(to, basename(file)) : to))
  if (isInto && kinds[files.length] === "folder") {
    const { kinds: there } = yield* look(targets, context)
    const taken = targets.find((_, index) => there[index] !== "missing")
    if (taken !== undefined) return no(`${quoted(taken)} is there already, and I do not overwrite it.`)
  }
  const needed = isInto
    ? kinds[files.length] === "missing"
      ? to
      : undefined
    : kinds[files.length + 1] === "missing"
      ? dirname(to)
      : undefined
  const commands = [
    ...(needed === undefined || needed === "." ? [] : [`mkdir -p -- ${shellPath(needed)}`]),
    ...files.map(
      (file, index) => `${copy ? "cp -Rn" : "mv -n"} -- ${shellPath(file)} ${shellPath(targets[index] ?? to)}`,
    ),
  ]
  const failed = yield* command(commands.join(" && "), `${copy ? "Copy" : "Move"} ${files.join(", ")}`)
  if (failed !== undefined) return no(failed)
  const rows = files.map((file, index) => `${quoted(file)} to ${quoted(targets[index] ?? to)}`)
  const note = copy || !files.some((file) => /\.\w+$/.test(file)) ? "" : " What names the old place was not changed."
  const text =
    rows.length === 1
      ? `${done} ${rows[0]}.${note}`
      : `${done} ${plural(rows.length, "file")}:\n${bullets(rows)}\n${note.trim()}`
  return { text, ...(targets.length === 1 ? { subject: { file: targets[0] } } : {}) }
}

export function* remove({ files, glob, folder }: IntentOf<"delete">, context: PlanContext): Plan {
  const no = (why: string) => ({ text: `Nothing was deleted: ${why}`, stop: true })
  if (glob !== undefined) return yield* removeMatching(glob, folder, context)
  const sacred = files.find((file) => isSacred(file, context))
  if (sacred !== undefined) return no(`${quoted(sacred)} is too much to delete on a word. Name what is in it.`)
  const kept = files.find((file) => isKept(file, context))
  if (kept !== undefined) return no(`you said to leave ${quoted(kept)} alone.`)
  const { kinds, refusal } = yield* look(files, context)
  if (refusal) return failure("Nothing was deleted", refusal)
  const missing = files.filter((_, index) => kinds[index] === "missing")
  if (missing.length) return no(`there is no ${missing.map(quoted).join(" and no ")}. Say the whole path.`)

  const folders = files.filter((_, index) => kinds[index] === "folder")
  const contents = folders.length
    ? yield { calls: folders.map((one) => ({ tool: "read", input: { filePath: absolute(one, context) } })) }
    : []
  const named: string[] = []
  const full: string[] = []
  for (const [index, one] of folders.entries()) {
    const outcome = contents[index] ?? NOTHING
    // Nobody deletes what could not be looked into.
    if (outcome.failed) return failure(`Nothing was deleted, because ${quoted(one)} could not be looked into`, outcome)
    const { lines } = contentIn(outcome)
    const inside = lines.map((line) => `${one}/${line}`).find((line) => isKept(line, context))
    if (inside !== undefined) return no(`you said to leave ${quoted(inside)} alone.`)
    if (lines.length === 0) continue
    full.push(one)
    named.push(`${quoted(one)} holds ${plural(lines.length, "entry", "entries")}:\n${bullets(lines)}`)
  }
  const plain = files.filter((file) => !folders.includes(file))
  const empty = folders.filter((one) => !full.includes(one))
  const words = (names: string[]) => names.map(shellPath).join(" ")
  const commands = [
    ...(plain.length ? [`rm -- ${words(plain)}`] : []),
    ...(empty.length ? [`rmdir -- ${words(empty)}`] : []),
    ...(full.length ? [`rm -r -- ${words(full)}`] : []),
  ]
  const failed = yield* command(commands.join(" && "), `Delete ${files.join(", ")}`, named.join("\n"))
  return failed === undefined ? { text: `Deleted ${files.map(quoted).join(", ")}.` } : no(failed)
}

function* removeMatching(glob: string, folder: string | undefined, context: PlanContext): Plan {
  const place = folder ? { path: absolute(folder, context) } : {}
  const [found = NOTHING] = yield { calls: [{ tool: "glob", input: { pattern: glob, ...place } }] }
  if (found.failed) return failure("Nothing was deleted", found)
  const { paths, isCut } = pathsIn(found)
  const names = paths.map((path) => shown(path, context)).filter((name) => !isKept(name, context))
  if (names.length === 0) return { text: `No file matches ${quoted(glob)}. Nothing was deleted.` }
  if (isCut || names.length > MAX_DELETED) {
    return {
      text: `Nothing was deleted: ${isCut ? "more than " : ""}${plural(names.length, "file")} match ${quoted(glob)}, and I delete at most ${MAX_DELETED} at a time. Name a folder.`,
      stop: true,
    }
  }
  const say = `${plural(names.length, "file")} to delete:\n${bullets(names)}`
  const failed = yield* command(
    `rm -- ${names.map(shellPath).join(" ")}`,
    `Delete ${plural(names.length, "file")}`,
    say,
  )
  if (failed !== undefined) return { text: `They were not deleted: ${failed}`, stop: true }
  return { text: `Deleted ${plural(names.length, "file")}.\n${bullets(names)}` }
}

export function* makeFolder({ folders }: IntentOf<"mkdir">, context: PlanContext): Plan {
  const kept = folders.find((folder) => isKept(folder, context))
  if (kept !== undefined) return { text: `No folder was made: you said to leave ${quoted(kept)} alone.`, stop: true }
  const failed = yield* command(`mkdir -p -- ${folders.map(shellPath).join(" ")}`, `Make ${folders.join(", ")}`)
  if (failed !== undefined) return { text: `No folder was made: ${failed}`, stop: true }
  const names = folders.map(quoted).join(", ")
  return { text: `Made the ${folders.length === 1 ? "folder" : "folders"} ${names}.`, subject: { file: folders[0] } }
}

/** Runs a command that has nothing to say. Why it failed, if it did. */
function* command(line: string, description: string, say?: string): Generator<Batch, string | undefined, Outcome[]> {
  const [done = NOTHING] = yield {
    ...(say ? { say } : {}),
    calls: [{ tool: "bash", input: { command: line, description: description.slice(0, 80) } }],
  }
  if (done.failed) return reason(done.text)
  const { code, output, note } = commandIn(done)
  return code === 0 ? undefined : reason(output || (note ?? ""))
}
