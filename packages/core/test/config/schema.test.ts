import { aboutKeys, aboutSetting } from "@opencode/protocol/config-about.ts"
import { configSchemas } from "@opencode/protocol/config-schema.ts"
import { ABOUT_TUI } from "@opencode/protocol/tui-config.ts"
import { describe, expect, test } from "vitest"
import { settingPaths } from "./setting-paths.ts"

const schemas = configSchemas()

describe.each([
  ["opencode.json", schemas.config, aboutKeys()],
  ["tui.json", schemas.tui, Object.keys(ABOUT_TUI)],
] as const)("the schema of %s", (_, schema, about) => {
  test("says of every setting what it does, and of nothing else", () => {
    const paths = settingPaths(schema)
    const older = (path: string) => path.replace(/^mode\./, "agent.").replace(/^reference\./, "references.")
    expect(paths.filter((path) => !about.includes(older(path)))).toEqual([])
    expect(about.filter((path) => !paths.includes(path))).toEqual([])
  })

  test("says it in one sentence", () => {
    const texts = settingPaths(schema).flatMap((path) =>
      schemas.config === schema ? (aboutSetting(path.split(".")) ?? []) : [],
    )
    expect(texts.filter((text) => !/^[A-Z].{3,110}[.]$/.test(text) || text.includes("\n"))).toEqual([])
  })

  test("needs nothing beside it", () => {
    expect(JSON.stringify(schema)).not.toContain("$ref")
  })
})

test("the schema marks what is written otherwise today, and refuses what nobody knows", () => {
  const { properties, additionalProperties } = schemas.config as {
    properties: Record<string, object>
    additionalProperties: unknown
  }
  expect(properties.autoshare).toMatchObject({ deprecated: true, type: "boolean" })
  expect(properties.share).not.toHaveProperty("deprecated")
  expect(additionalProperties).toBe(false)
})
