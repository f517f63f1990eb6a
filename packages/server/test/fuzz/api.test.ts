import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { isLong } from "@opencode/testing/effort.ts"
import { says } from "@opencode/testing/script.ts"
import fc from "fast-check"
import { expect, test } from "vitest"
import { routes } from "../../src/routes/routes.ts"
import { dataOf, served, type Served } from "../served.ts"
import { describeAll, type Operation } from "./operations.ts"
import { createSender, requestTo, type Answer, type Asked, type Folders, type Sender } from "./request.ts"

/**
 * The whole document, with values that its schemas allow, that lie on their edges, and that nobody sends. Whatever comes:
 * an answer in time, no status that says the server is at fault, errors in one of the two shapes, and no stack.
 */
const RUNS = isLong ? 120 : 4
const AT_ONCE = 5
/** Answers with megabytes, which the test has to read. */
const HEAVY = new Set(["provider.list"])
const HEAVY_SHARE = 4
/** Minutes for a tag when there are many runs. */
const LONG_MS = 1_800_000

/** Answered when somebody else does something, or when the client goes. */
const HELD = new Set(["tui.control.next"])
/** Would change the programs of this machine. Called with what cannot be meant in their own tests. */
const LEFT_OUT = new Set(["global.upgrade"])

const { operations, component } = describeAll(routes)
const tags = [...new Set(operations.map(({ tag }) => tag))]

test.each(tags)(
  "whatever is sent to the calls of %s, the answer is an answer",
  async (tag) => {
    await using s = await served({
      git: true,
      files: { "a.txt": "one\ntwo\n", "src/b.ts": "export {}\n", "link/.keep": "" },
      model: () => says("ok"),
      permission: "allow",
    })
    const sender = createSender(s.url)
    const restore = keepSettings(s)
    const folders = foldersOf(s)
    try {
      for (const operation of operations.filter((each) => each.tag === tag && !LEFT_OUT.has(each.id))) {
        const known = await seed(s, folders)
        const source = { component, ids: (prefix: string) => idsOf(prefix, known) }
        const one = requestTo(operation, { source, folders, bodies: known.bodies })
        await fc.assert(
          fc.asyncProperty(fc.array(one, { minLength: 1, maxLength: AT_ONCE }), async (all) => {
            await Promise.all(all.map((asked) => judge(sender, operation, asked)))
          }),
          { numRuns: HEAVY.has(operation.id) ? RUNS / HEAVY_SHARE : RUNS, endOnFailure: true },
        )
        await alive(s, operation)
        await restore()
      }
    } finally {
      sender.close()
    }
  },
  isLong ? LONG_MS : undefined,
)

async function judge(sender: Sender, operation: Operation, asked: Asked): Promise<void> {
  const shown = JSON.stringify({ ...asked, body: String(asked.body).slice(0, 2_000) })
  const answer = await sender.send(asked, HELD.has(operation.id)).catch((error: Error) => {
    throw new Error(`${error.message}: ${shown}`)
  })
  const wrong = faultOf(answer, asked)
  if (wrong !== undefined) throw new Error(`${wrong}: ${shown}\n${answer.status} ${answer.text.slice(0, 2_000)}`)
}

