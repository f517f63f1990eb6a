import type { Access, Grammar } from "./shell-grammars.ts"
import { sedUse } from "./shell-sed.ts"
import { literalWord, type ShellWord } from "./shell-words.ts"

/** Which words of a known program stand where a path does, and what it does with the file. */

/** A word that stands where a path does. */
export interface Slot {
  word: ShellWord
  access: Access
}

/** @returns undefined for a program that is not known */
export function slotsOf(base: string, words: ShellWord[], grammar: Grammar | undefined): Slot[] | undefined {
  const special = Object.hasOwn(SPECIAL, base) ? SPECIAL[base] : undefined
  return special ? special(words) : grammar && bySlots(words, grammar)
}

function bySlots(words: ShellWord[], grammar: Grammar): Slot[] {
  const { skip = 0, reads = "", writes = "", looks = "", values = "", long = {}, operands, hasTarget } = grammar
  const found: Slot[] = []
  const free: ShellWord[] = []
  // A mode or an owner that is taken from another file is not given as a word.
  let left = words.some((word) => word.value.startsWith("--ref")) ? 0 : skip
  let isTargetGiven = false
  let isRest = false
  const accessOf = (letter: string): Access | undefined =>
    reads.includes(letter) ? "read" : writes.includes(letter) ? "write" : looks.includes(letter) ? "look" : undefined
  const take = (word: ShellWord | undefined, access: Access) => {
    if (word) found.push({ word, access })
    if (hasTarget && access === "write") isTargetGiven = true
  }
  for (let at = 0; at < words.length; at++) {
    const word = words[at]
    if (!word) continue
    const option = isRest || word.value === "-" ? undefined : /^-(-)?(.*)$/s.exec(word.lead)
    if (!option) {
      if (left > 0) left--
      else if (word.value !== "-") free.push(word)
    } else if (word.value === "--") isRest = true
    else if (option[1]) {
      const [, name = "", value] = /^--([^=]*)(?:=(.*))?$/s.exec(word.value) ?? []
      // Programs take the beginning of a name for it.
      const known = Object.keys(long).find((key) => name.length > 1 && key.startsWith(name))
      if (known === "file" || known === "from-file" || "expression regexp".split(" ").includes(name)) left = 0
      if (known !== undefined && value === undefined) take(words[++at], long[known] ?? "look")
      // --reference=…, --anything=/…: whatever looks like a path is taken for one.
      else if (value !== undefined && (known !== undefined || /^(?:[~/.]|\w+\/)/.test(value))) {
        take(word.isLiteral ? literalWord(value) : word, (known === undefined ? undefined : long[known]) ?? "look")
      }
    } else {
      const letter = /^-\w$/.test(word.value) ? word.value.charAt(1) : ""
      const attached = word.value.charAt(1)
      const access = accessOf(letter === "" ? attached : letter)
      // The pattern of grep -e comes from the option, so the first operand is a file.
      if (skip > 0 && (letter === "e" || letter === "f")) left = 0
      if (letter !== "" && access) take(words[++at], access)
      else if (letter !== "" && values.includes(letter)) at++
      else if (access && word.value.length > 2) take(literalWord(word.value.slice(2)), access)
      // "-uo file", "-xf file": the last of the letters has the value.
      else if (/^-\w+$/.test(word.value) && accessOf(word.value.at(-1) ?? "") && !values.includes(attached)) {
        take(words[++at], accessOf(word.value.at(-1) ?? "") ?? "look")
      }
    }
  }
  if (operands === "words") return found
  const target = hasTarget && !isTargetGiven && free.length > 1 ? free.pop() : undefined
  const rest = free.map((word): Slot => ({ word, access: operands }))
  return [...found, ...rest, ...(target ? [{ word: target, access: "write" as const }] : [])]
}

/** find: the folders come before the first test. */
function findSlots(words: ShellWord[]): Slot[] {
  const first = words.findIndex((word) => !/^-[HLPO]/.test(word.value) && /^[-(!]/.test(word.lead))
  const roots = (first < 0 ? words : words.slice(0, first)).filter((word) => !word.lead.startsWith("-"))
  const access = words.some((word) => word.value === "-delete") ? "write" : "look"
  return [...slots(roots, access), ...slots(after(words, /^-f(?:print0?|printf|ls)$/), "write")]
}

function sedSlots(words: ShellWord[]): Slot[] {
  const { reads, operands, inPlace, scriptReads, scriptWrites } = sedUse(words)
  return [
    ...slots([...reads, ...scriptReads.map(literalWord)], "read"),
    ...slots(operands, inPlace ? "change" : "read"),
    ...slots(scriptWrites.map(literalWord), "write"),
  ]
}

const ddSlots = (words: ShellWord[]): Slot[] => [
  ...slots(valuesOf(words, /^if=/), "read"),
  ...slots(valuesOf(words, /^of=/), "write"),
]

/** The archive is written or read; what is packed or unpacked is guessed by the look of the words. */
function tarSlots(words: ShellWord[]): Slot[] {
  const packs = words.some((word, at) =>
    /^-?\w*[cru]|^--(?:create|append|update)/.test(at === 0 || word.value.startsWith("-") ? word.value : ""),
  )
  const archives = [...valuesOf(words, /^--file=/), ...after(words, /^(?:-\w*f|--file)$/)]
  const old = /^\w*f\w*$/.test(words[0]?.value ?? "") ? words.slice(1, 2) : []
  const folders = [...valuesOf(words, /^--(?:directory|cd)=/), ...after(words, /^(?:-\w*C|--directory|--cd)$/)]
  return [...slots([...archives, ...old], packs ? "write" : "read"), ...slots(folders, "look")]
}

/** Programs with a grammar of their own. */
const SPECIAL: Readonly<Record<string, (words: ShellWord[]) => Slot[]>> = {
  find: findSlots,
  dd: ddSlots,
  sed: sedSlots,
  gsed: sedSlots,
  tar: tarSlots,
}

const slots = (words: ShellWord[], access: Access): Slot[] => words.map((word) => ({ word, access }))

const after = (words: ShellWord[], option: RegExp) => words.filter((_, at) => option.test(words[at - 1]?.value ?? ""))

const valuesOf = (words: ShellWord[], name: RegExp) =>
  words
    .filter((word) => name.test(word.value))
    .map((word) => {
      const value = word.value.replace(/^[^=]*=/, "")
      // bash expands a tilde in "of=~/x" as it does in an assignment.
      return word.isLiteral
        ? { ...literalWord(value), path: value, tilde: value.startsWith("~") ? "~" : undefined }
        : word
    })
