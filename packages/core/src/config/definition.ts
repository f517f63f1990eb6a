import type { Config } from "@opencode/protocol/config.ts"
import { nearNames } from "../lib/text.ts"
import { isNativeAgent } from "./agents.ts"
import type { DefinitionKind } from "./definitions.ts"
import type { ParsedDocument } from "./document.ts"
import { parseFrontmatter } from "./frontmatter.ts"
import { isObject, type JsonObject } from "./json.ts"
import type { Below } from "./layers.ts"
import { askBeforeHarmOf } from "./never-looser.ts"

interface Defines {
  kind: DefinitionKind
  name: string
}

/** The member that the text below the settings becomes. */
const BODY = { agent: "prompt", mode: "prompt", command: "template" } as const satisfies Record<DefinitionKind, string>

/**
 * A Markdown file as the configuration that it stands for: `agent/review.md` is `{agent: {review: {…, prompt}}}`. From
 * there on it is treated as if it had been written in a file of settings.
 */
export const readDefinition =
  ({ kind, name }: Defines) =>
  async (text: string): Promise<ParsedDocument> => {
    const parsed = await parseFrontmatter(text)
    if ("problem" in parsed) return parsed
    const { data, body, locate } = parsed
    if (!isObject(data))
      return { problem: "the settings are no map of names to values", position: { line: 2, column: 1 } }
    const named = typeof data.name === "string" && data.name.trim() ? data.name.trim() : name
    const own = kind === "command" ? withoutForeign(data) : data
    const member = { ...own, ...(body || kind === "command" ? { [BODY[kind]]: body } : {}) }
    return {
      value: { [kind]: { [named]: member } },
      // Paths begin with the kind and the name, which stand in the file's own.
      locate: (paths) => locate(paths.map((path) => path.slice(2))),
    }
  }

const COMMAND_MEMBERS = ["description", "agent", "model", "variant", "subtask", "template"]

/**
 * Other programs read the same files, and have names of their own for more (`argument-hint`, `allowed-tools`). Those mean
 * nothing here; a name that is almost one of ours is a mistake, and is left to be reported.
 */
function withoutForeign(data: JsonObject): JsonObject {
  const isOurs = (key: string): boolean =>
    COMMAND_MEMBERS.includes(key) || (!FOREIGN.has(key) && nearNames(key, COMMAND_MEMBERS).length > 0)
  return Object.fromEntries(Object.entries(data).filter(([key]) => isOurs(key)))
}

/** Names of others that look like ours. */
const FOREIGN = new Set(["mode", "models", "agents", "agent-type", "disable-model-invocation"])

/** An agent whose file cannot be read is left out; one that there is without the file must not be freer for it. */
export const definitionGuard = ({ kind, name }: Defines, below: Below): Config =>
  kind !== "command" && (isNativeAgent(name) || below.config.agent?.[name]) ? askBeforeHarmOf(name, below) : {}
