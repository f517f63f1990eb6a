import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { LEFT_OUT, MISSING } from "./contract/absent-calls.ts"
import { createComparison, type Shape, type Shapes } from "./contract/compare-shapes.ts"
import { DIFFERENCES } from "./contract/differences.ts"
import { differences, operationsOf, ours, published } from "./contract/documents.ts"
import { fits } from "./contract/fits.ts"
import { served } from "./served.ts"

// Our document beside that of OpenCode 1.18.33: what differs is explained, and what is explained differs.

const here = operationsOf(ours)
const there = operationsOf(published)
const rows = DIFFERENCES.flatMap(({ lines }) => lines)
const isLeftOut = (call: string): boolean =>
  LEFT_OUT.some((pattern) => fits(call.split(" ")[1] ?? "", pattern.replaceAll(/:(\w+)/g, "{$1}")))

test("every call and shape is as published, but for the differences that are explained", () => {
  expect(differences().filter((line) => !rows.some((row) => fits(line, row)))).toEqual([])
})

test("every difference that is explained is one", () => {
  const found = differences()
  expect(rows.filter((row) => !found.some((line) => fits(line, row)))).toEqual([])
})

test("every published call is here, on the list of what comes later, or left out for good, and in one place only", () => {
  for (const call of there.keys()) {
    const places = [here.has(call), call in MISSING, isLeftOut(call)].filter(Boolean)
    expect({ call, places: places.length }).toEqual({ call, places: 1 })
  }
  expect(Object.keys(MISSING).filter((call) => !there.has(call))).toEqual([])
  for (const pattern of LEFT_OUT)
    expect(
      [...there.keys()].some((call) => isLeftOut(call)),
      pattern,
    ).toBe(true)
})

test("calls that are not here answer 404 like any path that nobody knows", async () => {
  await using s = await served()
  const absent = [...there.keys()].filter((call) => !here.has(call))
  expect(absent.length).toBeGreaterThan(Object.keys(MISSING).length)
  for (const call of absent) {
    const [method = "", path = ""] = call.replaceAll(/\{\w+\}/g, "some").split(" ")
    const sent = ["POST", "PUT", "PATCH"].includes(method)
      ? { headers: { "content-type": "application/json" }, body: "{}" }
      : {}
    const answer = await s.fetch(path, { method, ...sent })
    expect({ call, status: answer.status, body: await answer.json() }).toEqual({
      call,
      status: 404,
      body: { name: "NotFoundError", data: { message: `There is no ${method} ${path}.` } },
    })
  }
})

test("the guide lists what is left out, and what comes later", () => {
  const guide = readFileSync(new URL("../../../docs/guide/server.md", import.meta.url), "utf8")
  const [, section = ""] = guide.split("\n## Calls that are not here\n")
  const [, later = "", never = ""] = /^([\s\S]*?)\nLeft out for good:([\s\S]*?)\n\n/.exec(section) ?? []
  const named = (text: string): string[] => [...text.matchAll(/`((?:[A-Z]+ )?\/[^`]+)`/g)].map(([, name]) => name!)
  expect(named(never).sort()).toEqual(LEFT_OUT)
  // In the guide a path stands for all its methods.
  const paths = Object.keys(MISSING).map((call) => call.split(" ")[1]!.replaceAll(/\{(\w+)\}/g, ":$1"))
  for (const path of paths)
    expect(
      named(later).some((name) => fits(path, name)),
      path,
    ).toBe(true)
  for (const name of named(later))
    expect(
      paths.some((path) => fits(path, name)),
      name,
    ).toBe(true)
})

const text: Shape = { type: "string" }
const object = (properties: Shapes, ...required: string[]): Shape => ({ type: "object", properties, required })

test.each<[what: string, ours: Shape, published: Shape, found: string[]]>([
  ["the same in other words", { const: "a" }, { type: "string", enum: ["a"] }, []],
  ["a union in a union", { anyOf: [text, { type: "null" }] }, { type: ["string", "null"] }, []],
  ["a closed object", object({ a: text }), { ...object({ a: text }), additionalProperties: false }, []],
  ["a type", { type: "integer" }, { type: "number" }, ["x: also integer", "x: not number"]],
  ["a value of an enum", { enum: ["a"] }, { enum: ["a", "b"] }, ['x: not "b"']],
  ["a limit", { type: "string", maxLength: 3 }, text, ["x: maxLength 3 instead of none"]],
  ["a member", object({ a: text }), object({ b: text }), ["x.a: ours only", "x.b: published only"]],
  ["a member that is required", object({ a: text }, "a"), object({ a: text }), ["x.a: required"]],
  ["a required member of one", object({ a: text }, "a"), object({}), ["x.a (required): ours only"]],
  ["an element", { type: "array", items: text }, { type: "array", items: {} }, ["x[]: also string", "x[]: not any"]],
  ["a value of a record", { type: "object", additionalProperties: text }, { type: "object" }, ["x{}: ours only"]],
  [
    "one of a union",
    { oneOf: [object({ type: { const: "a" } }), object({ type: { const: "b" }, c: text })] },
    { anyOf: [object({ type: { const: "b" } })] },
    ["x(object type=b).c: ours only", "x: also object type=a"],
  ],
  ["a member behind names", { $ref: "#/components/schemas/A" }, { $ref: "#/components/schemas/A" }, ["A.a: required"]],
])("the comparison finds %s", (_, mine, theirs, found) => {
  const a = (...required: string[]): Shapes => ({
    A: object({ a: text, again: { $ref: "#/components/schemas/A" } }, ...required),
  })
  const comparison = createComparison(a("a"), a())
  comparison.compare("x", mine, theirs)
  expect(comparison.differences()).toEqual(found)
})
