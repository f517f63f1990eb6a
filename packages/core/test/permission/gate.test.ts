import type { Ask } from "@opencode/core/permission/ask.ts"
import { expect, test } from "vitest"
import type { PermissionRuleset } from "@opencode/protocol/permission.ts"
import { createGate, type PermissionCheck } from "@opencode/core/permission/gate.ts"
import { rulesFromConfig } from "@opencode/core/permission/rules.ts"

function opened() {
  const events: Array<[string, Record<string, unknown>]> = []
  let count = 0
  const gate = createGate({
    publish: (type, properties) => void events.push([type, properties]),
    id: () => `per_${++count}`,
    home: "/home/u",
  })
  const check = (asks: Ask[], more: Partial<PermissionCheck> = {}) =>
    gate.check({ sessionID: "ses_a", asks, rulesets: [], signal: new AbortController().signal, ...more })
  const replies = () =>
    events.filter(([type]) => type === "permission.replied").map(([, it]) => [it["requestID"], it["reply"]])
  return { gate, check, events, replies }
}

const bash = (command: string, always = [`${command.split(" ")[0]} *`]): Ask => ({
  permission: "bash",
  patterns: [command],
  always,
  metadata: { command },
})
const allow: PermissionRuleset = rulesFromConfig("allow")

test("what the rules allow is not asked, and what they deny is not asked either", async () => {
  const { check, events } = opened()
  expect(await check([bash("ls")], { rulesets: [allow] })).toEqual({ type: "allow" })
  const denied = await check([bash("ls"), bash("rm x")], { rulesets: [rulesFromConfig({ bash: { "rm *": "deny" } })] })
  expect(denied).toMatchObject({
    type: "deny",
    message: expect.stringContaining("The user has specified a rule which prevents you"),
  })
  expect(events).toEqual([])
})

test("a question has the shape of the wire and is answered once", async () => {
  const { gate, check, events } = opened()
  const outcome = check([bash("ls -la")], { tool: { messageID: "msg_1", callID: "call_1" } })
  expect(gate.list()).toEqual([
    {
      id: "per_1",
      sessionID: "ses_a",
      permission: "bash",
      patterns: ["ls -la"],
      metadata: { command: "ls -la" },
      always: ["ls *"],
      tool: { messageID: "msg_1", callID: "call_1" },
    },
  ])
  gate.reply("per_1", { reply: "once" })
  expect(await outcome).toEqual({ type: "allow" })
  expect(() => gate.reply("per_1", { reply: "once" })).toThrow(
    expect.objectContaining({ code: "permission_not_found" }),
  )
  expect(events.map(([type]) => type)).toEqual(["permission.asked", "permission.replied"])
  expect(events[1]?.[1]).toEqual({ sessionID: "ses_a", requestID: "per_1", reply: "once" })
  expect(gate.list()).toEqual([])
})

test("a reply through another session changes nothing", async () => {
  const { gate, check } = opened()
  const outcome = check([bash("ls")])
  expect(() => gate.reply("per_1", { reply: "once" }, "ses_b")).toThrow(
    expect.objectContaining({ code: "permission_not_found" }),
  )
  expect(gate.list()).toHaveLength(1)
  gate.reply("per_1", { reply: "once" }, "ses_a")
  expect(await outcome).toEqual({ type: "allow" })
})

test("several asks are put one after the other, in order", async () => {
  const { gate, check } = opened()
  const outcome = check([bash("one"), bash("two")])
  expect(gate.list().map((it) => it.patterns)).toEqual([["one"]])
  gate.reply("per_1", { reply: "once" })
  await Promise.resolve().then(() => {})
  expect(gate.list().map((it) => it.patterns)).toEqual([["two"]])
  gate.reply("per_2", { reply: "reject", message: "not that" })
  expect(await outcome).toEqual({ type: "reject", message: "not that" })
})

test("always is remembered, and settles what waits and now matches", async () => {
  const { gate, check, replies } = opened()
  const first = check([bash("git status")])
  const second = check([bash("git log")], { sessionID: "ses_b" })
  const other = check([bash("npm test")], { sessionID: "ses_b" })
  gate.reply("per_1", { reply: "always" })
  expect(await first).toEqual({ type: "allow" })
  expect(await second).toEqual({ type: "allow" })
  expect(gate.list().map((it) => it.id)).toEqual(["per_3"])
  expect(gate.approved()).toEqual([{ permission: "bash", pattern: "git *", action: "allow" }])
  expect(await check([bash("git diff")])).toEqual({ type: "allow" })
  expect(replies()).toEqual([
    ["per_1", "always"],
    ["per_2", "always"],
  ])
  gate.reply("per_3", { reply: "once" })
  await other
})

test("always overrides no denial and no ceiling", async () => {
  const { gate, check } = opened()
  const first = check([{ permission: "edit", patterns: ["a"], always: ["*"], metadata: {} }])
  gate.reply("per_1", { reply: "always" })
  await first
  const edit: Ask = { permission: "edit", patterns: ["b"], always: ["*"], metadata: {} }
  const deny = rulesFromConfig({ edit: "deny" })
  expect((await check([edit])).type).toBe("allow")
  expect((await check([edit], { rulesets: [deny] })).type).toBe("deny")
  expect((await check([edit], { rulesets: [allow], ceiling: deny })).type).toBe("deny")
})

test("a plain no rejects what its session asked besides, and nothing of others", async () => {
  const { gate, check, replies } = opened()
  const first = check([bash("one")])
  const second = check([bash("two")])
  const other = check([bash("three")], { sessionID: "ses_b" })
  gate.reply("per_1", { reply: "reject" })
  expect(await Promise.all([first, second])).toEqual([{ type: "reject" }, { type: "reject" }])
  expect(gate.list().map((it) => it.id)).toEqual(["per_3"])
  gate.close()
  expect(await other).toEqual({ type: "reject" })
  expect(replies()).toEqual([
    ["per_1", "reject"],
    ["per_2", "reject"],
    ["per_3", "reject"],
  ])
})

test("a no with a message is about one question only", async () => {
  const { gate, check } = opened()
  const first = check([bash("one")])
  void check([bash("two")])
  gate.reply("per_1", { reply: "reject", message: "use two" })
  expect(await first).toEqual({ type: "reject", message: "use two" })
  expect(gate.list().map((it) => it.id)).toEqual(["per_2"])
})

test("an abort takes the question back; a late reply finds nothing", async () => {
  const { gate, check, replies } = opened()
  const abort = new AbortController()
  const outcome = check([bash("ls"), bash("two")], { signal: abort.signal })
  abort.abort()
  expect(await outcome).toEqual({ type: "reject" })
  expect(replies()).toEqual([["per_1", "reject"]])
  expect(() => gate.reply("per_1", { reply: "always" })).toThrow(
    expect.objectContaining({ code: "permission_not_found" }),
  )
  expect(gate.approved()).toEqual([])
  expect(await check([bash("ls")], { signal: abort.signal })).toEqual({ type: "reject" })
  expect(gate.list()).toEqual([])
})
