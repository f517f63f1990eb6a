import { expect, test } from "vitest"
import { defaultTitle, isDefaultTitle, titleFrom } from "../../src/session/title.ts"

test.each([
  ["fix it", "fix it"],
  ["\n \n\t fix   the\tlogin \nplease", "fix the login"],
  ["", undefined],
  [" \n\t\n", undefined],
  ["x".repeat(80), "x".repeat(80)],
  ["x".repeat(81), `${"x".repeat(79)}…`],
  ["\u00a0nbsp\u00a0", "nbsp"],
  ["crlf\r\nnext", "crlf"],
])("the title of %j", (prompt, title) => {
  expect(titleFrom(prompt)).toBe(title)
})

test("a title does not end in half a character", () => {
  for (let length = 70; length < 85; length++) {
    expect(titleFrom(`${"x".repeat(length)}🙂🙂🙂🙂🙂🙂🙂🙂🙂`)).not.toMatch(/\p{Surrogate}/u)
  }
})

test("a title that nobody chose is known as such", () => {
  expect(isDefaultTitle(defaultTitle(0, false))).toBe(true)
  expect(isDefaultTitle(defaultTitle(Date.now(), true))).toBe(true)
  expect(isDefaultTitle("New session")).toBe(false)
  expect(isDefaultTitle(`${defaultTitle(0, false)} and more`)).toBe(false)
  expect(isDefaultTitle(`my ${defaultTitle(0, false)}`)).toBe(false)
})
