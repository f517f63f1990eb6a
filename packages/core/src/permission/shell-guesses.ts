import type { ShellCommand } from "./shell.ts"
import { formsOf, type Variables } from "./shell-expand.ts"
import { plainName } from "./shell-names.ts"
import type { ShellWord } from "./shell-words.ts"
import { HOLE } from "./wildcard.ts"

/** What a command may become whose words are not all known. */

/** More spellings than this of one command are not looked at; it has the holes of its words besides. */
const MAX_GUESSES = 16

/** What is known only when it runs may still be told by the text: `X=rm; $X a`, `{rm,a}`, `X=--force; git push $X`. */
export function guesses({ argv: [name, ...args], text }: ShellCommand, variables: Variables): string[] {
  if (!name) return []
  const spelled = (word: ShellWord, known: string): string[] => {
    const forms = word.isLiteral ? [] : formsOf(word, variables).filter(({ open }) => open === undefined)
    return forms.length > 0 ? forms.map((form) => form.text) : [known]
  }
  let found = spelled(name, plainName(name))
  for (const word of args) {
    const options = spelled(word, word.text)
    if (found.length * options.length > MAX_GUESSES) return []
    found = found.flatMap((before) => options.map((option) => `${before} ${option}`))
  }
  return found.filter((guess) => guess !== text)
}

/** The command with a hole for each word that is known only when it runs, or that it is given besides. */
export function withHoles({ argv, isFed }: ShellCommand): string[] {
  const isKnown = (word: ShellWord) => word.isLiteral && !(isFed && word.value.includes("{}"))
  if (!isFed && argv.every(isKnown)) return []
  const words = argv.map((word, at) => (isKnown(word) ? (at === 0 ? plainName(word) : word.text) : HOLE))
  if (isFed) words.push(HOLE)
  // Some may become no word at all.
  const filled = words.filter((word, at) => word !== HOLE || argv[at]?.splits === false)
  return [words.join(" "), filled.join(" ")]
}
