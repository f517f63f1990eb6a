import { Config } from "@opencode/protocol/config.ts"
import fc from "fast-check"
import { expect, test } from "vitest"
import { translate } from "../../src/config/translate.ts"
import { validate } from "../../src/config/validate.ts"

/** Values shaped like a configuration often enough to reach its inside. */
const anything = fc.letrec((tie) => ({
  leaf: fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.constantFrom("local", "remote", "allow", "primary", "auto", true, 3),
  ),
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie("leaf"),
    fc.array(tie("node"), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(
        ...Object.keys(Config().shape),
        ...[
          "type",
          "command",
          "url",
          "enabled",
          "options",
          "models",
          "cost",
          "limit",
          "steps",
          "color",
          "x",
          "servers",
        ],
      ),
      tie("node"),
      { maxKeys: 5 },
    ),
  ),
})).node

test("whatever was written becomes a valid configuration, and a valid one stays as it is", () => {
  fc.assert(
    fc.property(anything, (written) => {
      const { value } = validate(translate(written).value)
      expect(Config().safeParse(value).success).toBe(true)
      const again = validate(value)
      expect(again.value).toEqual(value)
      // A rule for a permission with a strange name stays, and is wondered about each time.
      expect(again.issues.filter(({ severity }) => severity === "error")).toEqual([])
    }),
    { numRuns: 1000 },
  )
})
