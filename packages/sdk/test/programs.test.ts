import { readdirSync, readFileSync } from "node:fs"
import { afterAll, expect, test } from "vitest"
import { installed } from "./installed.ts"

// `npm run check` compiles these programs against the published package; here the same text meets ours.

const sdk = installed()
afterAll(() => sdk[Symbol.dispose]())

const place = new URL("programs/", import.meta.url)
const programs = Object.fromEntries(
  readdirSync(place).map((name) => [
    name,
    readFileSync(new URL(name, place), "utf8").replaceAll('"published-sdk', '"@opencode-ai/sdk'),
  ]),
)

test.each([
  ["of Node", {}],
  [
    "of a bundler, for a browser",
    { module: "esnext", moduleResolution: "bundler", lib: ["ES2023", "DOM", "DOM.Iterable"], types: [] },
  ],
])(
  "programs that were written against the published types compile unchanged, with the rules %s",
  (_about, settings) => {
    expect(Object.keys(programs).length).toBeGreaterThan(1)
    expect(sdk.compile(programs, settings)).toEqual([])
  },
)

test.each(["docs/guide/sdk.md", "packages/sdk/README.md"])("the programs of %s compile", (file) => {
  const text = readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8")
  const blocks = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code], at) => [`block${at}.ts`, code ?? ""])
  expect(blocks.length).toBeGreaterThan(0)
  expect(sdk.compile(Object.fromEntries(blocks))).toEqual([])
})

test("a program that asks for what is not there does not compile", () => {
  const wrong =
    'import { createOpencodeClient } from "@opencode-ai/sdk/v2"\nvoid createOpencodeClient().session.get({ id: 1 })'
  expect(sdk.compile({ "wrong.ts": wrong }).join()).toContain("error TS")
})

test.each(["", "/client", "/v2", "/v2/client"])("a library may export what calls of sdk%s answer", (entry) => {
  const program = `import { createOpencodeClient } from "@opencode-ai/sdk${entry}"
export const client = createOpencodeClient()
export const sessions = () => client.session.list()
export const thrown = () => client.session.list(undefined, { throwOnError: true })
export const events = () => client.event.subscribe()
export const all = async () => (await client.global.event()).stream
`.replace("list(undefined, {", entry.startsWith("/v2") ? "list(undefined, {" : "list({")
  expect(sdk.compile({ "library.ts": program }, { declaration: true })).toEqual([])
})
