import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { constants, openSync, readSync } from "node:fs"
import { expect, test } from "vitest"
import { tempFolder, type TempFolder } from "@opencode/testing/temp-folder.ts"
import { patientOutputs } from "../src/patient-outputs.ts"

const MEGABYTE = Buffer.alloc(1024 * 1024, "x")

/** Both ends of a pipe of which nobody reads until a test does. */
function pipe(folder: TempFolder, name: string): number {
  execFileSync("mkfifo", [folder.join(name)])
  return openSync(folder.join(name), constants.O_RDWR | constants.O_NONBLOCK)
}

test("what waits for a reader is bounded, and beyond it nothing is kept and nothing more is taken", async () => {
  using folder = tempFolder()
  const outputs = patientOutputs({ output: pipe(folder, "out"), notes: pipe(folder, "notes") })
  for (let n = 0; n < 64; n++) outputs.answer(MEGABYTE)
  expect(outputs.failure).toBeUndefined()
  outputs.answer(MEGABYTE)
  outputs.answer(MEGABYTE)
  expect(outputs.failure?.message).toMatch(/^nobody reads it/)
  await outputs.taken()
  expect(outputs.leaveAnswer()).toBe(0)
})

test("a reader that takes a little again and again does not keep the end from coming", async () => {
  using folder = tempFolder()
  const outputs = patientOutputs({ output: pipe(folder, "out"), notes: pipe(folder, "notes") })
  for (let n = 0; n < 60; n++) outputs.answer(MEGABYTE)
  const program = `
    const { readSync, openSync } = require("fs")
    const [file, bytes] = [openSync(process.argv[1], "r"), Buffer.alloc(4096)]
    console.log("reads")
    while (readSync(file, bytes)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)`
  const reader = spawn(process.execPath, ["-e", program, folder.join("out")], { stdio: ["ignore", "pipe", "ignore"] })
  try {
    await once(reader.stdout, "data")
    const start = performance.now()
    expect(outputs.leaveAnswer()).toBeGreaterThan(0)
    expect(performance.now() - start).toBeLessThan(8_000)
  } finally {
    reader.kill("SIGKILL")
  }
}, 30_000)

test("notes that nobody reads are left out after a while, and do not fail", () => {
  using folder = tempFolder()
  const notes = pipe(folder, "notes")
  const outputs = patientOutputs({ output: pipe(folder, "out"), notes })
  for (let n = 0; n < 100; n++) outputs.note(MEGABYTE)
  expect(outputs.failure).toBeUndefined()
  outputs.leaveNotes()
})

test("lines of both outputs that go to one place stay whole and in order", async () => {
  using folder = tempFolder()
  const both = pipe(folder, "both")
  const outputs = patientOutputs({ output: both, notes: both })
  const sent = Array.from({ length: 60 }, (_, n) => `${n} ${"y".repeat(10_000)}\n`)
  sent.forEach((text, n) => (n % 2 ? outputs.note(Buffer.from(text)) : outputs.answer(Buffer.from(text))))
  const taken = outputs.taken()
  let got = ""
  const bytes = Buffer.alloc(4096)
  const wanted = sent.join("")
  while (got.length < wanted.length) {
    const count = readAvailable(both, bytes)
    got += bytes.toString("utf8", 0, count)
    if (count === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await taken
  expect(got === wanted).toBe(true)
})

function readAvailable(descriptor: number, bytes: Buffer): number {
  try {
    return readSync(descriptor, bytes)
  } catch {
    return 0 // nothing there yet
  }
}
