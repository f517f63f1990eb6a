import type { PermissionConfig } from "@opencode/protocol/permission.ts"
import fc from "fast-check"
import { expect, test } from "vitest"
import { mergePermission } from "../../src/config/merge-permission.ts"
import { evaluate, rulesFromConfig } from "../../src/permission/rules.ts"

const table: [string, PermissionConfig, PermissionConfig, PermissionConfig][] = [
  ["a later key moves to the end", { bash: "ask", edit: "deny" }, { bash: "allow" }, { edit: "deny", bash: "allow" }],
  ["a bare action ends everything", { bash: "ask" }, "deny", { bash: "ask", "*": "deny" }],
  [
    "patterns come together",
    { bash: "deny" },
    { bash: { "git *": "allow" } },
    { bash: { "*": "deny", "git *": "allow" } },
  ],
  [
    "what a wildcard said in between is not undone",
    { bash: "allow", "*": "ask" },
    { bash: { "git *": "allow" } },
    { "*": "ask", bash: { "*": "ask", "git *": "allow" } },
  ],
  [
    "a later wildcard reaches named keys",
    { "m_*": "allow", m_x: "allow" },
    { "m_*": "deny" },
    { "m_*": "deny", m_x: "deny" },
  ],
  ["names of one permission", { write: "deny" }, { edit: { a: "allow" } }, { edit: { "*": "deny", a: "allow" } }],
]
test.each(table)("%s", (_name, below, above, merged) => {
  const result = mergePermission(below, above)
  expect(JSON.stringify(result)).toBe(JSON.stringify(merged))
})

test("the result answers as both lists of rules, one after the other, do", () => {
  const action = fc.constantFrom("allow", "ask", "deny")
  const patterns = fc.uniqueArray(fc.tuple(fc.constantFrom("*", "git *", "git", "ls"), action), {
    selector: ([p]) => p,
  })
  const value = fc.oneof(
    action,
    patterns.map((entries) => Object.fromEntries(entries)),
  )
  // Of these keys each contains the other or has nothing in common with it.
  const keys = fc.uniqueArray(fc.tuple(fc.constantFrom("*", "bash", "edit", "write", "m_*", "m_a"), value), {
    selector: ([k]) => k,
  })
  const config = fc.oneof(
    action,
    keys.map((entries) => Object.fromEntries(entries)),
  ) as fc.Arbitrary<PermissionConfig>
  fc.assert(
    fc.property(config, config, config, (a, b, c) => {
      const merged = rulesFromConfig(mergePermission(mergePermission(a, b), c))
      const chained = [a, b, c].flatMap(rulesFromConfig)
      for (const permission of ["bash", "edit", "m_a", "m_b", "other"]) {
        for (const pattern of ["git", "git x", "ls", "z"]) {
          const expected = evaluate(permission, pattern, chained, { home: "/h" }).action
          expect(evaluate(permission, pattern, merged, { home: "/h" }).action).toBe(expected)
        }
      }
    }),
    { numRuns: 2000 },
  )
})
