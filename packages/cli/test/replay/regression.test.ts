import { copyFileSync, existsSync, readdirSync, rmSync } from "node:fs"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"
import { installation } from "@opencode/testing/command.ts"
import { modelServer } from "@opencode/testing/model-server.ts"
import { mockProvider } from "@opencode/testing/mock-provider.ts"
import { describe, expect, test } from "vitest"
import { debugReplay, report } from "../../src/commands/replay.ts"
import { replayFile } from "../../src/replay-file.ts"
import { CASES, person, type Case } from "./cases.ts"

/**
 * Conversations of the past, run again: whatever changes in the program, they come out as they did. `npm run recordings`
 * makes those of `cases.ts` anew, after a change of what models are told (docs/recipes/record-a-session.md). Files
 * that are not made there came with a report of a fault and stay.
 */
const RECORDINGS = fileURLToPath(new URL("recordings", import.meta.url))
const isWriting = process.env.RECORDINGS === "write"
const fileOf = (name: string): string => join(RECORDINGS, `${name}.ndjson`)

const namesOfRecordings = (): string[] => readdirSync(RECORDINGS).map((file) => basename(file, ".ndjson"))

async function record({ name, script, config = {}, providers, files = {}, act }: Case): Promise<void> {
  await using model = await modelServer({ script })
  await using at = installation({
    files,
    config: {
      model: "mock/large",
      agent: { title: { disable: true } },
      ...config,
      provider: { mock: mockProvider(model.url, "openai"), ...providers?.(model) },
    },
  })
  const made = at.folder.join("recording")
  const { url, child, finished } = await at.serve([], { env: { OPENCODE_RECORD: made } })
  await act(person(url, at.project))
  child.kill("SIGTERM")
  await finished
  expect(model.unexpected).toEqual([])
  rmSync(fileOf(name), { force: true })
  copyFileSync(made, fileOf(name))
}

if (isWriting) {
  describe("recorded anew", () => {
    test.each(CASES)("$name", record)

    const others = namesOfRecordings().filter((name) => !CASES.some((each) => each.name === name))
    test.for(others)("%s, whose requests are accepted", async (name) => {
      expect(await debugReplay(fileOf(name), { accept: true })).toBe(0)
    })
  })
}

describe("a recorded conversation comes out as it did", () => {
  const made = isWriting ? CASES.map(({ name }) => name) : []
  test.each([...new Set([...made, ...namesOfRecordings()])])("%s", async (name) => {
    const said = report(await replayFile(fileOf(name)))
    expect(said).toEqual([expect.stringContaining("same transcript")])
  })
})

test("every conversation has its recording", () => {
  expect(CASES.filter(({ name }) => !existsSync(fileOf(name)))).toEqual([])
})
