import { expect, test } from "vitest"
import type { Reference } from "../../src/config/references.ts"
import { mentionsIn, mentionsNote } from "../../src/session/mentions.ts"

const one: Reference = { name: "one", path: "/ref/one", hidden: false, description: "The first." }
const two: Reference = { name: "two.js", path: "/ref/two", hidden: true }
const found = (text: string) => mentionsIn(text, [one, two]).map(({ written, path }) => [written, path])

test.each<[string, [written: string, path: string][]]>([
  ["look at @one", [["@one", "/ref/one"]]],
  ["@one.", [["@one", "/ref/one"]]],
  [
    "(@one, @two.js)",
    [
      ["@one", "/ref/one"],
      ["@two.js", "/ref/two"],
    ],
  ],
  ["@one/src/a.ts?", [["@one/src/a.ts", "/ref/one/src/a.ts"]]],
  ["see @one/src/a.ts.", [["@one/src/a.ts", "/ref/one/src/a.ts"]]],
  [
    "@one/ and @one",
    [
      ["@one/", "/ref/one/"],
      ["@one", "/ref/one"],
    ],
  ],
  ["@one @one", [["@one", "/ref/one"]]],
  ["a@one.com", []],
  ["`@one`", []],
  ["@scope/one", []],
  ["@other", []],
  ["@oneself", []],
  ["@one/../../etc/passwd", []],
  ["@one/../two", []],
  ["", []],
])("%s", (text, mentions) => {
  expect(found(text)).toEqual(mentions)
})

test("the note says where they are, and nothing when none is named", () => {
  expect(mentionsNote(mentionsIn("@one and @one/a.ts", [one]))).toBe(
    '@one is the folder /ref/one, which the user keeps at hand for reference. The first.\n@one/a.ts is /ref/one/a.ts, in the reference "one".',
  )
  expect(mentionsNote([])).toBeUndefined()
})
