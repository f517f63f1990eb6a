import { expect, test } from "vitest"
import { runTexts } from "../../src/config/run-files.ts"

/** A line for a shell, and the texts in which files that it may run are looked for. */
const LINES: [string, string[]][] = [
  ["cat TODO.md", []],
  ["touch made && git status --short | head -5", []],
  ["mkdir -p out; cp a.md out/ 2>/dev/null; rm -f old.md > log.txt", []],
  ["git log --oneline -5 -- src/a.ts", []],
  ["./scripts/x.sh", ["./scripts/x.sh"]],
  ["./cp a b", ["./cp a b"]],
  ["bash x.sh TODO.md", ["bash x.sh TODO.md"]],
  ["node x.js >out.txt 2>&1", ["node x.js   2>&1"]],
  ["bash <x.sh >y.sh", ["bash <x.sh  "]],
  ["cat x.sh | bash", ["cat x.sh | bash"]],
  ["$(cat x.sh)", ["$(cat x.sh)"]],
  ["bash -c 'a >x.sh; ./x.sh'", ["bash -c 'a  ; ./x.sh'"]],
  ["bash >x.sh <x.sh", ["bash >x.sh <x.sh"]],
  ["find . -name a.sh -exec sh {} +", ["find . -name a.sh -exec sh {} +"]],
  ["git -c core.pager=./x.sh log", ["git -c core.pager=./x.sh log"]],
  ["env BASH_ENV=./x.sh cat a", ["env BASH_ENV=./x.sh cat a"]],
  [". x.sh", [". x.sh"]],
  ["unclosed 'x.sh", ["unclosed 'x.sh"]],
  ["make test", ["make test", "Makefile", "makefile", "GNUmakefile"]],
  ["sudo make", ["sudo make", "Makefile", "makefile", "GNUmakefile"]],
]
test.each(LINES)("%s", async (line, texts) => {
  expect(await runTexts(line)).toEqual(texts)
})
