import type { PermissionRule } from "@opencode/protocol/permission.ts"
import { matches } from "../permission/wildcard.ts"
import { mayOverlap } from "./tighten.ts"

/** `claim` is what is wrong with it: "nothing is matched" by it. */
export interface Why {
  claim: string
  why: string
}

const NOTHING = "nothing is matched"

/**
 * Why a pattern matches nothing that is ever asked, or only what nobody can have meant. By what each permission is asked
 * for: commands one by one, paths from the top of the project, addresses. Pure.
 * @param all the patterns for the same permission, it among them
 */
export function complaintOfPattern(rule: PermissionRule, all: readonly string[]): Why | undefined {
  const { permission, pattern } = rule
  if (pattern === "*") return undefined
  if (FLAT.has(permission) && !matches(pattern, "*"))
    return { claim: NOTHING, why: `${permission} is asked for as a whole, and its pattern is \`*\`.` }
  if (permission === "bash") return complaintOfCommand(rule, all)
  if ((permission === "read" || permission === "edit") && /^\.\.?\//.test(pattern))
    return { claim: NOTHING, why: "paths go from the top of the project, without `./`; those outside are absolute." }
  if (permission === "external_directory") return complaintOfFolder(pattern)
  if (permission === "webfetch" && !mayOverlap(pattern, "http*"))
    return { claim: NOTHING, why: "an address begins with `http`: write `https://…`, or begin with `*`." }
  return undefined
}

/** Asked for without saying more. */
const FLAT = new Set(["todowrite", "question", "plan_enter", "plan_exit"])

function complaintOfFolder(pattern: string): Why | undefined {
  if (/^[\w.]/.test(pattern) && !/^[A-Za-z]:/.test(pattern))
    return { claim: NOTHING, why: "what lies outside of the project is asked for by its absolute path." }
  if (/[*?]$/.test(pattern)) return undefined
  return { claim: NOTHING, why: "it is asked for the folder of a file, as `/folder/*`." }
}

/** Programs that do nothing of note without arguments: a rule for the bare word is a rule for what nobody runs. */
const NEED_ARGUMENTS = new Set(
  (
    "awk brew bun bunx cargo chmod chown chgrp cp curl dd docker find git gh go grep kill killall kubectl ln mkdir " +
    "mkfs mv npm npx pip pip3 pkill pnpm podman rg rm rmdir rsync scp sed ssh sudo tar tee touch unlink unzip wget " +
    "xargs zip"
  ).split(" "),
)
/** Of these the first argument says what is done, and the others to what. */
const HAVE_SUBCOMMANDS = new Set("brew cargo docker gh git go kubectl npm pip pip3 pnpm podman yarn".split(" "))
/** Whose arguments are names that may have colons in them. */
const RUN_SCRIPTS = /^(?:npm|npx|pnpm|yarn|bun|bunx|deno|make|just|task|rake|nx|turbo|composer|docker|podman)\b/

function complaintOfCommand({ pattern, action }: PermissionRule, all: readonly string[]): Why | undefined {
  if (/^[^*?].*\s(?:\||\|\||&&|;)\s/.test(pattern))
    return { claim: NOTHING, why: "of a pipeline or a list each command is looked at by itself." }
  if (/^[^*?].*\s>>?\s/.test(pattern))
    return { claim: NOTHING, why: "a redirect is no part of the command; to write a file asks for `edit`." }
  const colon = /^([\w./-]+(?: [\w./-]+)*):\*$/.exec(pattern)?.[1]
  if (colon !== undefined && !RUN_SCRIPTS.test(colon))
    return { claim: "only what has a colon there is matched", why: "arguments are written ` *`." }
  const isWider = (other: string): boolean => other !== pattern && other !== "*" && matches(other, `${pattern} x`)
  if (/[*?]/.test(pattern) || all.some(isWider)) return undefined
  const [program = "", first, ...rest] = pattern.trim().split(/\s+/)
  const isBare = first === undefined && NEED_ARGUMENTS.has(program)
  const isHalf = rest.length === 0 && /^[a-z]/.test(first ?? "") && HAVE_SUBCOMMANDS.has(program) && action === "deny"
  if (!isBare && !isHalf) return undefined
  return { claim: "only the bare command is matched", why: "with arguments it is another text; end it with ` *`." }
}
