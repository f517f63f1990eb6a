import { z } from "zod"
import { aboutSetting, lookUp, OLDER_SETTINGS } from "./config-about.ts"
import { Config } from "./config.ts"
import { ABOUT_TUI, TuiConfig } from "./tui-config.ts"

type JsonSchema = Record<string, unknown>

/** The JSON Schemas that editors use for `opencode.json` and `tui.json`, from the definitions that the files are read by. */
export const configSchemas = (): { config: JsonSchema; tui: JsonSchema } => ({
  config: described(Config(), "Settings of opencode", aboutSetting),
  tui: described(TuiConfig(), "Settings of the terminal screen of opencode", (path) => lookUp(ABOUT_TUI, path)),
})

function described(definition: z.ZodType, title: string, about: (path: string[]) => string | undefined): JsonSchema {
  const { $defs, $schema, ...root } = z.toJSONSchema(definition, { target: "draft-7" }) as JsonSchema
  const { definitions, ...schema } = root
  const named = (definitions ?? $defs ?? {}) as Record<string, JsonSchema>

  /** With every reference resolved: what is said of a member differs from place to place, and editors pass it over beside a `$ref`. */
  function at(node: JsonSchema, path: string[]): JsonSchema {
    const { $ref, id: _id, allOf, propertyNames: _text, ...own } = node
    const [only] = (allOf ?? []) as JsonSchema[]
    const reference = $ref ?? only?.$ref
    if (typeof reference === "string") return at({ ...named[reference.split("/").at(-1) ?? ""], ...own }, path)
    const description = about(path)
    return {
      ...(description === undefined ? {} : { description }),
      ...(OLDER_SETTINGS.includes(path.map((name, index) => (index === 1 ? "*" : name)).join("."))
        ? { deprecated: true }
        : {}),
      ...Object.fromEntries(Object.entries(own).map(([key, value]) => [key, within(key, value, path)])),
    }
  }

  function within(key: string, value: unknown, path: string[]): unknown {
    if (key === "properties")
      return Object.fromEntries(
        Object.entries(value as Record<string, JsonSchema>).map(([name, member]) => [
          name,
          at(member, [...path, name]),
        ]),
      )
    if (key === "anyOf" || key === "oneOf") return (value as JsonSchema[]).map((option) => at(option, path))
    const isSchema = typeof value === "object" && value !== null && !Array.isArray(value)
    if ((key === "additionalProperties" || key === "items") && isSchema)
      return Object.keys(value).length ? at(value as JsonSchema, [...path, "*"]) : value
    if (key === "items" && Array.isArray(value)) return value.map((item: JsonSchema) => at(item, [...path, "*"]))
    return value
  }

  return { $schema, title, ...at(schema, []) }
}
