import { readdirSync, readFileSync, statSync } from "node:fs"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { expect, test } from "vitest"
import { openLog } from "../../src/lib/log.ts"

const START = Date.parse("2026-11-20T10:00:00Z")

function lines(folder: string): Record<string, unknown>[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => readFileSync(`${folder}/${name}`, "utf8").trimEnd().split("\n"))
    .map((line) => JSON.parse(line))
}

test("nothing is made before the first line, and then it belongs to the user alone", () => {
  using temp = tempFolder()
  const folder = temp.join("log")
  const log = openLog({ folder, level: "INFO", now: () => START })
  expect(readdirSync(temp.path)).toEqual([])
  log.info("hello")
  const [name] = readdirSync(folder)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  expect(statSync(`${folder}/${name}`).mode & 0o777).toBe(0o600)
})

test.each([
  ["DEBUG", ["debug", "info", "warn", "error"]],
  ["INFO", ["info", "warn", "error"]],
  ["WARN", ["warn", "error"]],
  ["ERROR", ["error"]],
] as const)("at level %s these lines are written", (level, expected) => {
  using temp = tempFolder()
  const printed: string[] = []
  const log = openLog({ folder: temp.path, level, now: () => START, print: (line) => void printed.push(line) })
  for (const severity of ["debug", "info", "warn", "error"] as const) log[severity](severity)
  expect(lines(temp.path).map((line) => line.message)).toEqual(expected)
  expect(printed).toHaveLength(expected.length)
})

test("a line says when, how bad, who and what, and a child's facts stand in each of its lines", () => {
  using temp = tempFolder()
  const log = openLog({ folder: temp.path, level: "DEBUG", now: () => START })
  log.child("turn", { sessionID: "ses_1" }).child("call", { callID: "c" }).warn("slow", { ms: 5 })
  expect(lines(temp.path)).toEqual([
    {
      time: "2026-11-20T10:00:00.000Z",
      level: "WARN",
      service: "call",
      message: "slow",
      sessionID: "ses_1",
      callID: "c",
      ms: 5,
    },
  ])
})

test("what may be a secret is not written, at any depth, and counts of tokens are", () => {
  using temp = tempFolder()
  const log = openLog({ folder: temp.path, level: "DEBUG", now: () => START })
  log.info("request", {
    apiKey: "sk-1",
    headers: { Authorization: "Bearer sk-2", "x-api-key": "sk-3", cookie: "sk-4" },
    nested: [{ deep: { OPENAI_API_KEY: "sk-5", accessToken: "sk-6", password: "sk-7", clientSecret: "sk-8" } }],
    tokens: { input: 3 },
  })
  const [text] = readdirSync(temp.path).map((name) => readFileSync(`${temp.path}/${name}`, "utf8"))
  expect(text).not.toMatch(/sk-\d/)
  expect(lines(temp.path)[0]).toMatchObject({ tokens: { input: 3 } })
})

test("an error is written with its stack and its causes", () => {
  using temp = tempFolder()
  const log = openLog({ folder: temp.path, level: "DEBUG", now: () => START })
  log.error("broke", { error: new Error("outer", { cause: new TypeError("inner") }) })
  expect(lines(temp.path)[0]).toMatchObject({
    error: { message: "outer", stack: expect.stringContaining("log.test"), cause: { name: "TypeError" } },
  })
})

test("facts that no JSON can hold do not take the work down", () => {
  using temp = tempFolder()
  const log = openLog({ folder: temp.path, level: "DEBUG", now: () => START })
  const circle: Record<string, unknown> = {}
  circle.self = circle
  const loop = new Error("chases its tail")
  loop.cause = loop
  for (const fact of [circle, 1n, loop, () => {}, Symbol("s")]) log.info("odd", { fact })
  log.info("after")
  expect(lines(temp.path).at(-1)).toMatchObject({ message: "after" })
})

test("a line has a limit, and the next one begins on a line of its own", () => {
  using temp = tempFolder()
  const log = openLog({ folder: temp.path, level: "DEBUG", now: () => START })
  log.info("long", { output: "x".repeat(1_000_000) })
  log.info("after")
  const [name] = readdirSync(temp.path)
  const written = readFileSync(`${temp.path}/${name}`, "utf8").trimEnd().split("\n")
  expect(written[0]?.length).toBeLessThan(10_000)
  expect(JSON.parse(written[1] ?? "")).toMatchObject({ message: "after" })
})

test("ten files are kept, the newest ones, and other files are left alone", () => {
  using temp = tempFolder()
  temp.write({ "notes.txt": "mine" })
  for (let n = 0; n < 15; n++) {
    openLog({ folder: temp.path, level: "INFO", now: () => START + n * 60_000 }).info(`process ${n}`)
  }
  const names = readdirSync(temp.path)
  expect(names).toContain("notes.txt")
  expect(names.filter((name) => name.endsWith(".log"))).toHaveLength(10)
  temp.write({ "notes.txt": JSON.stringify({ message: "mine" }) })
  const messages = lines(temp.path).map((line) => line.message)
  expect(messages).toContain("process 14")
  expect(messages).not.toContain("process 4")
  expect(messages).toContain("process 5")
})

test("a folder that cannot be written to costs the lines and nothing else", () => {
  using temp = tempFolder()
  temp.write({ file: "in the way" })
  const printed: string[] = []
  const log = openLog({
    folder: temp.join("file"),
    level: "INFO",
    now: () => START,
    print: (line) => void printed.push(line),
  })
  log.info("one")
  log.info("two")
  expect(printed.filter((line) => line.includes("cannot be written"))).toHaveLength(1)
})
