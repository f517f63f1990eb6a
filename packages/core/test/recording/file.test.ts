import { readFileSync, statSync } from "node:fs"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { expect, test } from "vitest"
import { createConcealer } from "../../src/recording/conceal.ts"
import { FORMAT, parseRecording } from "../../src/recording/entry.ts"
import { openRecordingFile, type RecordingFileOptions } from "../../src/recording/file.ts"

function opened(path: string, more: Partial<RecordingFileOptions> = {}) {
  const said: string[] = []
  const folders = { home: "", data: "", temp: "", toolOutput: "" }
  const file = openRecordingFile({
    path,
    header: { opencode: "recording", format: FORMAT, version: "1", platform: "linux", started: Date.now(), folders },
    concealer: createConcealer(),
    tell: (message) => void said.push(message),
    ...more,
  })
  return { file, said }
}

test("a recording says where it was cut at its limit, and reads as one that breaks off", () => {
  using folder = tempFolder()
  const path = folder.join("cut")
  const { file, said } = opened(path, { maxBytes: 2_000 })
  file.write({ k: "begin", n: 1, what: "work" })
  for (let n = 0; n < 100; n++) file.write({ k: "mark", what: `moment ${n}` })
  file.close()
  expect(statSync(path).size).toBeLessThan(2_100)
  const { entries, isWhole } = parseRecording(readFileSync(path, "utf8"))
  expect(isWhole).toBe(false)
  expect(entries.at(-1)).toMatchObject({ k: "full" })
  expect(said.at(-1)).toMatch(/^The recording ends here: it has reached its limit/)
})

test("what happened before there was something worth a file is in it, with keys that were learned since hidden", () => {
  using folder = tempFolder()
  const path = folder.join("late")
  const concealer = createConcealer()
  const { file } = opened(path, { concealer })
  file.write({ k: "mark", what: "the key is learned-later" })
  concealer.learn("learned-later")
  file.write({ k: "begin", n: 1, what: "work" })
  file.write({ k: "closed" })
  file.close()
  const { entries, isWhole } = parseRecording(readFileSync(path, "utf8"))
  expect(isWhole).toBe(true)
  expect(entries.map((entry) => (entry.k === "mark" ? entry.what : entry.k))).toEqual([
    "the key is [secret]",
    "begin",
    "closed",
  ])
})

test("each entry is on disk when the next thing happens", () => {
  using folder = tempFolder()
  const path = folder.join("prompt")
  const { file } = opened(path)
  file.write({ k: "begin", n: 1, what: "work" })
  for (let n = 1; n <= 3; n++) {
    file.write({ k: "mark", what: "now" })
    expect(readFileSync(path, "utf8").trim().split("\n")).toHaveLength(n + 2)
  }
  file.close()
})
