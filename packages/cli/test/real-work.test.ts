import { cpSync, existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { createOpencodeClient as createV1 } from "published-sdk"
import { createOpencodeClient as createV2 } from "published-sdk/v2"
import { installation, type Installation } from "@opencode/testing/command.ts"
import { modelServer, type ModelServer } from "@opencode/testing/model-server.ts"
import { calls, callsMany, says } from "@opencode/testing/script.ts"
import { mockProvider } from "@opencode/testing/mock-provider.ts"
import { expect, test } from "vitest"

/**
 * The main job, from outside: a folder with the hundreds of files of a published package, one of its functions broken,
 * a model that finds and mends it in ten steps, the published SDK as the client.
 */
const PACKAGE = fileURLToPath(new URL("../../../node_modules/zod", import.meta.url))
const BROKEN_FILE = "v4/core/util.js"
const RIGHT = 'export function joinValues(array, separator = "|") {'
const WRONG = 'export function joinValues(array, separator = ",") {'
const CHECK = `import { joinValues } from "./v4/core/util.js"
import assert from "node:assert/strict"
assert.equal(joinValues(["a", "b"]), '"a"|"b"')
console.log("all tests pass")
`

/** What the model does, one entry an answer. */
const STEPS = [
  calls("bash", { command: "node check.test.mjs", description: "run the test" }),
  calls("grep", { pattern: "joinValues", include: "*.js" }),
  calls("glob", { pattern: "v4/core/*.js" }),
  callsMany([
    { name: "read", input: { filePath: BROKEN_FILE, limit: 60 } },
    { name: "read", input: { filePath: "package.json", limit: 5 } },
  ]),
  calls("edit", { filePath: BROKEN_FILE, oldString: WRONG, newString: RIGHT }),
  calls("bash", { command: "node check.test.mjs && echo ok > proof.txt", description: "run the test again" }),
  calls("write", { filePath: "NOTES.md", content: "The separator of joinValues was wrong.\n" }),
  calls("read", { filePath: "proof.txt" }),
  calls("bash", { command: "cat NOTES.md | wc -l", description: "look at the note" }),
  says("The default separator of joinValues was wrong; the test passes now."),
]

interface Setting extends AsyncDisposable {
  at: Installation
  model: ModelServer
}

async function setting(wire: "openai" | "anthropic"): Promise<Setting> {
  const model = await modelServer({ script: (request) => STEPS[request.number - 1] ?? says("nothing left to do") })
  const at = installation({ config: { model: "mock/large", provider: { mock: mockProvider(model.url, wire) } } })
  cpSync(PACKAGE, at.project, { recursive: true })
  const source = readFileSync(`${at.project}/${BROKEN_FILE}`, "utf8")
  expect(source).toContain(RIGHT)
  at.folder.write({ [`project/${BROKEN_FILE}`]: source.replace(RIGHT, WRONG), "project/check.test.mjs": CHECK })
  return {
    at,
    model,
    async [Symbol.asyncDispose]() {
      await at[Symbol.asyncDispose]()
      await model.close()
    },
  }
}

function expectMended({ at, model }: Setting): void {
  expect(readFileSync(`${at.project}/${BROKEN_FILE}`, "utf8")).toContain(RIGHT)
  expect(readFileSync(`${at.project}/proof.txt`, "utf8")).toBe("ok\n")
  expect(existsSync(`${at.project}/NOTES.md`)).toBe(true)
  expect(model.unexpected).toEqual([])
}

test.each(["openai", "anthropic"] as const)("a failing test is mended in ten steps, through run (%s)", async (wire) => {
  await using s = await setting(wire)
  const { stdout, stderr, code } = await s.at.run(["run", "make the failing test pass"])
  expect({ stdout, code }).toEqual({
    stdout: "The default separator of joinValues was wrong; the test passes now.\n",
    code: 0,
  })
  expect(stderr.match(/^✓/gm)).toHaveLength(10)
  expectMended(s)
})

test("the published SDK v1 drives the same work, hears its events, and finds it after a restart", async () => {
  await using s = await setting("openai")
  const server = await s.at.serve()
  const client = createV1({ baseUrl: server.url, directory: s.at.project })
  const session = (await client.session.create({ body: { title: "mend" } })).data
  const id = session?.id ?? ""
  const stop = new AbortController()
  const { stream } = await client.event.subscribe({ signal: stop.signal })
  const seen: string[] = []
  const listening = (async () => {
    for await (const event of stream) {
      seen.push(event.type)
      if (event.type === "session.idle") return
    }
  })()
  await expect.poll(() => seen).toContain("server.connected")

  const answer = await client.session.prompt({ path: { id }, body: { parts: [{ type: "text", text: "mend it" }] } })
  await listening
  stop.abort()
  expect(answer.data?.info).toMatchObject({ role: "assistant", finish: "stop" })
  expectMended(s)
  expect(seen.filter((type) => type === "session.idle")).toHaveLength(1)
  expect(seen.indexOf("message.updated")).toBeLessThan(seen.indexOf("message.part.updated"))

  const messages = (await client.session.messages({ path: { id } })).data ?? []
  expect(messages).toHaveLength(11)
  server.child.kill("SIGTERM")
  await server.finished
  const again = createV1({ baseUrl: (await s.at.serve()).url, directory: s.at.project })
  expect((await again.session.messages({ path: { id } })).data).toEqual(messages)
  expect((await again.session.list()).data?.map((found) => found.id)).toEqual([id])
  expect((await again.session.delete({ path: { id } })).data).toBe(true)
  expect((await again.session.list()).data).toEqual([])
})

test("after kill -9 in the middle the work is on record and goes on, and nothing was done twice", async () => {
  await using s = await setting("anthropic")
  const first = await s.at.serve()
  const client = createV2({ baseUrl: first.url, directory: s.at.project })
  const sessionID = (await client.session.create({ title: "mend" })).data?.id ?? ""
  await client.session.promptAsync({ sessionID, parts: [{ type: "text", text: "mend it" }] })
  await s.model.received(6)
  first.child.kill("SIGKILL")
  await first.finished

  const second = createV2({ baseUrl: (await s.at.serve()).url, directory: s.at.project })
  const messages = (await second.session.messages({ sessionID })).data ?? []
  const parts = messages.flatMap((message) => message.parts)
  const calls = parts.flatMap((part) => (part.type === "tool" ? [part.state.status] : []))
  expect(calls.slice(0, 6)).toEqual(Array(6).fill("completed"))
  expect(calls).not.toContain("running")
  expect(messages.every(({ info }) => info.role === "user" || info.time.completed !== undefined)).toBe(true)
  expect((await second.session.status()).data).toEqual({})

  const answer = await second.session.prompt({ sessionID, parts: [{ type: "text", text: "go on" }] })
  expect(answer.data?.info).toMatchObject({ finish: "stop" })
  expect(s.model.unexpected).toEqual([])
})
