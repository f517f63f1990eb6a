import { realpath } from "node:fs/promises"
import { basename } from "node:path"
import type { TrustItem, TrustKind } from "@opencode/protocol/trust.ts"
import type { Trust } from "../permission/trust.ts"
import { isInside } from "../workspace/paths.ts"
import { MAX_SHOWN, trustItem, type Held } from "./held-item.ts"
import { shellPieces } from "./shell-pieces.ts"
import { dotted, type ConfigIssue } from "./issue.ts"
import { isObject } from "./json.ts"
import type { Below } from "./layers.ts"
import { fileVariables, localFiles, type LocalFilesInput } from "./local-files.ts"
import { runTexts } from "./run-files.ts"
import type { Restrict } from "./rule-budget.ts"
import type { Settled } from "./parse.ts"
import { validate } from "./validate.ts"
import { elementKey, substitute, type Variable, type VariableSources } from "./variables.ts"

/** A text of a project, and what it is judged by. */
export interface Untrusted {
  file: string
  /** The folder that approvals are bound to, canonical. */
  bound: string
  /** The root of the project, canonical: files that are loaded are looked for in it. */
  within: string
  /** Where its commands would run. */
  directory: string
  below: Omit<Below, "isGranted">
  /** For all texts of the project the same. */
  restrict: Restrict
  variables: Omit<VariableSources, "judge"> & { seen(path: string): void }
  trust: Pick<Trust, "allows">
  budget: LocalFilesInput["budget"]
}

/** An approved value may turn out to hold something else that waits, and that again. Nobody means more than this. */
const MAX_PASSES = 4

/**
 * What of a project's text is in effect: all that is only data, and what a person has approved as it is written. The
 * rest is held back, each with a name of its own.
 */
export async function settleUntrusted(written: unknown, input: Untrusted): Promise<SettledItems> {
  const granted: string[][] = []
  const items = new Map<string, TrustItem>()
  const places = new Map<string, readonly string[]>()
  const unshowable: ConfigIssue[] = []
  let judged = await judge(written, granted, input)
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const before = granted.length
    for (const held of judged.held) {
      const name = JSON.stringify(held.key)
      const item = items.get(name) ?? (await itemOf(held, written, input))
      if (!item) unshowable.push(tooLong(held))
      else {
        items.set(name, item)
        places.set(item.id, held.path)
      }
      if (item && input.trust.allows(item)) granted.push(held.key)
    }
    if (granted.length === before) break
    judged = await judge(written, granted, input)
  }
  return {
    value: judged.value,
    wanted: judged.wanted,
    issues: [...judged.issues, ...distinct(unshowable)],
    items: [...items.values()],
    places,
  }
}

export interface SettledItems extends Settled {
  items: readonly TrustItem[]
  /** Where each is written, by its id: with the places of elements in lists. */
  places: ReadonlyMap<string, readonly string[]>
}

interface HeldHere {
  path: string[]
  key: string[]
  why: string
  /** Of a command: the lines that a shell would run, also those that a file brings in. */
  runs?: string[]
}

async function judge(
  written: unknown,
  granted: readonly string[][],
  input: Untrusted,
): Promise<Settled & { held: HeldHere[] }> {
  const isGranted = (key: readonly string[]): boolean =>
    granted.some((prefix) => prefix.length <= key.length && prefix.every((name, index) => key[index] === name))
  const variables: Variable[] = []
  const settle = async (other: "keep" | "drop") => {
    const filled = await substitute(written, {
      ...input.variables,
      async judge(variable) {
        if (isGranted(variable.key) || (await isOwnFile(variable.file, input.bound))) return "fill"
        if (other === "keep") variables.push(variable)
        return other
      },
    })
    const checked = validate(filled.value)
    return { filled, checked, restricted: input.restrict(checked.value, { ...input.below, isGranted }) }
  }

  // First as it is written, so that a member which needs a variable is held back as a whole and not called wrong.
  const whole = await settle("keep")
  const members = whole.restricted.held
  const isOfMember = (key: readonly string[]): boolean =>
    members.some((member) => member.key.every((name, index) => key[index] === name))
  const loose = variables.filter(({ key }) => !isOfMember(key))
  const taken = loose.length ? await settle("drop") : whole
  const commands = commandsWithShell(taken.restricted.value, isGranted)
  const isTold = ({ path }: ConfigIssue): boolean => !members.some((member) => isBelow(path, member.path))
  return {
    value: taken.restricted.value,
    wanted: whole.checked.value,
    held: [...members, ...loose.map(waiting), ...commands],
    issues: [
      ...taken.filled.issues.filter(isTold),
      ...taken.checked.issues.filter(isTold),
      ...taken.restricted.issues,
      ...commands.map(({ path, why }) => heldIssue(path, why)),
    ],
  }
}

