import type { PermissionConfig } from "@opencode/protocol/permission.ts"
import { dotted, type ConfigIssue } from "./issue.ts"
import { isObject, type JsonObject } from "./json.ts"
import { mergePermission } from "./merge-permission.ts"

/** Where a member came from when it was written under another name: `to` begins its path now, `from` in the file. */
export interface Rename {
  from: string[]
  to: string[]
}

export interface Translated {
  value: unknown
  issues: ConfigIssue[]
  renames: Rename[]
}

/** Same meaning, other name. Where a file has both, the canonical one wins, member by member. */
const SAME: Readonly<Record<string, string>> = {
  permissions: "permission",
  agents: "agent",
  commands: "command",
  plugins: "plugin",
  providers: "provider",
  snapshots: "snapshot",
  reference: "references",
}

/** What a member is called in what is read of a file that calls it otherwise. */
export const SPELLINGS: Readonly<Record<string, string>> = {
  ...SAME,
  mcpServers: "mcp",
  mode: "agent",
  tools: "permission",
  autoshare: "share",
}

/** Settings of the screen, which OpenCode moved out of this file. */
const OF_THE_SCREEN = new Set(["theme", "keybinds", "tui"])

/** All spellings, old and newer, become the canonical one. Types are not checked here. Pure. */
export function translate(written: unknown): Translated {
  const issues: ConfigIssue[] = []
  const renames: Rename[] = []
  if (!isObject(written)) return { value: written, issues, renames }
  const value: JsonObject = { ...written }
  const take = (key: string) => {
    const taken = value[key]
    delete value[key]
    return taken
  }
  const put = (from: string[], key: string, member: unknown) => {
    renames.push({ from, to: [key] })
    value[key] = isObject(member) && isObject(value[key]) ? under(member, value[key]) : (value[key] ?? member)
  }

  for (const key of OF_THE_SCREEN) {
    if (take(key) === undefined) continue
    const message = `${dotted([key])} is a setting of the screen and belongs in tui.json, which comes first where it says so too.`
    issues.push({ severity: "warning", kind: "moved", message, path: [key] })
  }
  for (const [old, key] of Object.entries(SAME)) {
    if (old in value) put([old], key, key === "permission" ? rulesAsObject(take(old)) : take(old))
  }
  if ("mcpServers" in value) put(["mcpServers"], "mcp", mapMembers(take("mcpServers"), mcpServer))
  if (isObject(value.mcp)) value.mcp = mcpOf(value.mcp, renames)
  if ("mode" in value)
    put(
      ["mode"],
      "agent",
      mapMembers(take("mode"), (mode) => ({ mode: "primary", ...mode })),
    )
  if (isObject(value.agent)) value.agent = mapMembers(value.agent, agentOf)
  if (take("autoshare") === true && value.share === undefined) {
    renames.push({ from: ["autoshare"], to: ["share"] })
    value.share = "auto"
  }
  if ("tools" in value) {
    renames.push({ from: ["tools"], to: ["permission"] })
    withTools(value, take("tools"))
  }
  return { value, issues, renames }
}

/** The path in the file of a member that is now at `path`. */
export function writtenPath(path: readonly string[], renames: readonly Rename[], has: (path: string[]) => boolean) {
  if (has([...path])) return [...path]
  for (const { from, to } of renames) {
    const candidate = [...from, ...path.slice(to.length)]
    if (to.every((key, index) => path[index] === key) && has(candidate)) return candidate
  }
  return [...path]
}

/** `above` wins, one level deep in each member: an agent's fields from both spellings come together. */
function under(below: JsonObject, above: JsonObject): JsonObject {
  const merged = { ...below }
  for (const [key, member] of Object.entries(above)) {
    merged[key] = isObject(member) && isObject(below[key]) ? { ...below[key], ...member } : member
  }
  return merged
}

const mapMembers = (value: unknown, change: (member: JsonObject) => unknown): unknown =>
  isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, isObject(item) ? change(item) : item]))
    : value