/** Lines of a stack, in what any engine writes. */
const STACK = /\n\s+at .{0,200}(?:\.[cm]?[jt]s:\d+|\(node:|<anonymous>)/

/** @returns what is wrong with an answer, if something is */
function faultOf({ status, type, text }: Answer, { method }: Asked): string | undefined {
  if (status >= 500 && status !== 503) return "the server is at fault"
  if (status < 200 || (status >= 300 && status < 400)) return "no such status is promised"
  if (status < 400 || method === "HEAD") return undefined
  if (type !== "application/json") return "an error that is no JSON"
  const error = JSON.parse(text) as { name?: string; data?: { message?: string }; _tag?: string; message?: string }
  const message = error._tag === undefined ? error.data?.message : error.message
  if (typeof (error._tag ?? error.name) !== "string" || typeof message !== "string" || message === "")
    return "an error in no shape"
  return STACK.test(text) || STACK.test(message) ? "a stack" : undefined
}

/** Whatever came before, who asks for something ordinary gets it. */
async function alive(s: Served, { id }: Operation): Promise<void> {
  const health = await s.fetch("/global/health")
  expect({ after: id, status: health.status }).toEqual({ after: id, status: 200 })
  const made = await dataOf(s.v2.session.create())
  expect(await dataOf(s.v2.session.get({ sessionID: made.id }))).toMatchObject({ id: made.id })
  await s.v2.session.delete({ sessionID: made.id })
}

function foldersOf({ world }: Served): Folders {
  world.folder.write({ "other/c.txt": "three\n" })
  const { project } = world
  const long = `${project}/${"deep/".repeat(2_000)}`
  const missing = [`${project}/missing`, `${project}/a.txt`, `${project}/a.txt/b`, `${project}/\0`]
  return {
    good: [project, world.folder.join("other"), `${project}/src`, ".", "src/..", `${project}/`],
    bad: [...missing, `${project}/%E0%A4%A`, long, "x".repeat(300), `${project}/\uFFFF`, "~"],
  }
}

/** What requests wrote into the files of settings would decide what all later ones get. */
function keepSettings({ world, fetch }: Served): () => Promise<void> {
  const path = "config/opencode/opencode.json"
  const file = world.folder.join(path)
  const before = readFileSync(file, "utf8")
  return async () => {
    for (const place of ["config", "project", "other"].map((name) => world.folder.join(name))) {
      for (const name of readdirSync(place, { recursive: true, encoding: "utf8" }).filter(isOfSettings))
        writeFileSync(join(place, name), "{}\n") // what is taken away holds for a moment
    }
    world.folder.write({ [path]: before })
    await fetch("/global/dispose", { method: "POST" })
  }
}

const isOfSettings = (name: string): boolean => /^(?:opencode|config)\.jsonc?$/.test(basename(name))

interface Known {
  sessions: string[]
  messages: string[]
  parts: string[]
  bodies: Record<string, unknown>
}

/** Sessions with something in them, of this project and of another one. */
async function seed(s: Served, { good }: Folders): Promise<Known> {
  const known: Known = { sessions: [], messages: [], parts: [], bodies: {} }
  for (const directory of good.slice(0, 2)) {
    const { id: sessionID } = await dataOf(s.v2.session.create({ directory, title: "seed" }))
    const parts = [{ type: "text" as const, text: "hello" }]
    const { info, parts: made } = await dataOf(s.v2.session.prompt({ sessionID, parts, noReply: true }))
    known.sessions.push(sessionID)
    known.messages.push(info.id)
    known.parts.push(...made.map(({ id }) => id))
    known.bodies = bodiesWith(made[0], await (await s.fetch(`/session/${sessionID}/export`)).json())
  }
  return known
}

const PATCH = `diff --git a/a.txt b/a.txt
--- a/a.txt
+++ b/a.txt
@@ -1,2 +1,2 @@
-one
+uno
 two
`

/** What takes more than chance to be right. */
const bodiesWith = (part: unknown, exported: unknown): Record<string, unknown> => ({
  "session.import": exported,
  "part.update": part,
  "vcs.apply": { patch: PATCH },
  "permission.explain": { tool: "bash", input: { command: "echo hi" } },
  "config.update": { agent: { build: { steps: 3 } }, permission: { bash: { "ls *": "allow" } }, username: "me" },
  "global.config.update": { instructions: ["a.md"], provider: { x: { options: { a: 1 } } } },
  "session.prompt": { parts: [{ type: "text", text: "hi" }], agent: "build" },
  "session.command": { command: "init", arguments: "now" },
  "tui.publish": { type: "tui.prompt.append", properties: { text: "hi" } },
})

function idsOf(prefix: string, known: Known): fc.Arbitrary<string> {
  const real: Record<string, string[]> = { ses: known.sessions, msg: known.messages, prt: known.parts }
  const made = [
    `${prefix}_0196f2d3a001AbCdEfGhIjKlMn`,
    prefix,
    `${prefix}_`,
    `${prefix}_${"z".repeat(124)}`,
    `${prefix}_${"z".repeat(125)}`,
    `${prefix}_${"z".repeat(10_000)}`,
    `${prefix}_\0`,
    `${prefix}_../../x`,
    `${prefix}_%2e`,
    `${prefix}_\u202E`,
    "nope",
  ]
  return fc.oneof(
    { weight: real[prefix] ? 6 : 0, arbitrary: fc.constantFrom(...(real[prefix] ?? [""])) },
    { weight: 1, arbitrary: fc.constantFrom(...made) },
  )
}
