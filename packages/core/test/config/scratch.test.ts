import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { expect, test } from "vitest"
import { openScratch, usersOfScratch } from "../../src/config/scratch.ts"
import { processStarted } from "../../src/store/process-identity.ts"
import { program, temporaryFolder } from "../store/world.ts"

/** No process has it: the system gives out numbers below four millions. */
const NOBODY = 99_999_999

function place() {
  const base = tempFolder()
  const folder = base.join("opencode")
  const owner = { pid: process.pid, processStarted: processStarted(process.pid) ?? "" }
  return {
    folder,
    open: () => openScratch({ folder, owner, uid: process.getuid?.() }),
    [Symbol.dispose]: () => base[Symbol.dispose](),
  }
}

test("the folder for temporary files is there while somebody needs it, and goes with the last one", () => {
  using at = place()
  const [one, two] = [at.open(), at.open()]
  expect(one.open()).toBe(at.folder)
  expect(statSync(at.folder).mode & 0o777).toBe(0o700)
  expect(one.open()).toBe(at.folder)
  two.open()
  expect(readdirSync(at.folder)).toHaveLength(2)
  expect(usersOfScratch(at.folder)).toEqual([process.pid])
  one.close()
  expect(existsSync(at.folder)).toBe(true)
  two.close()
  expect(existsSync(at.folder)).toBe(false)
  expect(usersOfScratch(at.folder)).toEqual([])
})

test("what an agent left in it stays, with the folder", () => {
  using at = place()
  const scratch = at.open()
  writeFileSync(`${scratch.open()}/notes.txt`, "kept")
  scratch.close()
  expect(readdirSync(at.folder)).toEqual(["notes.txt"])
})

test("marks of processes that are gone hold nothing; a number that another process has now is none of theirs", () => {
  using at = place()
  const scratch = at.open()
  scratch.open()
  writeFileSync(`${at.folder}/.in-use-${NOBODY}-00000000`, "")
  if (process.platform === "linux") writeFileSync(`${at.folder}/.in-use-${process.ppid}-00000000`, "another boot/1")
  expect(usersOfScratch(at.folder)).toEqual([process.pid])
  scratch.close()
  expect(existsSync(at.folder)).toBe(false)
})

test("the mark of a living process keeps the folder", () => {
  using at = place()
  const scratch = at.open()
  scratch.open()
  const mark = `.in-use-${process.ppid}-00000000`
  writeFileSync(`${at.folder}/${mark}`, processStarted(process.ppid) ?? "")
  scratch.close()
  expect(readdirSync(at.folder)).toEqual([mark])
})

test("who never opened it takes nothing away", () => {
  using at = place()
  mkdirSync(at.folder)
  at.open().close()
  expect(existsSync(at.folder)).toBe(true)
})

test("a folder of somebody else's choosing is not used, and one that could not be used is tried again", () => {
  using at = place()
  mkdirSync(`${at.folder}-elsewhere`)
  writeFileSync(at.folder, "a file in the way")
  const scratch = at.open()
  expect(() => scratch.open()).toThrow()
  scratch.close()
  expect(statSync(at.folder).isFile()).toBe(true)
  rmSync(at.folder)
  expect(scratch.open()).toBe(at.folder)
  const other = openScratch({ folder: `${at.folder}-elsewhere`, owner: { pid: process.pid }, uid: 12_345_678 })
  expect(() => other.open()).toThrow("belongs to another user")
  expect(readdirSync(`${at.folder}-elsewhere`)).toEqual([])
})

const COMES_AND_GOES = `
  import { existsSync } from "node:fs"
  import { openScratch } from "core/config/scratch.ts"
  const [folder] = process.argv.slice(2)
  for (let n = 0; n < 500; n++) {
    const scratch = openScratch({ folder, owner: { pid: process.pid }, uid: process.getuid?.() })
    scratch.open()
    if (!existsSync(folder)) throw new Error("It is not there.")
    await new Promise((resolve) => setImmediate(resolve))
    if (!existsSync(folder)) throw new Error("It was taken away.")
    scratch.close()
  }
  process.stdout.write("done\\n")
`

test("processes that come and go at the same time never take it from each other", { timeout: 60_000 }, async () => {
  await using programs = await temporaryFolder()
  using at = place()
  const start = await program(programs, COMES_AND_GOES)
  const children = [1, 2, 3].map(() => start(at.folder))
  for (const child of children) expect(await child.line(), child.errors()).toBe("done")
  await Promise.all(children.map(({ ended }) => ended))
  expect(existsSync(at.folder)).toBe(false)
})
