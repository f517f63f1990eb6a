import { readFileSync } from "node:fs"
import { world } from "@opencode/testing/world.ts"
import { describe, expect, test } from "vitest"

/** Every row of the guide's table is true: it is run through the loop, with the real tools. */
const guide = readFileSync(new URL("../../../../docs/guide/offline-model.md", import.meta.url), "utf8")
const rows = [...guide.matchAll(/^\| `(.+?)` \|(.*?)\| `(.+)` \|$/gm)].map(
  ([, say = "", tools = "", answer = ""]) => [say, tools.trim(), answer] as const,
)

const files = {
  "package.json": '{ "name": "demo", "scripts": { "test": "echo all good" } }\n',
  "README.md": "# Demo\n\nTODO: say more\n",
  "docs/guide.md": "# Guide\n",
  "src/a.ts": "export function createServer() {\n  const foo = 1\n  const foobar = foo\n  return foobar\n}\n",
  "src/b.ts": 'import { createServer } from "./a"\n// foo\n',
  "src/index.ts": "createClient()\n",
  "tests/a.test.ts": "createServer(foo)\n",
  "my notes.txt": "buy milk\n",
  "a.txt": "hello\n",
  "b.txt": "hallo\n",
  "x.log": "x\n",
  "old/z.txt": "z\n",
  "hello.mjs": "console.log(6 * 7)\n",
}

describe("the table of the guide", () => {
  test("is there", () => {
    expect(rows.length).toBeGreaterThan(50)
  })

  test.each(rows)("%s", async (say, tools, answer) => {
    await using at = await world({ files, git: true })
    const { parts } = await at.prompt(say, { model: { providerID: "offline", modelID: "rules" } })
    const called = [...new Set((await at.calls()).map(({ tool }) => tool))]
    expect(called).toEqual(tools ? tools.split(", ") : [])
    expect(parts.map((part) => (part.type === "text" ? part.text : "")).join("\n")).toContain(answer)
  })
})
