import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Part } from "@opencode/protocol/part.ts"
import type { Model } from "@opencode/protocol/provider.ts"
import { noTokens } from "@opencode/protocol/tokens.ts"
import { calls, says } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import fc from "fast-check"
import { expect, test } from "vitest"
import { MISSING_BODY } from "../../src/store/part-body.ts"
import { compile } from "../../src/turn/compile.ts"
import { examine } from "../../src/turn/examine.ts"
import { anyHistory, anyModel, TOOLS } from "./history.ts"

const owner = { sessionID: "ses_1" }

function message(role: "user" | "assistant", id: string, parts: object[], more: object = {}): MessageWithParts {
  const info =
    role === "user"
      ? { id, ...owner, role, time: { created: 1 }, agent: "build", model: { providerID: "p", modelID: "m" } }
      : {
          ...{
            id,
            ...owner,
            role,
            time: { created: 1, completed: 2 },
            parentID: "msg_0",
            modelID: "m",
            providerID: "p",
          },
          ...{ mode: "build", agent: "build", path: { cwd: "/", root: "/" }, cost: 0, tokens: noTokens() },
        }
  const owned = parts.map((part, at) => ({ id: `prt_${id}_${at}`, ...owner, messageID: id, ...part }) as Part)
  return { info: { ...info, ...more } as MessageWithParts["info"], parts: owned }
}

const text = (said: string) => ({ type: "text", text: said })
const call = (callID: string, state: object) => ({ type: "tool", callID, tool: "bash", state: { input: {}, ...state } })
const done = { status: "completed", output: "x", title: "", metadata: {}, time: { start: 1, end: 2 } }
const prompt = message("user", "msg_0", [text("go")])
const answer = (...parts: object[]) => message("assistant", "msg_1", parts)

test.each<[string, MessageWithParts[], string[]]>([
  ["a conversation", [prompt, answer(text("yes"), call("a", done))], []],
  [
    "an answer without an end",
    [prompt, message("assistant", "msg_1", [], { time: { created: 1 } })],
    ["unfinished-answer"],
  ],
  [
    "a call that was never answered",
    [prompt, answer(call("a", { status: "pending", raw: "" }))],
    ["call-without-result"],
  ],
  [
    "a call that still seems to run",
    [prompt, answer(call("a", { status: "running", time: { start: 1 } }))],
    ["call-without-result"],
  ],
  ["two calls of one id", [prompt, answer(call("a", done), call("a", done))], ["repeated-call-id"]],
  ["a call with an odd id", [prompt, answer(call("a b/c", done))], ["odd-call-id"]],
  ["a text whose file is gone", [prompt, answer(text(MISSING_BODY))], ["lost-body"]],
  ["a text about texts whose file is gone", [prompt, answer(text(`It says "${MISSING_BODY}".`))], []],
  ["half of a character", [prompt, answer(text("ab\ud83d"))], ["broken-text"]],
  ["an answer before any prompt", [answer(text("hello"))], ["no-prompt-first"]],
  ["a prompt of blanks", [message("user", "msg_0", [text(" ")]), answer(text("yes"))], ["empty-message"]],
  [
    "an answer that failed and said nothing",
    [prompt, message("assistant", "msg_1", [], { error: { name: "APIError", data: {} } })],
    [],
  ],
  ["a part of tomorrow", [prompt, answer(text("yes"), { type: "hologram" })], ["unknown-part"]],
])("%s has the findings %j", (_, history, kinds) => {
  expect(examine(history, { busy: false }).map(({ kind }) => kind)).toEqual(kinds)
})

test("what a running turn has not finished yet is no finding", () => {
  const open = message("assistant", "msg_1", [call("a", { status: "running", time: { start: 1 } })], {
    time: { created: 1 },
  })
  expect(examine([prompt, open], { busy: true })).toEqual([])
})

test("any history can be examined, and the names of calls that are told are those that are sent", () => {
  fc.assert(
    fc.property(anyHistory, anyModel, (history, model) => {
      const told = examine(history, { busy: false })
      const sent = JSON.stringify(compile({ system: [], messages: history, model, tools: TOOLS }).prompt)
      for (const { kind, repair } of told) {
        const name = /^It is sent as (\S+), or/.exec(repair)?.[1]
        if (name === undefined || !model.capabilities.toolcall || isRenaming(model)) continue
        expect(["repeated-call-id", "odd-call-id"]).toContain(kind)
        expect(sent).toContain(`"${name}"`)
      }
    }),
    { numRuns: 300 },
  )
}, 60_000)

/** Mistral wants ids of its own kind. */
const isRenaming = ({ api, id }: Model): boolean => /mistral|codestral/i.test(`${api.npm} ${id} ${api.id}`)

test("examining changes nothing, also of a session that a crash left open", async () => {
  await using w = await world({ permission: "allow", model: [calls("glob", { pattern: "*" }), says("done")] })
  await w.prompt("go")
  const { id } = await w.session()
  const { store } = w.home
  const [first] = (await w.transcript()).filter(({ info }) => info.role === "assistant")
  if (first?.info.role !== "assistant") throw new Error("there is no answer")
  const { completed: _, ...time } = first.info.time
  const open = { ...first.info, time }
  await store.write((tx) => store.messages.put(tx, open))
  const before = JSON.stringify(store.messages.list(id))
  expect(w.engine.examineSession(id)).toMatchObject({
    busy: false,
    messages: 3,
    more: 0,
    findings: [{ kind: "unfinished-answer", messageID: first.info.id }],
  })
  expect(JSON.stringify(store.messages.list(id))).toBe(before)
  expect(() => w.engine.examineSession("ses_none")).toThrow("Session not found")
})
