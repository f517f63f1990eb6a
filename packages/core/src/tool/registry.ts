import type { PermissionRuleset } from "@opencode/protocol/permission.ts"
import { z } from "zod"
import { nearNames } from "../lib/text.ts"
import { isOffered } from "../permission/rules.ts"
import { matches } from "../permission/wildcard.ts"
import { coerceInput, type JsonSchema } from "./coerce.ts"
import type { Tool, ToolUser } from "./tool.ts"

/** How clients list the tools, and the model gets them. A stable order keeps the provider's prompt cache warm. */
const ORDER = [
  "invalid",
  "question",
  "bash",
  "read",
  "glob",
  "grep",
  "edit",
  "write",
  "task",
  "webfetch",
  "todowrite",
  "websearch",
  "skill",
  "apply_patch",
  // Comes and goes with plan mode: behind those that stay.
  "plan_exit",
]

export interface ToolDefinition {
  name: string
  description: string
  inputSchema: JsonSchema
}

export interface OfferOptions {
  rules: PermissionRuleset
  /** What no rule can widen. */
  ceiling?: PermissionRuleset
  /** The model as its maker calls it: families were taught different tools for the same work. */
  modelID: string
  /** Default: an agent that may do anything. */
  user?: ToolUser
  /** Names the prompt or the agent turned off; `*` and `?` are wildcards. */
  disabled?: readonly string[]
}

export type Validated = { input: unknown; problem?: undefined } | { input?: undefined; problem: string }

export interface Registry {
  /** Also finds `Bash` when there is only `bash`: models get the case wrong. */
  get(name: string): Tool | undefined
  ids(): string[]
  /** What the model is told. A tool that the rules deny for everything is left out, and so is `invalid`. */
  offered(options: OfferOptions): ToolDefinition[]
  /** The input as the tool takes it, or one sentence that names what is wrong with it. `raw` may be JSON text. */
  validate(tool: Tool, raw: unknown): Validated
  /** One sentence for a call that names no tool. */
  unknown(name: string): string
}

/** @param isThere whether a tool can be used now; default: all of them */
export function createRegistry(tools: readonly Tool[], isThere: (name: string) => boolean = () => true): Registry {
  const sorted = [...tools].sort((a, b) => rank(a.name) - rank(b.name))
  const byName = new Map(sorted.map((tool) => [tool.name, tool]))
  const byLowerName = new Map(sorted.map((tool) => [tool.name.toLowerCase(), tool]))
  const built = new Map<Tool, { zod: z.ZodType; json: JsonSchema }>()

  const schemaOf = (tool: Tool) => {
    const known = built.get(tool)
    if (known) return known
    const zod = tool.input()
    const schema = { zod, json: jsonSchema(zod) }
    built.set(tool, schema)
    return schema
  }

  return {
    get(name) {
      const found = byName.get(name) ?? byLowerName.get(name.toLowerCase())
      return found && isThere(found.name) ? found : undefined
    },
    ids: () => sorted.map((tool) => tool.name).filter(isThere),
    offered({ rules, ceiling = [], modelID, disabled = [], user = ANYBODY }) {
      return sorted
        .filter(({ name }) => isThere(name))
        .filter((tool) => tool.name !== "invalid" && (tool.suits?.(modelID) ?? true))
        .filter((tool) => objectionTo(tool, user) === undefined)
        .filter((tool) => !isOff(tool, disabled) && isOffered(tool.permission, rules, ceiling))
        .filter((tool) => tool.isOfUse?.(rules, ceiling) ?? true)
        .map((tool) => {
          const description = tool.prose + (tool.proseUnder?.(rules, ceiling) ?? "") + (tool.proseFor?.(user) ?? "")
          return { name: tool.name, description, inputSchema: schemaOf(tool).json }
        })
    },
    validate(tool, raw) {
      const given = fromText(raw)
      if ("problem" in given) return { problem: `Invalid input for tool ${tool.name}: ${given.problem}` }
      const { zod, json } = schemaOf(tool)
      const parsed = zod.safeParse(coerceInput(given.value, json))
      if (parsed.success) return { input: parsed.data }
      return { problem: `Invalid input for tool ${tool.name}: ${sentence(parsed.error)}` }
    },
    unknown(name) {
      const names = sorted.map((tool) => tool.name).filter((known) => known !== "invalid" && isThere(known))
      const near = nearNames(name, names)
      const hint = near.length > 0 ? `Did you mean ${near.join(" or ")}?` : `There are: ${names.join(", ")}.`
      return `There is no tool named "${name}". ${hint}`
    },
  }
}

const ANYBODY: ToolUser = { agent: "", isChild: false, readOnly: false }

/**
 * Why somebody may not use a tool at all, whatever the rules say: no configuration and no approval changes it. Fails
 * closed: where only reading is allowed, a tool that says nothing of itself is not known to only read.
 */
export function objectionTo({ name, effect, foreign, isBound, isFor }: Tool, user: ToolUser): string | undefined {
  if (isFor && !isFor(user)) return `The tool ${name} is not for the agent ${user.agent} here.`
  const onlyReads = foreign ? foreign.readOnlyHint : effect === "pure" || isBound === true
  if (!user.readOnly || onlyReads) return undefined
  return `This agent only reads (plan mode), and the tool ${name} is not known to only read. No configuration can lift that.`
}

/** Whether one of the names or wildcards turns the tool off, by its own name or one that it stands for. */
export const isOff = ({ name, standsFor = [] }: Tool, disabled: readonly string[]): boolean =>
  [name, ...standsFor].some((known) => disabled.some((pattern) => matches(pattern, known)))

function rank(name: string): number {
  const index = ORDER.indexOf(name)
  return index === -1 ? ORDER.length : index
}

function jsonSchema(zod: z.ZodType): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(zod, {
    io: "input",
    override({ jsonSchema }) {
      // Every whole number has these; the model learns nothing from them and pays for them in each request.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
    },
  }) as JsonSchema
  return schema.type === "object" ? { ...schema, additionalProperties: false } : schema
}

function fromText(raw: unknown): { value: unknown } | { problem: string } {
  if (typeof raw !== "string") return { value: raw ?? {} }
  if (raw.trim() === "") return { value: {} }
  try {
    return { value: JSON.parse(raw) }
  } catch (error) {
    return { problem: `JSON parsing failed: ${error instanceof Error ? error.message : String(error)}` }
  }
}

function sentence(error: z.ZodError): string {
  const problems = error.issues.map((issue) => {
    const member = issue.path.join(".")
    return member === "" ? issue.message : `"${member}": ${issue.message}`
  })
  return `${problems.join("; ")}.`
}
