import { createHash } from "node:crypto"
import { expect, test } from "vitest"
import { openapi } from "../src/openapi.ts"
import { TITLES, type ApiDocument, type Shape } from "../src/reference/document.ts"
import { apiMarkdown } from "../src/reference/markdown.ts"
import { apiPage } from "../src/reference/page.ts"
import { noteOf, PLAIN, typeText } from "../src/reference/type-text.ts"
import { routes } from "../src/routes/routes.ts"
import { operationsOf, ours } from "./contract/documents.ts"
import { served } from "./served.ts"

const document = openapi(routes) as ApiDocument

test.each([
  ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"],
  ["TEXT/HTML", "text/html; charset=utf-8"],
  ["application/json", "application/json"],
  ["application/json, text/html", "application/json"],
  ["*/*", "application/json"],
  [undefined, "application/json"],
])("who accepts %s is given %s", async (accept, type) => {
  await using s = await served()
  const answer = await s.fetch("/doc", accept === undefined ? {} : { headers: { accept } })
  expect(answer.status).toBe(200)
  expect(answer.headers.get("content-type")).toBe(type)
  expect(answer.headers.get("vary")).toContain("Accept")
  if (type === "application/json") expect(await answer.json()).toEqual(ours)
  else expect(await answer.text()).toContain("<title>opencode API</title>")
})

test("the page is whole by itself, and its policy lets it run what it came with and nothing else", () => {
  const { html, policy } = apiPage(document, "1.0.0")
  for (const outside of ["src=", "url(", "@import", "http://", "https://", "//cdn"]) expect(html).not.toContain(outside)
  for (const [, target] of html.matchAll(/href="([^"]*)"/g)) expect(target).toMatch(/^#/)
  for (const tag of ["style", "script"]) {
    const [, text = ""] = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(html) ?? []
    expect(text.length).toBeGreaterThan(100)
    expect(policy).toContain(`${tag}-src 'sha256-${createHash("sha256").update(text).digest("base64")}'`)
  }
  expect(policy).toContain("default-src 'none'")
  expect(html).not.toMatch(/ on\w+=/)
  expect(html).not.toContain("style=")
})

test("the page and the text hold every call and every shape, and every link of theirs leads somewhere", () => {
  const { html } = apiPage(document, "1.0.0")
  const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const [, target] of html.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(target)
  expect(html.match(/<details class="call"/g)).toHaveLength(operationsOf(ours).size)

  const text = apiMarkdown(document)
  const headings = [...text.matchAll(/^### (.*)$/gm)].map(([, heading]) => heading)
  expect(headings).toEqual(expect.arrayContaining([...operationsOf(ours).keys()]))
  for (const name of Object.keys(document.components.schemas)) {
    expect(ids).toContain(`shape-${name}`)
    expect(headings).toContain(name)
  }
  const chapters = [...text.matchAll(/^## (.*)$/gm)].map(([, title = ""]) => title.toLowerCase().replaceAll(" ", "-"))
  expect([...text.matchAll(/\]\(#([^)]*)\)/g)].map(([, target]) => target)).toEqual(chapters)
})

test("every tag has a title that a person can read", () => {
  const tags = [...operationsOf(ours).values()].map((operation) => (operation as { tags?: string[] }).tags?.[0])
  expect(tags.filter((tag) => tag === undefined || !(tag in TITLES))).toEqual([])
})

test("what the document says cannot become markup", () => {
  const hostile = `</pre><script>alert("1")</script>&'`
  const shape: Shape = { type: "object", properties: { [hostile]: { const: hostile, description: hostile } } }
  const { html } = apiPage(
    {
      paths: {
        [`/${hostile}`]: {
          get: {
            operationId: hostile,
            tags: [hostile],
            summary: hostile,
            description: hostile,
            parameters: [{ name: hostile, in: "query", required: true, schema: shape }],
            requestBody: { content: { [hostile]: { schema: shape } } },
            responses: { 200: { description: hostile, content: { [hostile]: { schema: shape } } } },
          },
        },
      },
      components: { schemas: { [hostile]: shape } },
    },
    hostile,
  )
  expect(html.match(/<script>/g)).toHaveLength(1)
  expect(html).not.toContain('alert("')
})

const object = (properties: Record<string, Shape>, required: string[] = []): Shape => ({
  type: "object",
  properties,
  required,
})

test.each<[Shape, string]>([
  [{ type: "integer" }, "number"],
  [{}, "unknown"],
  [{ const: "a" }, '"a"'],
  [{ enum: ["a", 1] }, '"a" | 1'],
  [{ type: ["string", "null"] }, "string | null"],
  [{ type: "array", items: { type: "string" } }, "string[]"],
  [{ type: "array", items: { anyOf: [{ type: "string" }, { type: "number" }] } }, "(string | number)[]"],
  [{ type: "array", prefixItems: [{ type: "string" }, {}] }, "[string, unknown]"],
  [{ $ref: "#/components/schemas/Session" }, "Session"],
  [{ type: "object", additionalProperties: { type: "string" } }, "Record<string, string>"],
  [object({}), "{}"],
  [object({ a: { type: "string" }, "b-c": { type: "number" } }, ["a"]), '{\n  a: string\n  "b-c"?: number\n}'],
  [{ ...object({ a: {} }), additionalProperties: {} }, "{\n  a?: unknown\n  [name: string]: unknown\n}"],
  [
    object({ a: { type: "integer", minimum: 1, maximum: 200 } }),
    "{\n  a?: number // whole, at least 1, at most 200\n}",
  ],
])("%j is written as %s", (shape, text) => {
  expect(typeText(shape, PLAIN)).toBe(text)
})

test.each<[Shape, string]>([
  [{ type: "number", exclusiveMinimum: 0 }, "above 0"],
  [{ type: "integer", exclusiveMinimum: 0 }, "whole, at least 1"],
  [{ type: "string", minLength: 1, maxLength: 1_000 }, "at least 1 character, at most 1,000 characters"],
  [{ type: "string", description: "Why", pattern: "^a", default: "ab" }, 'Why; like ^a; default "ab"'],
  [{ type: "array", maxItems: 3 }, "at most 3"],
])("of %j a reader is told: %s", (shape, note) => {
  expect(noteOf(shape)).toBe(note)
})
