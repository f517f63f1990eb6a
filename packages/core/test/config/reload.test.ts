import { mkdir, rename, rm, unlink, utimes, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { describe, expect, test } from "vitest"
import { isSame } from "../../src/config/stamp.ts"
import { place, PROJECT, USER, type Place } from "./place.ts"

const RULES = { permission: { bash: { "rm *": "deny" } } }
const AGENT = "home/.config/opencode/agent/careful.md"
const TEXT = "---\npermission: {bash: deny}\n---\nBe careful."

/** Long ago, for the clocks of files. */
const settled = async (path: string): Promise<void> => utimes(path, new Date(1_000_000), new Date(1_000_000))

async function again(at: Place, change: () => Promise<unknown>) {
  const { reading } = await at.load()
  await change()
  return at.load({ before: reading })
}

describe("a file that is being written while it is read", () => {
  const whole = JSON.stringify(RULES)
  test.each(Array.from({ length: whole.length }, (_, length) => length))(
    "loses no rule when only %i of its bytes are there",
    async (length) => {
      await using at = await place({ [USER]: RULES })
      const { value, issues } = await again(at, () => writeFile(join(at.root, USER), whole.slice(0, length)))
      expect(value).toEqual(RULES)
      if (length > 0) expect(issues[0]?.message).toContain("what it said before holds until it is mended")
    },
  )

  test.each(Array.from({ length: TEXT.indexOf("Be") }, (_, length) => length))(
    "loses no rule of an agent when only %i of its bytes are there",
    async (length) => {
      await using at = await place({ [AGENT]: TEXT })
      const { value } = await again(at, () => writeFile(join(at.root, AGENT), TEXT.slice(0, length)))
      expect(value.agent?.careful?.permission).toEqual({ bash: "deny" })
    },
  )

  test("loses no rule while it is gone, and does when it stays gone", async () => {
    await using at = await place({ [USER]: RULES, [AGENT]: TEXT, [PROJECT]: { model: "a/b" } })
    const first = await at.load()
    await unlink(join(at.root, USER))
    await rm(dirname(join(at.root, AGENT)), { recursive: true })
    const second = await at.load({ before: first.reading })
    expect(second.value).toEqual(first.value)
    await settled(dirname(join(at.root, USER)))
    const third = await at.load({ before: second.reading })
    expect(third.value).toEqual({ model: "a/b" })
  })

  test("says what it says when it was emptied on purpose", async () => {
    await using at = await place({ [USER]: RULES })
    const { value } = await again(at, async () => {
      await writeFile(join(at.root, USER), "")
      await settled(join(at.root, USER))
    })
    expect(value).toEqual({})
  })

  test("keeps what it said for as long as it cannot be read, and a mended one counts", async () => {
    await using at = await place({ [USER]: RULES })
    let { reading } = await at.load()
    await writeFile(join(at.root, USER), '{"permission": {')
    for (let round = 0; round < 3; round++) {
      const { value, reading: next } = await at.load({ before: reading })
      expect(value).toEqual(RULES)
      reading = next
    }
    await writeFile(join(at.root, USER), '{"username": "x"}')
    expect(await at.load({ before: reading })).toMatchObject({ value: { username: "x" }, issues: [] })
  })

  test("that was never whole asks before harm, however often it is read", async () => {
    await using at = await place({ [USER]: '{"permission": {' })
    const first = await at.load()
    const second = await at.load({ before: first.reading })
    expect(first.value.permission).toMatchObject({ bash: "ask", edit: "ask" })
    expect(second.value).toEqual(first.value)
  })
})

describe("a change is noticed without reading", () => {
  const OLD = new Date(Date.now() - 60_000)
  /** Ordinary files, written a while ago. */
  async function quiet(files: Record<string, unknown>) {
    const at = await place(files)
    for (const name of Object.keys(files)) await utimes(join(at.root, name), OLD, OLD)
    // The clock of a file's state cannot be set: so wait until it counts as past.
    let loaded = await at.load()
    await expect.poll(async () => ((loaded = await at.load()), loaded.reading?.stamp.text !== undefined)).toBe(true)
    if (!loaded.reading) throw new Error("nothing was read")
    return { at, stamp: loaded.reading.stamp }
  }

  const CHANGES: [string, (root: string) => Promise<unknown>][] = [
    ["another text", (root) => writeFile(join(root, PROJECT), '{"username":"y"}')],
    [
      "another text of the same length and time",
      async (root) => {
        await writeFile(join(root, PROJECT), '{"username":"z"}')
        await utimes(join(root, PROJECT), OLD, OLD)
      },
    ],
    [
      "another file in its place",
      async (root) => {
        await writeFile(join(root, "new"), '{"username":"x"}')
        await rename(join(root, "new"), join(root, PROJECT))
      },
    ],
    ["a file that was not there", (root) => writeFile(join(root, "home/.config/opencode/opencode.jsonc"), "{}")],
    [
      "a folder that was not there",
      async (root) => {
        await mkdir(join(root, "project/sub/.opencode/agent"), { recursive: true })
      },
    ],
    ["an agent that was not there", (root) => writeFile(join(root, dirname(AGENT), "new.md"), "x")],
    ["a file that a variable names", (root) => writeFile(join(root, "project/prompt.md"), "other")],
    ["a file that is gone", (root) => unlink(join(root, PROJECT))],
  ]
  test.each(CHANGES)("%s", async (_, change) => {
    const { at, stamp } = await quiet({
      [PROJECT]: { username: "x", agent: { a: { prompt: "{file:./prompt.md}" } } },
      [USER]: {},
      [AGENT]: TEXT,
      "project/prompt.md": "one",
    })
    await using _at = at
    expect(await isSame(stamp)).toBe(true)
    await change(at.root)
    expect(await isSame(stamp)).toBe(false)
  })
})
