import { expect, test } from "vitest"
import { MAX_SHOWN, trustItem, type Held } from "../../src/config/held-item.ts"

const AT = { file: "/p/opencode.json", folder: "/p" }
const shown = (kind: Held["kind"], path: string, definition: unknown): string | undefined =>
  trustItem({ kind, path: path.split("."), why: "does something", definition }, AT, [])?.summary

const SUMMARIES: [Held["kind"], string, unknown, string][] = [
  ["mcp", "mcp.x", { type: "local", command: ["npx", "-y", "a b"] }, 'mcp.x: runs npx -y "a b"'],
  [
    "mcp",
    "mcp.x",
    { type: "local", command: ["x"], environment: { NODE_OPTIONS: "--require ./evil", API_TOKEN: "sk-1" } },
    'mcp.x: runs x with {"environment":{"NODE_OPTIONS":"--require ./evil","API_TOKEN":"[secret]"}}',
  ],
  [
    "mcp",
    "mcp.y",
    { type: "remote", url: "https://h/x", headers: { Authorization: "{env:KEY}" } },
    'mcp.y: connects to https://h/x with {"headers":{"Authorization":"{env:KEY}"}}',
  ],
  ["plugin", "plugin.p", ["p", { a: 1 }], 'plugin.p: loads and runs ["p",{"a":1}]'],
  ["command", "command.c", { template: "a !`rm x` b !`ls`" }, "command.c: runs rm x and ls when the command is used"],
  ["permission", "permission.bash.*", "allow", "permission.bash.*: does something: allow"],
]
test.each(SUMMARIES)("%s %s %j is shown whole, keys apart", (kind, path, definition, summary) => {
  expect(shown(kind, path, definition)).toBe(summary)
})

test("nothing in it moves the cursor, hides or turns the text around", () => {
  const said = shown("mcp", "mcp.x", { command: ["sh", "-c", "evil\u202e\u0007\u200b\n"] })
  expect(said).toBe('mcp.x: runs sh -c "evil\\u{202e}\\u0007\\u{200b}\\n"')
})

test("what cannot be shown whole has no name by which it could be approved", () => {
  expect(shown("mcp", "mcp.x", { command: ["x".repeat(MAX_SHOWN)] })).toBeUndefined()
})

test("another definition, folder, or content of a file is another item", () => {
  const held: Held = { kind: "mcp", path: ["mcp", "x"], why: "", definition: { command: ["x"] } }
  const ids = [
    trustItem(held, AT, []),
    trustItem({ ...held, definition: { command: ["y"] } }, AT, []),
    trustItem({ ...held, path: ["mcp", "y"] }, AT, []),
    trustItem(held, { ...AT, folder: "/q" }, []),
    trustItem(held, AT, [{ name: "x", hash: "1" }]),
    trustItem(held, AT, [{ name: "x", hash: "2" }]),
  ].map((item) => item?.id)
  expect(new Set(ids).size).toBe(ids.length)
})
