import { existsSync, readdirSync, readFileSync } from "node:fs"
import { installation } from "@opencode/testing/command.ts"
import { createOpencodeClient } from "published-sdk/v2"
import { expect, test, vi } from "vitest"

// The whole way: the command, as people and scripts start it, with the offline model.

const MODEL = ["-m", "offline/rules"]

const NAMES = [
  "my notes.txt",
  "it's.txt",
  'say "hi".txt',
  "-rf.txt",
  "über 日本.txt",
  "new\nline.txt",
  "$(touch pwned).txt",
]
const inQuotes = (name: string) => (name.includes('"') ? `\`${name}\`` : `"${name}"`)

test("names that a shell would misread are names, from the prompt to the disk", async () => {
  const files = Object.fromEntries(NAMES.map((name) => [name, "foo\n"]))
  await using at = installation({ files })
  const all = NAMES.map((name) => `move the file ${inQuotes(name)} to "to keep/"`).join("\n")
  const moved = await at.run(["run", ...MODEL, all])
  expect(moved.code).toBe(0)
  expect(readdirSync(`${at.project}/to keep`).sort()).toEqual([...NAMES].sort())
  const renamed = await at.run(["run", ...MODEL, 'rename foo to bar in "to keep"'])
  expect(renamed.stdout).toContain(`${NAMES.length} places in ${NAMES.length} files`)
  for (const name of NAMES) expect(readFileSync(`${at.project}/to keep/${name}`, "utf8")).toBe("bar\n")
  const deleted = await at.run(["run", ...MODEL, 'delete the folder "to keep"'])
  expect(deleted.stdout).toContain("Deleted `to keep`")
  expect(readdirSync(at.project)).toEqual([".keep"])
})

test("a rule that asks ends it with a no, --auto lets it pass, a rule that denies is heard", async () => {
  await using at = installation({
    files: { "a.txt": "a\n", "b.txt": "b\n" },
    config: { permission: { bash: { "*": "ask", "mv *": "deny" } } },
  })
  const asked = await at.run(["run", ...MODEL, "delete a.txt then list the files"])
  expect(asked.code).toBe(1)
  expect(existsSync(`${at.project}/a.txt`)).toBe(true)
  const auto = await at.run(["run", ...MODEL, "--auto", "delete a.txt then list the files"])
  expect(auto.code).toBe(0)
  expect(auto.stdout).toContain("Deleted `a.txt`")
  expect(existsSync(`${at.project}/a.txt`)).toBe(false)
  const denied = await at.run(["run", ...MODEL, "--auto", "move b.txt to lib/ then make a folder x"])
  expect(denied.stdout).toContain("Nothing was moved")
  expect(denied.stdout).toContain("did not make `x`")
  expect(existsSync(`${at.project}/b.txt`)).toBe(true)
})

test("in plan mode it looks and counts, and changes nothing", async () => {
  await using at = installation({ files: { "a.txt": "foo\n", "b.txt": "foo bar\n" } })
  const said = await at.run(["run", ...MODEL, "--agent", "plan", "compare a.txt and b.txt then search for foo"])
  expect(said.stdout).toContain("differ: 1 only in the first")
  expect(said.stdout).toContain("on 2 lines of 2 files")
  for (const request of [
    "delete a.txt",
    "move a.txt to lib/",
    "make a folder x",
    "rename foo to qux",
    "create c.txt",
  ]) {
    const { stdout } = await at.run(["run", ...MODEL, "--agent", "plan", request])
    expect(stdout).toMatch(/Nothing was|No folder was made|not written|not offered/)
  }
  expect(readdirSync(at.project).sort()).toEqual([".keep", "a.txt", "b.txt"])
})

test("a prompt that goes on in a session knows what it is", async () => {
  await using at = installation({ files: { "docs/deep/only.md": "# One\n\n## Two\n" } })
  await at.run(["run", ...MODEL, "find only.md"])
  const outline = await at.run(["run", ...MODEL, "-c", "outline it"])
  expect(outline.stdout).toContain("3:   ## Two")
  const moved = await at.run(["run", ...MODEL, "-c", "move that file to notes/"])
  expect(moved.stdout).toContain("to `notes/only.md`")
  const counted = await at.run(["run", ...MODEL, "-c", "how many lines does it have?"])
  expect(counted.stdout).toContain("notes/only.md: 3 lines.")
  const undone = await at.run(["run", ...MODEL, "-c", "undo that"])
  expect(undone.stdout).toContain("mv -n -- 'docs/deep/only.md'")
  const fresh = await at.run(["run", ...MODEL, "delete it"])
  expect(fresh.stdout).toContain("I do not know what `it` stands for")
})

test("served, it plans, asks and acts through the client like any other model", async () => {
  await using at = installation({ files: { "a.txt": "a\n" }, config: { permission: { bash: "ask" } } })
  const served = await at.serve()
  const client = createOpencodeClient({ baseUrl: served.url, directory: at.project })
  const model = { providerID: "offline", modelID: "rules" }
  const { data: session } = await client.session.create({})
  const sessionID = session?.id ?? ""
  const say = async (text: string) => {
    const { data } = await client.session.prompt({ sessionID, model, parts: [{ type: "text", text }] })
    return JSON.stringify(data?.parts)
  }
  expect(await say("plan: delete a.txt, then list the files")).toContain("- [ ] delete a.txt")
  const { data: todos } = await client.session.todo({ sessionID })
  expect(todos?.map(({ content }) => content)).toEqual(["delete a.txt", "list the files"])

  const answer = say("delete a.txt, then list the files")
  const asked = await vi.waitFor(async () => {
    const { data } = await client.permission.list({})
    expect(data?.[0]).toMatchObject({ permission: "bash", patterns: ["rm -- a.txt"] })
    return data?.[0]?.id ?? ""
  })
  expect(existsSync(`${at.project}/a.txt`)).toBe(true)
  await client.permission.reply({ requestID: asked, reply: "once" })
  expect(await answer).toContain("Deleted `a.txt`")
  expect(existsSync(`${at.project}/a.txt`)).toBe(false)
})

test("the same request several times in a prompt is no loop to be asked about", async () => {
  await using at = installation({ files: { "a.txt": "foo\n" } })
  const again = Array.from({ length: 4 }, () => "show a.txt\nsearch for foo\nfind *.txt\nrun echo hi").join("\n")
  const { code, stdout } = await at.run(["run", ...MODEL, again])
  expect(code).toBe(0)
  expect(stdout.match(/`echo hi *` succeeded/g)).toHaveLength(4)
  expect(stdout.match(/`a.txt`:\n/g)).toHaveLength(4)
})
