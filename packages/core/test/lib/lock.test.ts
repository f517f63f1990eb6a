import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, readdirSync, utimesSync, writeFileSync } from "node:fs"
import { withLock } from "@opencode/core/lib/lock.ts"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { expect, test } from "vitest"

/** The number of a process that has ended. */
async function goneProcess(): Promise<number> {
  const child = spawn(process.execPath, ["-e", "0"], { stdio: "ignore" })
  await once(child, "exit")
  return child.pid ?? 0
}

test("one at a time: nobody sees what another is in the middle of", async () => {
  using folder = tempFolder()
  const file = folder.join("a/file")
  let inside = 0
  const most: number[] = []
  const act = async () => {
    most.push(++inside)
    await new Promise(setImmediate)
    inside--
  }
  await Promise.all(Array.from({ length: 8 }, () => withLock(file, { pid: process.pid }, act)))
  expect(most).toEqual(Array.from({ length: 8 }, () => 1))
  expect(readdirSync(folder.join("a"))).toEqual([])
})

test("a lock whose holder died is taken over, by one of those who wait", async () => {
  using folder = tempFolder()
  const file = folder.join("file")
  writeFileSync(`${file}.lock`, `${await goneProcess()} 1 2`)
  const order: number[] = []
  await Promise.all([1, 2, 3].map((n) => withLock(file, { pid: process.pid }, () => order.push(n))))
  expect(order.toSorted()).toEqual([1, 2, 3])
  expect(existsSync(`${file}.lock`)).toBe(false)
})

test("a lock that was held for too long is taken over, and who had it finds out", async () => {
  using folder = tempFolder()
  const file = folder.join("file")
  await withLock(file, { pid: process.pid }, async ({ isHeld }) => {
    expect(isHeld()).toBe(true)
    utimesSync(`${file}.lock`, new Date(0), new Date(0))
    expect(await withLock(file, { pid: process.pid }, () => "taken")).toBe("taken")
    expect(isHeld()).toBe(false)
  })
})

test("waiting for a holder that lives ends with a sentence, and leaves the lock", async () => {
  using folder = tempFolder()
  const file = folder.join("file")
  writeFileSync(`${file}.lock`, `${process.pid} someone else`)
  const waiting = withLock(file, { pid: process.pid, waitMs: 50 }, () => {})
  await expect(waiting).rejects.toMatchObject({ code: "busy" })
  expect(existsSync(`${file}.lock`)).toBe(true)
})

test("what fails inside lets the lock go", async () => {
  using folder = tempFolder()
  const file = folder.join("file")
  const failing = withLock(file, { pid: process.pid }, () => {
    throw new Error("no")
  })
  await expect(failing).rejects.toThrow("no")
  expect(existsSync(`${file}.lock`)).toBe(false)
})
