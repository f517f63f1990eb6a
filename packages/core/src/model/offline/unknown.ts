import { nearNames } from "../../lib/text.ts"
import { quoted } from "./prose.ts"

/** What is said of a request that is not understood: which words, and the nearest thing that can be done. */

/** Examples, each with the words that people use for such things. */
const NEAREST: readonly [example: string, words: string][] = [
  ["list the files in src", "list files folder directory folders ls contents browse enumerate"],
  ["show a folder tree", "tree structure layout hierarchy overview architecture"],
  ["find files named *.test.ts", "find locate named called glob where"],
  [
    'search for "TODO" in all ts files',
    "search grep look occurrences containing contains mentions usage uses used references",
  ],
  [
    "where is createServer defined",
    "defined definition declared implemented function class explain how works why what",
  ],
  ["show lines 1-40 of package.json", "show read open print display cat lines view head tail understand"],
  [
    "outline src/index.ts",
    "outline symbols functions methods headings summary summarise summarize document describe review analyse analyze",
  ],
  ["count lines of README.md", "count number many lines long length statistics measure"],
  ["compare a.txt and b.txt", "compare difference differences diff same merge"],
  [
    'replace "foo" with "bar" in all ts files',
    "replace change substitute swap fix edit update modify convert correct improve",
  ],
  ["rename oldName to newName in src", "rename refactor name identifier variable symbol restructure clean extract"],
  ["move a.ts to lib", "move relocate transfer copy duplicate"],
  ["delete notes.txt", "delete remove erase drop clear purge rid everything"],
  ["make a folder docs", "folder mkdir directory"],
  ["create notes.txt with hello", "create write generate add make new implement build scaffold compose poem story"],
  ["run npm test", "run execute start launch command deploy install test tests build lint debug profile"],
  ["what changed", "changed changes diff status git commit"],
  ["plan: list the files, then run the tests", "plan todo todos steps organise organize schedule"],
]

const COMMON =
  "a an the and or then of in on at to for from with by into is are was be do does did it its this that these those all any some every each " +
  "i you we me my our your can could would should will please not no without except if as file files folder code line lines word text"
/** Words that are named: more are no help. */
const MAX_WORDS = 6

export function notUnderstood(text: string): string {
  const words = [...new Set(text.toLowerCase().match(/[\p{L}][\p{L}'-]*/gu) ?? [])].slice(0, 60)
  const known = new Set([...COMMON.split(" "), ...NEAREST.flatMap(([, list]) => list.split(" "))])
  const strange = words.filter((word) => !known.has(word))
  const scored = NEAREST.map(([example, list]) => ({ example, score: scoreOf(words, list.split(" ")) }))
  const best = scored.reduce((top, next) => (next.score > top.score ? next : top))
  const named = strange.slice(0, MAX_WORDS).map(quoted).join(", ") + (strange.length > MAX_WORDS ? ", …" : "")
  const why = strange.length
    ? `Words I do not know: ${named}.`
    : words.length
      ? "I know the words, but not what they mean together."
      : "There are no words in it that I know."
  return best.score > 0 ? `${why} The nearest I can do is like this: ${quoted(best.example)}` : why
}

/** The first words of a request say most. A near miss in spelling counts half. */
function scoreOf(words: readonly string[], list: readonly string[]): number {
  return words.reduce((sum, word, index) => {
    const weight = index === 0 ? 3 : 1
    if (list.includes(word)) return sum + weight
    return (
      sum +
      (word.length > 3 && nearNames(word, list).some((near) => near.length > 3 && near.slice(0, 2) === word.slice(0, 2))
        ? weight / 2
        : 0)
    )
  }, 0)
}
