import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { expect, test } from "vitest"
import { openScratch, usersOfScratch } from "../../src/config/scratch.ts"
import { processStarted } from "../../src/store/process-identity.ts"

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

test("the folder for temporary files is there while somebody needs it, and goes with the last one", async () => {
  using at = place()
  const [one, two] = [at.open(), at.open()]
  expect(await one.open()).toBe(at.folder)
  expect(statSync(at.folder).mode & 0o777).toBe(0o700)
  expect(await one.open()).toBe(at.folder)
  await two.open()
  expect(readdirSync(at.folder)).toHaveLength(2)
  expect(usersOfScratch(at.folder)).toEqual([process.pid])
  one.close()
  expect(existsSync(at.folder)).toBe(true)
  two.close()
  expect(existsSync(at.folder)).toBe(false)
  expect(usersOfScratch(at.folder)).toEqual([])
})

test("what an agent left in it stays, with the folder", async () => {
  using at = place()
  const scratch = at.open()
  writeFileSync(`${await scratch.open()}/notes.txt`, "kept")
  scratch.close()
  expect(readdirSync(at.folder)).toEqual(["notes.txt"])
})

test("marks of processes that are gone hold nothing; a number that another process has now is none of theirs", async () => {
  using at = place()
  const scratch = at.open()
  await scratch.open()
  writeFileSync(`${at.folder}/.in-use-${NOBODY}-00000000`, "")
  if (process.platform === "linux") writeFileSync(`${at.folder}/.in-use-${process.ppid}-00000000`, "another boot/1")
  expect(usersOfScratch(at.folder)).toEqual([process.pid])
  scratch.close()
  expect(existsSync(at.folder)).toBe(false)
})

test("the mark of a living process keeps the folder", async () => {
  using at = place()
  const scratch = at.open()
  await scratch.open()
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

test("a folder of somebody else's choosing is not used, and one that could not be used is tried again", async () => {
  using at = place()
  mkdirSync(`${at.folder}-elsewhere`)
  writeFileSync(at.folder, "a file in the way")
  const scratch = at.open()
  await expect(scratch.open()).rejects.toThrow()
  scratch.close()
  expect(statSync(at.folder).isFile()).toBe(true)
  rmSync(at.folder)
  expect(await scratch.open()).toBe(at.folder)
  const other = openScratch({ folder: `${at.folder}-elsewhere`, owner: { pid: process.pid }, uid: 12_345_678 })
  await expect(other.open()).rejects.toThrow("belongs to another user")
  expect(readdirSync(`${at.folder}-elsewhere`)).toEqual([])
})

test("one that is taken away again and again while it is opened is made again", async () => {
  using at = place()
  // Others come and go, as fast as they can.
  const coming = Array.from({ length: 40 }, async (_, index) => {
    const scratch = at.open()
    await scratch.open()
    expect(existsSync(at.folder)).toBe(true)
    if (index % 2) await new Promise((resolve) => setImmediate(resolve))
    expect(existsSync(at.folder)).toBe(true)
    scratch.close()
  })
  await Promise.all(coming)
  expect(existsSync(at.folder)).toBe(false)
})
