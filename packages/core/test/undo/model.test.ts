import { execFileSync } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { UndoResult } from "@opencode/protocol/session.ts"
import { isLong } from "@opencode/testing/effort.ts"
import { callsMany, says, type Reply } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import fc from "fast-check"
import { expect, test } from "vitest"
import { difference, filesBelow, undoOn, type Did, type Files, type Touched } from "./reference.ts"

/** Few names and few contents, so that everything meets everything. */
const path = fc.constantFrom("a", "b", "d", "d/a", "d/b", "d/e/a", "nested/a", "nested/sub/b")
const content = fc.constantFrom("0", "1", "22", "\0binary")
const target = fc.constantFrom("b", "d", "nested", "../outside", "../outside/o", "nowhere")

/** What anybody may do, as a command of the shell. It may fail. */
const deed = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(path, content)
      .map(([at, text]) => `mkdir -p $(dirname ${at}); printf '${text.replace("\0", "\\000")}' > ${at}`),
  },
  fc.tuple(path, content).map(([at, text]) => `printf '${text.replace("\0", "\\000")}' >> ${at}`),
  { weight: 2, arbitrary: path.map((at) => `rm -rf ${at}`) },
  fc.tuple(path, path).map(([from, to]) => `mv ${from} ${to}`),
  fc
    .tuple(path, fc.constantFrom("755", "600", "444"))
    .map(([at, mode]) => `[ -L ${at} ] || [ -d ${at} ] || chmod ${mode} ${at}`),
  fc.tuple(path, target).map(([at, to]) => `ln -sfn ${to} ${at}`),
  fc.constant("rm -rf d; echo file > d"),
  fc.constant("rm -rf a; mkdir -p a/x; echo deep > a/x/y"),
)
const call = fc.oneof(
  deed.map((command) => ({ name: "bash", input: { command: `${command}; true` } })),
  fc.tuple(path, content).map(([filePath, text]) => ({ name: "write", input: { filePath, content: text } })),
)
const happening = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.array(call, { minLength: 1, maxLength: 3 }).map((calls) => ({ kind: "prompt" as const, calls })),
  },
  { weight: 3, arbitrary: deed.map((command) => ({ kind: "human" as const, command })) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("revert" as const),
      where: fc.double({ min: 0, max: 0.999, noNaN: true }),
      isPart: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "unrevert" as const }) },
)

/** One call that was made: where it stands in the conversation, and what it did. */
interface Made {
  promptID: string
  messageID: string
  partID: string
  changes: Did[]
}

async function live(
  story: (typeof happening extends fc.Arbitrary<infer T> ? T : never)[],
  git: boolean,
): Promise<void> {
  const replies: Reply[] = []
  await using w = await world({
    permission: "allow",
    git,
    files: { b: "0", "d/a": "1" },
    model: () => replies.shift() ?? says("ok"),
  })
  const outside = w.folder.join("outside")
  mkdirSync(outside)
  writeFileSync(join(outside, "o"), "theirs")
  const shell = (command: string) => execFileSync("sh", ["-c", `(${command}) 2>/dev/null; true`], { cwd: w.project })
  shell("mkdir nested; git init -q nested; git -C nested -c user.name=t -c user.email=t@t commit -q --allow-empty -m x")
  const head = readFileSync(join(w.project, "nested/.git/HEAD"))
  const { id } = await w.session()

  let made: Made[] = []
  let touched: Touched = new Map()
  let point: number | undefined
  let before: Files | undefined
  let current: string | undefined
  // A part is announced before its call does anything, and after it did everything.
  w.home.bus.subscribe({}, (frame) => {
    if (frame.type !== "message.part.updated") return
    const { part } = frame.properties as {
      part: { id: string; messageID: string; type: string; state?: { status: string } }
    }
    if (part.type !== "tool") return
    if (part.state?.status === "running" && current !== part.id) {
      current = part.id
      before = filesBelow(w.project)
    }
    if (!before || current !== part.id || !["completed", "error"].includes(part.state?.status ?? "")) return
    made.push({
      promptID: "",
      messageID: part.messageID,
      partID: part.id,
      changes: difference(before, filesBelow(w.project)),
    })
    before = undefined
  })

  function check(undo: UndoResult | undefined, disk: Files, expected: ReturnType<typeof undoOn>, others: Files): void {
    const now = filesBelow(w.project)
    expect(now).toEqual(expected.disk)
    expect(filesBelow(outside)).toEqual(others)
    expect(readFileSync(join(w.project, "nested/.git/HEAD"))).toEqual(head)
    const changed = new Set(difference(disk, now).map((one) => one.path))
    const told = new Set(
      (undo?.files ?? []).flatMap(({ file, status }) => (status === "restored" || status === "partial" ? [file] : [])),
    )
    expect(told).toEqual(new Set([...changed].map((file) => join(w.project, file))))
  }

  for (const event of story) {
    if (event.kind === "human") shell(event.command)
    if (event.kind === "prompt") {
      replies.push(callsMany(event.calls))
      if (point !== undefined) made = made.slice(0, point)
      point = undefined
      touched = new Map()
      const answer = await w.prompt("go")
      const promptID = answer.info.role === "assistant" ? answer.info.parentID : ""
      for (const one of made) one.promptID ||= promptID
    }
    if (event.kind === "revert" && made.length > 0) {
      const chosen = made[Math.floor(event.where * made.length)]!
      point = event.isPart ? made.indexOf(chosen) : made.findIndex(({ promptID }) => promptID === chosen.promptID)
      const disk = filesBelow(w.project)
      const others = filesBelow(outside)
      const expected = undoOn(
        disk,
        touched,
        made.slice(point).flatMap(({ changes }) => changes),
      )
      const where = event.isPart
        ? { messageID: chosen.messageID, partID: chosen.partID }
        : { messageID: chosen.promptID }
      const { undo } = await w.engine.undo.revert(id, where)
      check(undo, disk, expected, others)
      touched = expected.touched
    }
    if (event.kind === "unrevert") {
      const disk = filesBelow(w.project)
      const others = filesBelow(outside)
      const expected = undoOn(disk, touched, [])
      const { undo } = await w.engine.undo.unrevert(id)
      if (point !== undefined) check(undo, disk, expected, others)
      point = undefined
      touched = new Map()
    }
  }
}

/** Each history is a world of its own with real commands; a dozen of them take some seconds. */
const HISTORIES = isLong ? 150 : 12

test("over random histories undoing does what the reference does, touches nothing else, and reports what it did", async () => {
  await fc.assert(fc.asyncProperty(fc.array(happening, { minLength: 8, maxLength: 18 }), fc.boolean(), live), {
    numRuns: HISTORIES,
    endOnFailure: true,
    interruptAfterTimeLimit: 600_000,
  })
}, 620_000)
