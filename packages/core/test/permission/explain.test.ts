import type { PermissionAction, PermissionRuleset } from "@opencode/protocol/permission.ts"
import fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import { explainAsk, type RuleSection } from "../../src/permission/explain.ts"
import { createGate } from "../../src/permission/gate.ts"
import { openWorld } from "../tool/world.ts"
import { shellCommand } from "./shell-grammar.ts"

/** For whatever a shell is given and whatever the rules are, what is told of a command is what becomes of it. */
let w: Awaited<ReturnType<typeof openWorld>>
beforeAll(async () => {
  w = await openWorld()
})
afterAll(() => w[Symbol.asyncDispose]())

const rules: fc.Arbitrary<PermissionRuleset> = fc.array(
  fc.record({
    permission: fc.constantFrom("bash", "bash", "edit", "read", "external_directory", "control_file", "*"),
    pattern: fc.constantFrom("*", "a *", "b *", "sh *", "?? *", "*c*", "a", "src/*", "*.env", "/*"),
    action: fc.constantFrom<PermissionAction>("allow", "allow", "ask", "deny"),
  }),
  { maxLength: 6 },
)

const section = (source: RuleSection["source"], list: PermissionRuleset): RuleSection => ({
  source,
  what: source,
  rules: list,
})

test("what is explained of a command is what the gate does with it, and answers count alike", async () => {
  await fc.assert(
    fc.asyncProperty(shellCommand, rules, rules, rules, async (command, own, above, given) => {
      const asks = await w.asks("bash", { command })
      const approved = given.map((rule) => ({ ...rule, action: "allow" as const }))
      const told = asks.map((ask) =>
        explainAsk(ask, {
          rulesets: [own],
          sections: [section("config", own)],
          ceiling: section("ceiling", above),
          approvals: [section("saved", approved)],
          home: "/home/u",
        }),
      )
      const asked: string[] = []
      const gate = createGate({
        publish: (_type, properties) => {
          if ("patterns" in properties) asked.push(properties.permission)
        },
        id: () => `per_${asked.length}`,
        home: "/home/u",
        saved: () => approved,
      })
      const outcome = gate.check({
        sessionID: "ses_1",
        asks,
        rulesets: [own],
        ceiling: above,
        signal: AbortSignal.timeout(10_000),
      })
      while (gate.list()[0]) {
        gate.reply(gate.list()[0]?.id ?? "", { reply: "once" })
        await new Promise((resolve) => setImmediate(resolve))
      }
      const isDenied = told.some(({ action }) => action === "deny")
      expect((await outcome).type).toBe(isDenied ? "deny" : "allow")
      const expected = isDenied ? [] : told.filter(({ action }) => action === "ask").map(({ permission }) => permission)
      expect(asked).toEqual(expected)
    }),
    { numRuns: 300 },
  )
})
