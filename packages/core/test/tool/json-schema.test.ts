import fc from "fast-check"
import { expect, test } from "vitest"
import { fitOf } from "../../src/tool/json-fit.ts"
import { schemaProblem } from "../../src/tool/json-schema.ts"
import { structuredAnswer, structuredText, structuredTool } from "../../src/tool/structured.ts"

type Schema = Record<string, unknown>
const deep = (levels: number): Schema => (levels === 0 ? {} : { type: "array", items: deep(levels - 1) })
const tree = {
  $defs: { node: { type: "object", properties: { next: { $ref: "#/$defs/node" } } } },
  $ref: "#/$defs/node",
}

test.each<[string, Schema, RegExp]>([
  ["a type that does not exist", { type: "strnig" }, /#\/type has to be one of .*string/],
  ["a type inside", { properties: { a: { type: 3 } } }, /#\/properties\/a\/type/],
  ["a list instead of properties", { properties: [] }, /#\/properties has to be an object/],
  ["text instead of a schema", { items: "string" }, /#\/items has to be an object or a boolean/],
  ["names that are none", { required: [1] }, /#\/required/],
  ["no choice at all", { anyOf: [] }, /#\/anyOf/],
  ["a pattern that is none", { pattern: "(" }, /#\/pattern is no regular expression/],
  ["a pattern among names", { patternProperties: { "[": {} } }, /#\/patternProperties is no regular/],
  ["a schema elsewhere", { $ref: "https://example.com/schema.json" }, /nothing is fetched/],
  ["a file", { $ref: "file:///etc/passwd#/a" }, /nothing is fetched/],
  ["a definition that is missing", { $ref: "#/$defs/gone" }, /#\/\$ref/],
  ["a reference to what is no schema", { type: "object", $ref: "#/type" }, /#\/\$ref/],
  ["a reference that only running it resolves", { $dynamicRef: "#x" }, /not supported/],
  ["a hundred levels", deep(100), /deeper than 50/],
  ["a hundred thousand levels of data", { default: JSON.parse("[".repeat(100_000) + "]".repeat(100_000)) }, /deeper/],
  ["a megabyte", { enum: ["x".repeat(1_000_000)] }, /longer than 100000 characters/],
])("a schema with %s is refused with the place", (_, schema, problem) => {
  expect(schemaProblem(schema)).toMatch(problem)
})

test.each<[string, Schema]>([
  ["nothing", {}],
  ["itself inside", tree],
  ["itself as a whole", { type: "object", properties: { child: { $ref: "#" } } }],
  ["names from elsewhere", { $schema: "https://json-schema.org/draft/2020-12/schema", $id: "https://a.b/c" }],
  ["members that are called as keywords are", { properties: { $ref: { type: "string" }, type: { type: "string" } } }],
  ["keywords of its author", { "x-order": ["a"], deprecated: true }],
])("a schema with %s can be used", async (_, schema) => {
  expect(schemaProblem(schema)).toBeUndefined()
  expect(await fitOf({}, schema)).toEqual({ fits: true })
})

test("what does not fit is said with its place, and no more than a few times", async () => {
  const fit = await fitOf({ a: [1, "x"] }, { properties: { a: { items: { type: "number" } } }, required: ["a", "b"] })
  expect(fit).toMatchObject({ fits: false, problem: expect.stringMatching(/"b".*"a\/1".*number/s) })
  const many = await fitOf(Array(1_000).fill("x"), { type: "array", items: { type: "number" } })
  expect(many.fits ? "" : many.problem.match(/number/g)).toHaveLength(5)
})

test("a schema that takes for ever is given up, and the process goes on", async () => {
  const slow = { type: "string", pattern: "^(a+)+$" }
  expect(await fitOf(`${"a".repeat(60)}!`, slow)).toMatchObject({ problem: expect.stringContaining("1000 ms") })
  const double = Object.fromEntries(
    Array.from({ length: 40 }, (_, at) => [`n${at}`, { allOf: [1, 2].map(() => ({ $ref: `#/$defs/n${at + 1}` })) }]),
  )
  const bomb = { $defs: { ...double, n40: {} }, $ref: "#/$defs/n0" }
  expect(schemaProblem(bomb)).toBeUndefined()
  expect(await fitOf(1, bomb)).toMatchObject({ fits: false })
  expect(await fitOf(1, { $defs: { a: { $ref: "#/$defs/a" } }, $ref: "#/$defs/a" })).toMatchObject({ fits: false })
})

const KEYWORDS =
  "type items properties enum minimum exclusiveMaximum anyOf $ref id required dependentRequired dependentSchemas " +
  "dependencies format pattern uniqueItems propertyNames contains minContains if not additionalProperties $anchor"

test("no value and no schema that was let in makes the comparison fail", async () => {
  const schemas = fc.oneof(
    fc.constantFrom<Schema>(tree, { type: "object" }, { type: ["string", "null"] }, { not: {} }, { const: { a: 1 } }),
    fc.dictionary(fc.constantFrom(...KEYWORDS.split(" ")), fc.jsonValue()),
  )
  await fc.assert(
    fc.asyncProperty(schemas, fc.jsonValue(), async (schema, value) => {
      if (schemaProblem(schema as Schema) !== undefined) return
      const fit = await fitOf(value, schema as Schema)
      expect(fit.fits ? "" : fit.problem).not.toContain("could not be compared")
    }),
    { numRuns: 300 },
  )
})

const form = (schema: Schema) => ({ type: "json_schema" as const, schema })

test.each<[string, Schema, boolean]>([
  ["an object", { type: "object", properties: { a: {} } }, false],
  ["an object that does not say so", { properties: { a: {} } }, false],
  [
    "a list",
    {
      type: "array",
      items: { $ref: "#/$defs/x" },
      $defs: { x: { type: "object", properties: { up: { $ref: "#" } } } },
    },
    true,
  ],
  ["a choice", { type: "object", anyOf: [{ required: ["a"] }, { required: ["b"] }] }, true],
  ["anything", {}, true],
  ["an object with names that providers refuse", { type: "object", properties: { "à la": {} } }, true],
])("%s becomes the input of a tool that every provider takes", async (_, schema, wraps) => {
  const { inputSchema } = structuredTool(form(schema))
  expect(inputSchema).toMatchObject({ type: "object" })
  expect(Object.keys(inputSchema.properties ?? {})).toEqual(wraps ? ["value"] : ["a"])
  expect(schemaProblem(inputSchema)).toBeUndefined()
})

test.each<[string, string, unknown]>([
  ["alone", '{"a":1}', { a: 1 }],
  ["in a fence", 'Here you are:\n```json\n{"a": 1}\n```\nBye.', { a: 1 }],
  ["after words", 'The answer is {"a":1}.', { a: 1 }],
])("JSON in text is found %s", async (_, text, value) => {
  expect(await structuredText(text, form({ required: ["a"], type: "object" }))).toEqual({ value })
})

test.each(["", "no", "{", "[1", '{"b":1}', "}{", "[".repeat(10_000)])("%j is no answer", async (text) => {
  expect(await structuredText(text, form({ required: ["a"], type: "object" }))).toHaveProperty("problem")
})

test("an empty answer is compared like any other", async () => {
  expect(await structuredAnswer("", form({ type: "object" }))).toEqual({ value: {} })
})
