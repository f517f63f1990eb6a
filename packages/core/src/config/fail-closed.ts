import type { Config } from "@opencode/protocol/config.ts"
import { didYouMean, nearNames } from "../lib/text.ts"
import { dotted, type ConfigIssue } from "./issue.ts"
import { isObject } from "./json.ts"
import { STRICTEST_SANDBOX, type SandboxMode } from "./sandbox.ts"

/**
 * What holds where rules were written and cannot be read: nothing of what they may have forbidden happens unasked.
 * Reading and searching stay as they are, so that a comma too many does not stop all work.
 */
export const ASK_BEFORE_HARM: NonNullable<Config["permission"]> = {
  bash: "ask",
  edit: "ask",
  webfetch: "ask",
  external_directory: "ask",
  private_address: "ask",
  control_file: "ask",
}

export const SAYS_ASKED = "until it is mended, commands, edits and the web are asked about"

/** Whether a text that cannot be read may have held rules. */
export const mayHoldRules = (text: string): boolean => /permission|deny|"ask"|tools/i.test(text)

/** The permissions that come with the program: what a misspelt one was probably meant to be. */
const KNOWN = [
  "read",
  "edit",
  "glob",
  "grep",
  "list",
  "bash",
  "task",
  "external_directory",
  "todowrite",
  "todoread",
  "question",
  "webfetch",
  "websearch",
  "lsp",
  "doom_loop",
  "skill",
  "write",
  "apply_patch",
  "plan_enter",
  "plan_exit",
  "private_address",
  "control_file",
]

/** Those of other versions of OpenCode too: a rule for them is none too many. */
export const KNOWN_PERMISSIONS: ReadonlySet<string> = new Set([
  ...KNOWN,
  ...["trust", "todoread", "codesearch", "patch", "multiedit", "batch", "execute", "invalid", "StructuredOutput"],
])

interface Unread {
  /** What holds in the place of rules. */
  guard?(): Promise<Config>
  /** Whether it held some; absent: its words tell. */
  isRules?: boolean
}

/** What holds where a text cannot be read that may have held rules, or asked for a sandbox. */
export async function safeInstead(text: string, { guard, isRules = mayHoldRules(text) }: Unread): Promise<Config> {
  return {
    ...(isRules && (await guard?.())),
    ...(/sandbox/i.test(text) && { sandbox: STRICTEST_SANDBOX }),
  }
}

/** What a value stands for that should be a rule or a sandbox and is none. Undefined where neither was meant. */
export function safeRule(path: readonly string[], value: unknown): Config["permission"] | SandboxMode | undefined {
  if (path[0] === "sandbox" && (path.length === 1 || path[1] === "mode")) return STRICTEST_SANDBOX
  const depth = depthInRules(path)
  if (depth === undefined) return undefined
  const word = typeof value === "string" ? value.trim().toLowerCase() : ""
  if (word === "allow" || word === "ask" || word === "deny") return word
  return depth === 0 ? ASK_BEFORE_HARM : "ask"
}

/** How far inside `permission` or `agent.<name>.permission` a member is. */
function depthInRules(path: readonly string[]): number | undefined {
  if (path[0] === "permission") return path.length - 1
  return path[0] === "agent" && path[2] === "permission" ? path.length - 3 : undefined
}

/** Rules for a permission that no tool asks for, but nearly: they would be waited for in vain. */
export function misspeltRules(permission: unknown, path: string[]): ConfigIssue[] {
  if (!isObject(permission)) return []
  return Object.keys(permission)
    .filter((key) => !KNOWN_PERMISSIONS.has(key) && !/[*?]/.test(key) && nearNames(key, KNOWN).length > 0)
    .map((key) => ({
      severity: "warning",
      kind: "unknown_key",
      message: `${dotted([...path, key])} is not a permission of this program.${didYouMean(key, KNOWN)}`,
      path: [...path, key],
    }))
}
