import { expect, test } from "vitest"
import { parseChanges } from "../../src/workspace/git-changes.ts"
import { pathGlob } from "../../src/workspace/path-glob.ts"

test.each([
  ["*.ts", "src/a.ts", true],
  ["*.TS", "src/a.ts", true],
  ["*.ts", "src/a.tsx", false],
  ["src/*.ts", "src/a.ts", true],
  ["src/*.ts", "src/x/a.ts", false],
  ["src/**/*.ts", "src/a.ts", true],
  ["src/**/*.ts", "src/x/y/a.ts", true],
  ["./src/*", "src/a.ts", true],
  ["**", "src/a.ts", true],
  ["a?c", "x/abc", true],
  ["a?c", "x/ac", false],
  ["s*", "src/", true],
  ["[id]*", "pages/[id].tsx", true],
  ["[id]*", "pages/i.tsx", false],
  ["?", "ä", true],
  ["**/**/x/**", "a/x", true],
  ["*/x", "a/b/x", false],
])("the glob %s takes %s: %s", (pattern, path, fits) => {
  expect(pathGlob(pattern)(path)).toBe(fits)
})

const RAW = ":100644 100644 1 0 M\0a.txt\0:000000 100644 0 1 A\0n\nl\x001\t2\ta.txt\0-\t-\tn\nl\0"

test("a patch belongs to its file, whatever the lines in it look like", () => {
  const first = "diff --git a/a.txt b/a.txt\n+a\rdiff --git a/x b/x\n+\u2028diff --git a/y b/y\n"
  const second = 'diff --git "a/n\\nl" "b/n\\nl"\n+b\n'
  expect(parseChanges(`${RAW}\0${first}${second}`)).toEqual([
    { file: "a.txt", additions: 1, deletions: 2, status: "modified", patch: first },
    { file: "n\nl", additions: 0, deletions: 0, status: "added", patch: second },
  ])
})

test("a patch that was cut off is left out, and so are all that cannot be told apart", () => {
  const patches = (text: string, isCut?: boolean) =>
    parseChanges(`${RAW}\0${text}`, isCut).map(({ patch }) => patch !== undefined)
  expect(patches("diff --git a\n+a\ndiff --git b\n+", true)).toEqual([true, false])
  expect(patches("diff --git a\n+a\n")).toEqual([false, false])
  expect(patches("")).toEqual([false, false])
})
