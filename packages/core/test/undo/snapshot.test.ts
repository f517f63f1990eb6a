import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { expect, test } from "vitest"
import { createSnapshots, type Observed, type Snapshots, type Unseen } from "../../src/workspace/snapshot.ts"

const FILES = 2_000
const SIZE = 3_000

function tree(files = FILES) {
  const folder = tempFolder()
  const root = folder.join("root")
  for (let at = 0; at < files; at++) {
    if (at % 20 === 0) mkdirSync(join(root, `d${at % 7}`, `e${at}`), { recursive: true })
    writeFileSync(join(root, `d${(at - (at % 20)) % 7}`, `e${at - (at % 20)}`, `f${at}`), `${at}`.padEnd(SIZE, "."))
  }
  const limits = { files: files + 30, observed: 20 }
  const open = () => createSnapshots({ roots: [root], folder: folder.join("kept"), limits })
  return { root, folder, open, [Symbol.dispose]: () => folder[Symbol.dispose]() }
}

async function during(snapshots: Snapshots, act: () => void): Promise<Observed[]> {
  const window = await snapshots.begin()
  if ("unseen" in window) throw new Error(window.unseen)
  act()
  const found = await window.end()
  if ("unseen" in found) throw new Error(found.unseen)
  return found
}

const unseenOf = (found: object): string => (found as Unseen).unseen

/** Bytes that this process has read from files and pipes so far. */
const bytesRead = (): number => Number(/rchar: (\d+)/.exec(readFileSync("/proc/self/io", "utf8"))?.[1])

test.runIf(process.platform === "linux")(
  "a second look at a tree that did not change reads no file, also in a next process, and costs little",
  async () => {
    using t = tree()
    const first = t.open()
    const begun = bytesRead()
    expect(await during(first, () => {})).toEqual([])
    expect(bytesRead() - begun).toBeGreaterThan(FILES * SIZE)
    // What is as young as that is read once more.
    await expect
      .poll(async () => {
        const before = bytesRead()
        await during(first, () => {})
        return bytesRead() - before
      })
      .toBeLessThan(100_000)

    const cpu = process.cpuUsage()
    const ROUNDS = 5
    for (let round = 0; round < ROUNDS; round++) await during(first, () => {})
    const { user, system } = process.cpuUsage(cpu)
    // About 12 ms on a quiet machine.
    expect((user + system) / 1000 / ROUNDS).toBeLessThan(120)
    first.close()

    const next = t.open()
    const before = bytesRead()
    const found = await during(next, () => writeFileSync(join(t.root, "d0/e0/f0"), "new"))
    expect(bytesRead() - before).toBeLessThan((FILES * SIZE) / 2)
    expect(found.map(({ path, before: was }) => [path, was.read?.()?.toString().trimEnd()])).toEqual([
      [join(t.root, "d0/e0/f0"), "0".padEnd(SIZE, ".")],
    ])
    next.close()
  },
)

test("a change within the same moment, of the same size and with an old date is seen all the same", async () => {
  using t = tree(20)
  const snapshots = t.open()
  const file = join(t.root, "d0/e0/f1")
  for (const text of ["aaaa", "bbbb", "cccc"]) {
    const found = await during(snapshots, () => {
      writeFileSync(file, text)
      utimesSync(file, 1_000_000, 1_000_000)
    })
    expect(found.map(({ after }) => after.read?.()?.toString())).toEqual([text])
  }
  snapshots.close()
})

test("windows that overlap each see what changed in them, from how it was when they began", async () => {
  using t = tree(20)
  const snapshots = t.open()
  const write = (text: string) => writeFileSync(join(t.root, "d0/e0/f1"), text)
  write("0")
  const outer = await snapshots.begin()
  write("1")
  const inner = await during(snapshots, () => write("2"))
  write("3")
  const found = "unseen" in outer ? [] : ((await outer.end()) as Observed[])
  const texts = ({ before, after }: Observed) => [before.read?.()?.toString(), after.read?.()?.toString()]
  expect(inner.map(texts)).toEqual([["1", "2"]])
  expect(found.map(texts)).toEqual([["0", "3"]])
  snapshots.close()
})

test("what only comes into sight because less is ignored is no change, and what it was is not known", async () => {
  using t = tree(20)
  writeFileSync(join(t.root, ".gitignore"), "*.env\nout/\n")
  writeFileSync(join(t.root, "secret.env"), "mine")
  mkdirSync(join(t.root, "out/deep"), { recursive: true })
  writeFileSync(join(t.root, "out/deep/file"), "mine")
  const snapshots = t.open()
  await expect.poll(async () => during(snapshots, () => {})).toEqual([])
  const old = new Date(Date.now() - 60_000)
  await expect.poll(() => Date.now() - statSync(join(t.root, "secret.env")).ctimeMs).toBeGreaterThan(100)
  const found = await during(snapshots, () => {
    rmSync(join(t.root, ".gitignore"))
    writeFileSync(join(t.root, "out/deep/file"), "changed")
    utimesSync(join(t.root, "d0/e0/f1"), old, old)
  })
  expect(found.map(({ path, before }) => [path.slice(t.root.length + 1), before.state.kind]).sort()).toEqual([
    [".gitignore", "file"],
    ["out/deep/file", "unknown"],
  ])
  snapshots.close()
})

test("what is ignored from now on is not taken for deleted", async () => {
  using t = tree(20)
  const snapshots = t.open()
  const found = await during(snapshots, () => writeFileSync(join(t.root, ".gitignore"), "d*\n"))
  expect(found.map(({ path }) => path)).toEqual([join(t.root, ".gitignore")])
  snapshots.close()
})

test("a tree that is too large is said to be, without looking at it again and again", async () => {
  using t = tree(20)
  for (let at = 0; at < 31; at++) writeFileSync(join(t.root, `many${at}`), "")
  const snapshots = t.open()
  expect(unseenOf(await snapshots.begin())).toMatch(/more than 50 files/)
  const cpu = process.cpuUsage()
  for (let round = 0; round < 100; round++) expect(unseenOf(await snapshots.begin())).toMatch(/more than 50/)
  const { user, system } = process.cpuUsage(cpu)
  expect((user + system) / 1000).toBeLessThan(100)
  snapshots.close()
})

test("more changes than anybody would look through are said to be too many, and damaged copies are no copies", async () => {
  using t = tree(20)
  const snapshots = t.open()
  const window = await snapshots.begin()
  for (let at = 0; at < 21; at++) writeFileSync(join(t.root, `many${at}`), "x")
  expect(unseenOf("end" in window ? await window.end() : window)).toMatch(/more than 20 files/)

  const [pack] = readdirSync(t.folder.join("kept"))
  const found = await during(snapshots, () => {
    writeFileSync(t.folder.join("kept", pack!), "rubbish")
    writeFileSync(join(t.root, "d0/e0/f1"), "new")
  })
  const change = found.find(({ path }) => path.endsWith("f1"))
  expect(change?.before.state).toMatchObject({ kind: "file", size: SIZE })
  expect(change?.before.read?.()).toBeUndefined()
  snapshots.close()
})