const isBelow = (path: readonly string[], top: readonly string[]): boolean =>
  top.every((name, index) => path[index] === name)

const waiting = ({ path, key, whole }: Variable): HeldHere => ({ path, key, why: `uses ${whole}` })

const heldIssue = (path: string[], why: string): ConfigIssue => ({
  severity: "warning",
  kind: "held_back",
  message: `${dotted(path)} ${why}; it is held back until you trust this project.`,
  path,
})

/** The text of a command is data; the pieces in it that a shell would run are not. */
const commandsWithShell = (
  { command = {} }: Settled["value"],
  isGranted: (key: readonly string[]) => boolean,
): HeldHere[] =>
  Object.entries(command).flatMap(([name, { template }]) => {
    const path = ["command", name]
    const runs = shellPieces(template)
    return runs.length && !isGranted(path) ? [{ path, key: path, why: "runs shell commands", runs }] : []
  })

/** A file beside the settings or below, as it came with the project, and not one that is kept out of it because it holds secrets. */
async function isOwnFile(file: string | undefined, within: string): Promise<boolean> {
  if (file === undefined) return false
  const real = await realpath(file).catch(() => undefined)
  // One that is not there is told as that.
  if (real === undefined) return isInside(within, file)
  if (!isInside(within, real)) return false
  const name = basename(real).toLowerCase()
  const isSecret = /^\.env(?:\.|$)/.test(name) && name !== ".env.example"
  return !isSecret && !real.slice(within.length).split(/[/\\]/).includes(".git")
}

async function itemOf(
  { key, path, why, runs }: HeldHere,
  written: unknown,
  input: Untrusted,
): Promise<TrustItem | undefined> {
  const { file, bound, within, directory, variables, budget } = input
  const definition = definitionAt(written, key)
  const held: Held = {
    kind: kindOf(path, why),
    path: key,
    why,
    definition,
    ...(runs ? { runs: shown(runs, definition) } : {}),
  }
  const bases = [variables.folder, directory, within]
  // Nothing that a hash could hold on to.
  if (definition === undefined) return undefined
  const loaded = runs ? [...fileVariables(definition), ...(await Promise.all(runs.map(runTexts))).flat()] : definition
  const files = await localFiles(loaded, { bases, within, home: variables.home, seen: variables.seen, budget })
  return trustItem(held, { file, folder: bound }, files)
}

/** With the lines that a file brings in. A variable of the environment stays one: what it stands for is not shown around. */
function shown(runs: readonly string[], definition: unknown): string[] {
  const text = JSON.stringify(definition)
  if (!text.includes("{env:")) return [...runs]
  const { template } = isObject(definition) ? definition : {}
  return [...shellPieces(String(template)), ...fileVariables(definition).map((name) => `all that ${name} says`)]
}

/** As it is written: what a variable stands for today is not what was approved. */
function definitionAt(written: unknown, key: readonly string[]): unknown {
  let found = written
  for (const name of key) {
    if (Array.isArray(found)) found = found.find((element, index) => elementKey(element, index) === name) ?? name
    else found = isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined
  }
  return found
}

const KINDS: Partial<Record<string, TrustKind>> = {
  plugin: "plugin",
  mcp: "mcp",
  lsp: "lsp",
  formatter: "formatter",
  command: "command",
  provider: "provider",
  permission: "permission",
  instructions: "instructions",
  skills: "skills",
  references: "references",
}

function kindOf([key = "", , third]: readonly string[], why: string): TrustKind {
  if (why.startsWith("uses {")) return "variable"
  if (key === "agent" && third === "permission") return "permission"
  return KINDS[key] ?? "setting"
}

const tooLong = ({ path }: HeldHere): ConfigIssue => ({
  severity: "warning",
  kind: "held_back",
  message: `${dotted(path)} cannot be shown whole (at most ${MAX_SHOWN} characters) and so not be approved; --trust lets it in.`,
  path,
})

const distinct = (issues: ConfigIssue[]): ConfigIssue[] => [
  ...new Map(issues.map((issue) => [issue.message, issue])).values(),
]
