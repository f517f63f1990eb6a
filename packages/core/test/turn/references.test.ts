import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { once } from "node:events"
import { createServer, type AddressInfo } from "node:net"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { callsMany, says } from "@opencode/testing/script.ts"
import { tempFolder, type TempFolder } from "@opencode/testing/temp-folder.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

const read = (filePath: string) => callsMany([{ name: "read", input: { filePath } }])
const outputs = async (w: World) =>
  (await w.calls()).map(({ state }) =>
    state.status === "completed" ? state.output : state.status === "error" ? state.error : state.status,
  )

/** A folder beside the world with something in it. */
function library(): TempFolder {
  const folder = tempFolder("reference")
  folder.write({ "lib/f.txt": "hello from afar", "lib/AGENTS.md": "not for us" })
  return folder
}

test("the model is told of references that say what they are for, and may read there without a question", async () => {
  using far = library()
  const lib = far.join("lib")
  await using w = await world({
    config: {
      references: {
        lib: { path: lib, description: "A library." },
        quiet: lib,
        shy: { path: lib, hidden: true, description: "Shy." },
      },
    },
    model: [
      callsMany([
        { name: "read", input: { filePath: join(lib, "f.txt") } },
        { name: "glob", input: { pattern: "*", path: lib } },
        { name: "grep", input: { pattern: "afar", path: lib } },
        { name: "bash", input: { command: `cat ${join(lib, "f.txt")}` } },
      ]),
      says("done"),
    ],
  })
  await w.prompt("go")
  const [request] = w.model.requests
  expect(request?.system).toContain(`<references>\n  lib: ${lib} - A library.\n  shy: ${lib} - Shy.\n</references>`)
  const given = await outputs(w)
  expect(given.every((text) => /afar|f\.txt/.test(text))).toBe(true)
  expect(given.join()).not.toContain("not for us")
  expect(w.events.some(({ type }) => type === "permission.asked")).toBe(false)
})

test("writing into a reference is asked about, whichever way it is done", async () => {
  using far = library()
  const file = far.join("lib/new.txt")
  await using w = await world({
    config: { references: { lib: far.join("lib") } },
    model: [
      callsMany([
        { name: "write", input: { filePath: file, content: "x" } },
        { name: "bash", input: { command: `echo x > ${file}` } },
      ]),
      says("done"),
    ],
  })
  const turn = w.prompt("go")
  for (const _ of ["write", "bash"]) {
    const ask = await w.asked("edit")
    expect(ask.patterns).toEqual([file])
    ask.reject("no")
    await w.happened("permission.replied", ({ requestID }) => requestID === ask.id)
  }
  await turn
  expect(existsSync(file)).toBe(false)
})

test("a name in a prompt tells the model where it is, also of one that says nothing of itself", async () => {
  using far = library()
  await using w = await world({
    config: { references: { lib: { path: far.join("lib"), hidden: true } } },
    model: [says("done")],
  })
  await w.prompt("compare @lib/f.txt with ours, and mail me@lib.org")
  const [message] = await w.transcript()
  expect(message?.parts.map((part) => (part.type === "text" ? [part.synthetic ?? false, part.text] : []))).toEqual([
    [false, "compare @lib/f.txt with ours, and mail me@lib.org"],
    [true, `@lib/f.txt is ${far.join("lib/f.txt")}, in the reference "lib".`],
  ])
  expect(w.model.heard()).toContain(far.join("lib/f.txt"))
})

/** A repository that others work on. */
function origin() {
  const folder = tempFolder("origin")
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=T", "-c", "user.email=t@example.com", ...args], { cwd: folder.join("work") })
  const commit = (text: string) => {
    folder.write({ "work/f.txt": text })
    git("add", "--all")
    git("commit", "--quiet", "--message=x")
    git("push", "--quiet", folder.join("bare.git"), "HEAD:main")
  }
  folder.write({ "work/.keep": "" })
  execFileSync("git", ["init", "--quiet", "--bare", "--initial-branch=main", folder.join("bare.git")])
  git("init", "--quiet", "--initial-branch=main")
  commit("first")
  return { folder, commit, url: pathToFileURL(folder.join("bare.git")).href, [Symbol.dispose]: folder[Symbol.dispose] }
}

const copyOf = (w: World, url: string) =>
  join(w.home.folders.data, "repos", "local", new URL(url).pathname.slice(1, -4))

test("a repository is fetched when somebody first opens it, and not before", async () => {
  using far = origin()
  await using w = await world({ config: { references: { far: { repository: far.url, description: "Far." } } } })
  const copy = copyOf(w, far.url)
  w.model.add(says("hello"), read(join(copy, "f.txt")), says("done"))
  await w.prompt("go")
  expect(w.model.requests[0]?.system).toContain(`far: ${copy} - Far.`)
  expect(existsSync(join(w.home.folders.data, "repos"))).toBe(false)

  await w.prompt("read it")
  expect(await outputs(w)).toEqual([expect.stringContaining("1: first")])
  expect(w.events.some(({ type }) => type === "permission.asked")).toBe(false)
  // Without its history, and with nothing half made beside it.
  expect(readFileSync(join(copy, ".git/shallow"), "utf8")).toMatch(/^[0-9a-f]{40}\n$/)
  expect(readdirSync(join(copy, ".."))).toEqual(["bare"])
})