function agentOf(written: JsonObject): JsonObject {
  const { tools, maxSteps, permissions, ...agent } = written
  if (agent.steps === undefined && maxSteps !== undefined) agent.steps = maxSteps
  if (agent.permission === undefined && permissions !== undefined) agent.permission = rulesAsObject(permissions)
  if (tools !== undefined) withTools(agent, tools)
  return agent
}

const EDITING = new Set(["write", "patch", "multiedit", "apply_patch"])

/** `tools: {bash: false}` is a rule; what is said in `permission` beside it comes later and so wins. */
function withTools(holder: JsonObject, tools: unknown): void {
  if (!isObject(tools)) return
  const rules: Record<string, "allow" | "deny"> = {}
  for (const [name, offered] of Object.entries(tools)) {
    if (typeof offered !== "boolean") continue
    const key = EDITING.has(name) ? "edit" : name
    // Three names for one permission: to deny one of them is to deny all.
    if (rules[key] !== "deny") rules[key] = offered ? "allow" : "deny"
  }
  if (Object.keys(rules).length === 0) return
  const said = holder.permission
  holder.permission = isPermission(said) ? mergePermission(rules, said) : isObject(said) ? { ...rules, ...said } : rules
}

/** Enough of a check to merge by: what is wrong in it is for validation to say. */
const isPermission = (value: unknown): value is PermissionConfig =>
  typeof value === "string" ||
  (isObject(value) &&
    Object.values(value).every((member) => typeof member === "string" || (isObject(member) && hasText(member))))

const hasText = (members: JsonObject) => Object.values(members).every((member) => typeof member === "string")

/** Each rule may move those before it. */
const MAX_RULES = 2_000

/** The newer spelling is a list of rules: `{action, resource, effect}` or `{permission, pattern, action}`. */
function rulesAsObject(written: unknown): unknown {
  // A longer list is nobody's, and is taken for what it is not: rules that cannot be read.
  if (!Array.isArray(written) || written.length > MAX_RULES) return written
  let merged: PermissionConfig | undefined
  for (const rule of written) {
    if (!isObject(rule)) return written
    const effect = rule.effect ?? rule.action
    const name = rule.permission ?? (rule.effect === undefined ? undefined : rule.action)
    const pattern = rule.pattern ?? rule.resource ?? "*"
    if (typeof name !== "string" || typeof pattern !== "string" || typeof effect !== "string") return written
    merged = mergePermission(merged, { [name]: { [pattern]: effect as "ask" } })
  }
  return merged ?? {}
}

/** The newer spelling has the servers in a member of their own, beside settings for all of them. */
function mcpOf(mcp: JsonObject, renames: Rename[]): unknown {
  const { servers, ...rest } = mcp
  const isGrouped = isObject(servers) && servers.type === undefined && servers.enabled === undefined
  if (isGrouped) renames.push({ from: ["mcp", "servers"], to: ["mcp"] })
  const timeout = isGrouped && typeof rest.timeout === "number" ? { timeout: rest.timeout } : {}
  if (isGrouped) delete rest.timeout
  const all = isGrouped ? { ...rest, ...servers } : mcp
  return mapMembers(all, (server) => {
    const { disabled, ...known } = server
    return {
      ...(known.type === undefined ? {} : timeout),
      ...known,
      ...(typeof disabled === "boolean" ? { enabled: !disabled } : {}),
    }
  })
}

/** The form that other programs share: `command` is one word and its arguments stand apart. */
function mcpServer(server: JsonObject): JsonObject {
  const { command, args, env, url, headers, disabled, ...rest } = server
  const enabled = typeof disabled === "boolean" ? { enabled: !disabled } : {}
  if (url !== undefined && command === undefined) {
    return { ...rest, type: "remote", url, ...(headers === undefined ? {} : { headers }), ...enabled }
  }
  const words = [command, ...(Array.isArray(args) ? args : [])].flat()
  const environment = env ?? rest.environment
  return { ...rest, type: "local", command: words, ...(environment === undefined ? {} : { environment }), ...enabled }
}
