import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { parseScript } from "../src/script-file.ts"
import type { Reply } from "../src/script.ts"
import {
  badToolJson,
  calls,
  callsMany,
  cuts,
  emptyStream,
  fails,
  html,
  malformed,
  neverAnswers,
  overflows,
  overloaded,
  rateLimited,
  says,
  stalls,
  streams,
  thinks,
  unauthorized,
} from "../src/script.ts"
import { ask, stream, textIn } from "./drive.ts"

const bash = { name: "bash", input: { command: "ls" } }

test.each<[object, Reply]>([
  [{ says: "hello" }, says("hello")],
  [{ says: "hello", chunks: ["he", "llo"], delayMs: 5 }, says("hello", { chunks: ["he", "llo"], delayMs: 5 })],
  [
    { says: "x", usage: { input: 1, output: 2 }, finish: "length" },
    says("x", { usage: { input: 1, output: 2 }, finish: "length" }),
  ],
  [{ thinks: "hm", says: "x" }, thinks("hm", says("x"))],
  [{ calls: "bash", input: bash.input }, calls("bash", bash.input)],
  [{ says: "see", calls: [bash, bash] }, callsMany([bash, bash], { text: "see" })],
  [{ calls: "bash", raw: "{oops" }, badToolJson("bash", "{oops")],
  [{ streams: 3, text: "w " }, streams(3, "w ")],
  [{ says: "hello", cuts: 1 }, cuts(says("hello"), 1)],
  [{ says: "hello", stalls: 0 }, stalls(says("hello"), 0)],
  [{ says: "hello", malformed: true }, malformed(says("hello"))],
  [{ fails: 429, retryAfter: 1 }, rateLimited({ retryAfter: 1 })],
  [{ rateLimited: true, retryAfterMs: 20 }, rateLimited({ retryAfterMs: 20 })],
  [{ fails: 400, message: "no", code: "c" }, fails(400, { message: "no", code: "c", headers: {} })],
  [{ overloaded: true }, overloaded({ headers: {} })],
  [{ overflows: true }, overflows({ headers: {} })],
  [{ unauthorized: true }, unauthorized({ headers: {} })],
  [{ html: true }, html()],
  [{ emptyStream: true }, emptyStream()],
  [{ neverAnswers: true }, neverAnswers()],
])("%j is a reply", (entry, reply) => {
  expect(parseScript(JSON.stringify([entry]))).toEqual({ replies: [reply], repeat: false })
})

test("the last entry can make it start over, and a title stands aside", () => {
  const file = parseScript(`[{"title":"T"},{"says":"a"},{"repeat":true}]`)
  expect(file).toEqual({ replies: [says("a")], repeat: true, title: "T" })
})

test.each([
  ["{oops", /^The script is not JSON: /],
  ["{}", /^A script is a JSON array of replies\.$/],
  ["[]", /^The script has no replies\.$/],
  ["[1]", /^Entry 1 of the script is not an object\.$/],
  [`[{"says":"a"},{"sayz":"b"}]`, /^Entry 2 of the script says nothing to do; it needs one of says, thinks, /],
  [
    `[{"says":"a","retryAfter":1}]`,
    /^Entry 1 of the script has "retryAfter", which does not belong here; it may have says, /,
  ],
  [`[{"says":1}]`, /^Entry 1 of the script has "says", which is a string\.$/],
  [`[{"fails":200}]`, /"fails", which is a status from 400 to 599/],
  [`[{"overloaded":false}]`, /"overloaded", which is true/],
  [`[{"says":"a","finish":"end"}]`, /"finish", which is one of stop, /],
  [`[{"says":"a","usage":{"input":1}}]`, /"usage", which is null or numbers/],
  [`[{"calls":5}]`, /"calls", which is a tool's name or a list/],
  [`[{"repeat":true},{"says":"a"}]`, /"repeat", which is true and comes last/],
])("%s is refused with a sentence", (text, sentence) => {
  expect(() => parseScript(text)).toThrow(sentence)
})

describe("the program", () => {
  let folder = ""
  const start = (...args: string[]) => spawn(process.execPath, [join(folder, "main.mjs"), ...args])

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "model-server-"))
    const entry = fileURLToPath(new URL("../src/main.ts", import.meta.url))
    await build({
      entryPoints: [entry],
      outfile: join(folder, "main.mjs"),
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
    })
  })
  afterAll(() => rm(folder, { recursive: true }))

  test("bundled, it serves a script file until it is told to end", async () => {
    await writeFile(join(folder, "script.json"), `[{"title":"A title"},{"says":"hello"},{"repeat":true}]`)
    const child = start(join(folder, "script.json"), "--port", "0")
    const [line] = (await once(createInterface(child.stdout), "line")) as [string]
    const url = line.replace(/^model server listening on /, "")

    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(textIn(await stream("anthropic", url), "text-delta")).toBe("hello")
    expect(textIn(await stream("openai", url, { ...ask("go"), tools: [] }), "text-delta")).toBe("A title")
    expect(textIn(await stream("openai", url), "text-delta")).toBe("hello")

    child.kill("SIGTERM")
    expect((await once(child, "exit"))[0]).toBe(0)
  })

  test.each([
    ["no arguments", [], /^usage: model-server/],
    ["a file that is not there", ["nowhere.json"], /nowhere\.json/],
    ["a port that is none", ["script.json", "--port", "x"], /^A port is a number/],
  ])("%s ends it with a sentence", async (_, args, sentence) => {
    const child = start(...args)
    let heard = ""
    child.stderr.on("data", (piece: Buffer) => (heard += piece))
    expect((await once(child, "close"))[0]).toBe(1)
    expect(heard).toMatch(sentence)
  })
})