test("naming it in a prompt fetches it too, and so does a command that goes there", async () => {
  using far = origin()
  await using w = await world({ config: { references: { far: far.url } }, model: [says("hello")] })
  await w.prompt("what is @far about?")
  await expect.poll(() => existsSync(join(copyOf(w, far.url), "f.txt")), { timeout: 20_000 }).toBe(true)

  await using other = await world({ config: { references: { far: far.url } } })
  other.model.add(
    callsMany([{ name: "bash", input: { command: `cat ${copyOf(other, far.url)}/f.txt` } }]),
    says("done"),
  )
  await other.prompt("go")
  expect(await outputs(other)).toEqual([expect.stringContaining("first")])
})

test("a copy is used as it is; after a day a new one is fetched beside it, and what fails leaves the old one", async () => {
  using far = origin()
  await using w = await world({ config: { references: { far: far.url } } })
  const copy = copyOf(w, far.url)
  const content = () => readFileSync(join(copy, "f.txt"), "utf8")
  const look = async () => {
    w.model.add(read(join(copy, "f.txt")), says("done"))
    await w.prompt("go")
  }
  await look()
  far.commit("second")
  await look()
  expect(content()).toBe("first")

  const before = new Date(Date.now() - 25 * 60 * 60_000)
  utimesSync(copy, before, before)
  await look()
  await expect.poll(content, { timeout: 20_000 }).toBe("second")

  rmSync(far.folder.join("bare.git"), { recursive: true })
  utimesSync(copy, before, before)
  await look()
  expect((await outputs(w)).at(-1)).toContain("1: second")
  expect(content()).toBe("second")
})

test("what cannot be fetched is told to the model, and the turn goes on", async () => {
  await using w = await world({ config: { references: { far: "file:///nowhere/at-all.git" } } })
  const copy = copyOf(w, "file:///nowhere/at-all.git")
  w.model.add(read(join(copy, "f.txt")), says("done"))
  expect((await w.prompt("go")).info).toMatchObject({ finish: "stop" })
  expect(await outputs(w)).toEqual([expect.stringMatching(/could not be fetched: .*nowhere\/at-all/)])
})

test.each([
  ["read", (file: string) => ({ filePath: file })],
  ["bash", (file: string) => ({ command: `cat ${file}` })],
])("a turn whose %s waits for a repository ends when it is told to", { timeout: 20_000 }, async (name, input) => {
  // Takes connections and says nothing.
  const silent = createServer()
  silent.listen(0, "127.0.0.1")
  await once(silent, "listening")
  const url = `https://127.0.0.1:${(silent.address() as AddressInfo).port}/a/b`
  try {
    await using w = await world({ config: { references: { far: url } } })
    const host = encodeURIComponent(new URL(url).host)
    const file = join(w.home.folders.data, "repos", host, "a/b/f.txt")
    w.model.add(callsMany([{ name, input: input(file) }]), says("done"))
    const turn = w.prompt("go")
    await once(silent, "connection")
    const start = performance.now()
    await w.engine.sessions.abort((await w.session()).id)
    expect((await turn).info).toMatchObject({ error: { name: "MessageAbortedError" } })
    expect(performance.now() - start).toBeLessThan(5_000)
  } finally {
    silent.close()
  }
})

test("a repository runs nothing of its own when it is fetched", async () => {
  using far = origin()
  const trap = far.folder.join("ran")
  const hook = `#!/bin/sh\ntouch ${trap}\n`
  for (const name of ["post-checkout", "reference-transaction", "post-merge"])
    writeFileSync(far.folder.join("bare.git/hooks", name), hook, { mode: 0o755 })
  far.folder.write({
    "work/.gitattributes": "*.txt filter=evil\n",
    "work/.gitmodules": '[submodule "a"]\n\tpath = a\n\turl = ../a\n',
  })
  far.commit("third")
  rmSync(trap, { force: true }) // the push was ours
  await using w = await world({ config: { references: { far: far.url } } })
  w.model.add(read(join(copyOf(w, far.url), "f.txt")), says("done"))
  await w.prompt("go")
  expect(await outputs(w)).toEqual([expect.stringContaining("1: third")])
  expect(existsSync(trap)).toBe(false)
})

test("an untrusted project can neither have a repository fetched nor open a folder outside", async () => {
  using far = origin()
  using near = library()
  const references = { far: far.url, short: "owner/name", near: near.join("lib"), up: { path: "../.." } }
  const files = { "opencode.json": JSON.stringify({ references }) }
  await using w = await world({ client: true, files, model: [says("done")] })
  expect(w.engine.config.issues.map(({ kind, path }) => [kind, path[1]])).toEqual(
    Object.keys(references).map((name) => ["held_back", name]),
  )
  const turn = w.prompt("look at @far and @short and @near and @up")
  await w.asked("trust").then((question) => question.reject())
  await turn
  expect(existsSync(join(w.home.folders.data, "repos"))).toBe(false)
  expect((await w.transcript())[0]?.parts).toHaveLength(1)
})

test("what a person approved of them is there in the same turn", async () => {
  using far = origin()
  using near = library()
  const references = { far: { repository: far.url, description: "Far." }, near: near.join("lib") }
  await using w = await world({ client: true, files: { "opencode.json": JSON.stringify({ references }) } })
  w.model.add(
    callsMany([
      { name: "read", input: { filePath: join(copyOf(w, far.url), "f.txt") } },
      { name: "read", input: { filePath: near.join("lib/f.txt") } },
    ]),
    says("done"),
  )
  const turn = w.prompt("go")
  await w.asked("trust").then((question) => question.once())
  await turn
  expect(w.model.requests[0]?.system).toContain("Far.")
  expect(await outputs(w)).toEqual([expect.stringContaining("1: first"), expect.stringContaining("hello from afar")])
})
