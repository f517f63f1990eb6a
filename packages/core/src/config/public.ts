import type { Config } from "@opencode/protocol/config.ts"
import { SECRET_MARK } from "../lib/secret.ts"
import { isObject, type JsonObject } from "./json.ts"
import type { ConfigSnapshot } from "./load.ts"

/** Members whose text is a secret, wherever they are written: `apiKey`, `clientSecret`, `secretAccessKey`, `token`. */
export const SECRET_NAME =
  /(?:api|access|private|secret)[-_]?key|secret|token|password|passphrase|credential|authorization/i
/** Headers that say nothing about who is asking. The value of every other header is hidden. */
const OPEN_HEADERS =
  /^(?:accept|accept-language|content-type|user-agent|referer|http-referer|x-title|anthropic-beta|anthropic-version)$/i

/** The name of the form that files of this kind have; nobody fetches it. */
const SCHEMA = "https://opencode.ai/config.json"

/**
 * The configuration as clients see it: with the members that they expect to be there, and the mark where a secret is.
 * Whoever writes a configuration back must leave members with this mark alone. Pure.
 */
export function publicConfig({ value }: Pick<ConfigSnapshot, "value">): Config {
  const { provider, mcp, lsp, formatter, enterprise, agent = {}, plugin = [], ...open } = value
  const agents = Object.entries(agent).map(([name, { permission, tools, ...rest }]) => [
    name,
    { ...hide(rest), ...(permission === undefined ? {} : { permission }), ...(tools === undefined ? {} : { tools }) },
  ])
  return {
    $schema: SCHEMA,
    command: {},
    mode: {},
    ...open,
    agent: Object.fromEntries(agents) as Config["agent"],
    plugin: plugin.map((entry) => (typeof entry === "string" ? hideText(entry) : [hideText(entry[0]), hide(entry[1])])),
    ...(provider ? { provider: hide(provider) } : {}),
    ...(enterprise ? { enterprise: hide(enterprise) } : {}),
    ...(mcp ? { mcp: hide(mcp) } : {}),
    ...(lsp === undefined ? {} : { lsp: hide(lsp) }),
    ...(formatter === undefined ? {} : { formatter: hide(formatter) }),
  }
}

/** Same shape, secrets replaced. */
function hide<Value>(value: Value): Value {
  if (typeof value === "string") return hideText(value) as Value
  if (Array.isArray(value)) return value.map(hide) as Value
  if (!isObject(value)) return value
  const shown: JsonObject = {}
  for (const [key, member] of Object.entries(value)) shown[key] = hideMember(key, member)
  return shown as Value
}

function hideMember(key: string, member: unknown): unknown {
  if (isObject(member)) {
    if (key === "environment" || key === "env") return hideAll(member, () => true)
    if (key === "headers") return hideAll(member, (name) => !OPEN_HEADERS.test(name))
  }
  return typeof member === "string" && SECRET_NAME.test(key) ? SECRET_MARK : hide(member)
}

const hideAll = (members: JsonObject, isSecret: (name: string) => boolean): JsonObject =>
  Object.fromEntries(Object.entries(members).map(([name, value]) => [name, isSecret(name) ? SECRET_MARK : value]))

/** An address can carry a password before its host, or a key in its query. */
function hideText(text: string): string {
  if (!text.includes("://")) return text
  return text
    .replace(/(?<=:\/\/)[^/@\s]+(?=@)/, SECRET_MARK)
    .replaceAll(/(?<=[?&])([^=&#\s]*)=([^&#\s]*)/g, (whole, name: string) =>
      SECRET_NAME.test(name) || /^(?:key|sig|signature|auth)$/i.test(name) ? `${name}=${SECRET_MARK}` : whole,
    )
}
