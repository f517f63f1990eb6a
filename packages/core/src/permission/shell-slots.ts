import type { Access, Grammar } from "./shell-grammars.ts"
import { awkUse } from "./shell-awk.ts"
import { downloadSlots } from "./shell-downloads.ts"
import { fillsOf, folderOf } from "./shell-fills.ts"
import { gitSlots } from "./shell-git-files.ts"
import { optionValues } from "./shell-options.ts"
import { sedUse } from "./shell-sed.ts"
import { literalWord, tailOf, type ShellWord } from "./shell-words.ts"

/** Which words of a known program stand where a path does, and what it does with the file. */

/** A word that stands where a path does. */
export interface Slot {
  word: ShellWord
  access: Access
  /** If it is a folder, all that is in it. */
  isDeep?: true
}

/** @returns undefined for a program that is not known */
export function slotsOf(base: string, words: ShellWord[], grammar: Grammar | undefined): Slot[] | undefined {
  const special = Object.hasOwn(SPECIAL, base) ? SPECIAL[base] : undefined
  const own = special ? special(words) : grammar && bySlots(words, grammar)
  if (AWK.test(base)) return awkSlots(words, own ?? [])
  const more = [...fillsOf(base, words), ...besides(base, words)]
  return own || more.length > 0 ? [...(own ?? []), ...more] : undefined
}

/** Where it is kept is the system's business; what it does is one of the changes that are asked for apart. */
const CRONTAB = literalWord("/var/spool/cron/crontabs/user")

/** What programs do to files that do not stand where files do in their grammar. */
function besides(base: string, words: ShellWord[]): Slot[] {
  if (base === "curl") return downloadSlots(words)
  if (base === "git") return gitSlots(words)
  if (base === "openssl") return slots(optionValues(words, /^-(?:out|keyout|signature|writerand)$/), "write")
  if (base === "crontab") return words.some(({ value }) => value === "-l") ? [] : slots([CRONTAB], "write")
  if (base === "yq" && words.some(({ value }) => /^-\w*i|^--in-?place/.test(value))) {
    return slots(words.filter(({ lead }) => !lead.startsWith("-")).slice(1), "write")
  }
  if (/^(?:perl|ruby)[\d.]*$/.test(base)) return scriptSlots(words)
  return []
}

function bySlots(words: ShellWord[], grammar: Grammar): Slot[] {
  const { skip = 0, reads = "", writes = "", looks = "", values = "", long = {}, operands, hasTarget } = grammar
  const found: Slot[] = []
  const free: ShellWord[] = []
  // A mode or an owner that is taken from another file is not given as a word.
  const isUnskipped = words.some(({ value }) => value.startsWith("--ref") || grammar.unskipped?.test(value))
  let left = isUnskipped ? 0 : skip
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
      const isPattern = name.length > 2 && ["expression", "regexp"].some((long) => long.startsWith(name))
      if (known === "file" || known === "from-file" || isPattern) left = 0
      if (known !== undefined && value === undefined) take(words[++at], long[known] ?? "look")
      // --reference=…, --anything=/…: whatever looks like a path is taken for one.
      else if (value !== undefined && (known !== undefined || /^(?:[~/.]|\w+\/)/.test(value))) {
        take(word.isLiteral ? literalWord(value) : word, (known === undefined ? undefined : long[known]) ?? "look")
      }
    } else {
      const letter = /^-\w$/.test(word.value) ? word.value.charAt(1) : ""
      const attached = word.value.charAt(1)
      const access = accessOf(letter === "" ? attached : letter)
      // The pattern of grep -e comes from the option, in "-nex" too, so the first operand is a file.
      const first = [...word.value.slice(1)].find((one) => values.includes(one) || accessOf(one))
      if (first === "e" || first === "f" || first === "E") left = 0
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
  const isDeep =
    grammar.isDeep === true ||
    (grammar.isDeep && words.some(({ value }) => grammar.isDeep instanceof RegExp && grammar.isDeep.test(value)))
  const target = hasTarget && !isTargetGiven && free.length > 1 ? free.pop() : undefined
  const rest = free.map((word): Slot => ({ word, access: operands, ...(isDeep && operands !== "read" && { isDeep }) }))
  const written =
    target ?? (isTargetGiven && hasTarget ? found.find(({ access }) => access === "write")?.word : undefined)
  return [
    ...found,
    ...rest,
    ...(target ? [{ word: target, access: "write" as const }] : []),
    // What a copied folder holds arrives under its own names.
    ...(isDeep && operands === "read" && written ? [{ word: written, access: "fill" as const }] : []),
  ]
}

/** find: the folders come before the first test. */
function findSlots(words: ShellWord[]): Slot[] {
  const first = words.findIndex((word) => !/^-[HLPO]/.test(word.value) && /^[-(!]/.test(word.lead))
  const roots = (first < 0 ? words : words.slice(0, first)).filter((word) => !word.lead.startsWith("-"))
  const deletes = words.some((word) => word.value === "-delete")
  const runs = words.some((word) => /^-(?:exec|ok)/.test(word.value))
  const names = deletes || runs ? after(words, /^-i?name$/) : []
  const found = names.flatMap((name) =>
    (roots.length > 0 ? roots : [literalWord(".")]).map((root) => ({
      word: joined(root, name),
      access: deletes ? ("write" as const) : ("read" as const),
    })),
  )
  const below = (roots.length > 0 ? roots : [literalWord(".")]).map((word): Slot => ({ word, access: "fill" }))
  return [
    ...slots(roots, deletes ? "write" : "look"),
    ...(deletes ? below : []),
    ...found,
    ...slots(after(words, /^-f(?:print0?|printf|ls)$/), "write"),
  ]
}

/** Files of this name in a folder: to find the name is quoted, and yet a pattern. */
function joined(root: ShellWord, name: ShellWord): ShellWord {
  const segments = [
    ...root.segments,
    { text: "/", kind: "literal" as const, quoted: true },
    ...name.segments.flatMap((segment) =>
      segment.kind === "literal"
        ? segment.text.split(/([*?[])/).map((text) => ({
            text,
            kind: /^[*?[]$/.test(text) ? ("glob" as const) : ("literal" as const),
            quoted: true,
          }))
        : [segment],
    ),
  ]
  const isLiteral = segments.every(({ kind }) => kind === "literal")
  const value = `${root.value}/${name.value}`
  return { ...root, value, text: value, isLiteral, path: root.path === undefined ? undefined : value, segments }
}

function sedSlots(words: ShellWord[]): Slot[] {
  const { reads, operands, inPlace, suffix, scriptReads, scriptWrites } = sedUse(words)
  return [
    ...(suffix === undefined ? [] : backups(operands, suffix)),
    ...slots([...reads, ...scriptReads.map(literalWord)], "read"),
    ...slots(operands, inPlace ? "change" : "read"),
    ...slots(scriptWrites.map(literalWord), "write"),
  ]
}

/** "f.bak", or with a star in the suffix "bak/f"; what cannot be told fills the folder. */
const backups = (operands: ShellWord[], suffix: string): Slot[] =>
  operands.map((word) =>
    word.isLiteral && !/[*/]/.test(suffix)
      ? { word: suffixed(word, suffix), access: "write" }
      : {
          word: suffix.includes("/") ? literalWord(suffix.slice(0, suffix.lastIndexOf("/"))) : folderOf(word),
          access: "fill",
        },
  )

const suffixed = (word: ShellWord, suffix: string): ShellWord => ({
  ...word,
  value: word.value + suffix,
  path: word.path === undefined ? undefined : word.path + suffix,
  segments: [...word.segments, { text: suffix, kind: "literal", quoted: true }],
})

const AWK = /^(?:[gmn]?awk|original-awk)$/

function awkSlots(words: ShellWord[], own: Slot[]): Slot[] {
  const { writes, reads, inPlace } = awkUse(words)
  const files = inPlace ? own.map(({ word }): Slot => ({ word, access: "change" })) : own
  return [...files, ...slots(writes, "write"), ...slots(reads, "read")]
}

/** perl -i and ruby -i edit their operands. */
function scriptSlots(words: ShellWord[]): Slot[] {
  const option = words.find(({ value }) => /^-[pnlaswWtTuUcvX0-7]*i/.test(value))
  if (!option) return []
  const isGiven = words.some(({ value }) => /^-\w*[eE]/.test(value))
  const operands = words.filter(
    (word, at) => !word.lead.startsWith("-") && !/^-\w*[eEIr]$/.test(words[at - 1]?.value ?? ""),
  )
  const suffix = option.value.replace(/^-\w*?i/, "")
  const files = isGiven ? operands : operands.slice(1)
  return [...slots(files, "change"), ...(/^[.~_-]/.test(suffix) ? backups(files, suffix) : [])]
}

/** Folders are made with -d; otherwise the last is the target. */
const installSlots = (words: ShellWord[]): Slot[] =>
  words.some(({ value }) => /^-\w*d|^--directory$/.test(value))
    ? bySlots(words, { operands: "write", values: "gmoS" })
    : bySlots(words, {
        operands: "read",
        hasTarget: true,
        writes: "t",
        values: "gmoS",
        long: { "target-directory": "write" },
      })

/** Who writes the link writes the file. With one operand alone the link gets its name, and lies here. */
function linkSlots(words: ShellWord[]): Slot[] {
  const found = bySlots(words, {
    operands: "change",
    isDeep: true,
    hasTarget: true,
    writes: "t",
    values: "S",
    long: { "target-directory": "write" },
  })
  const [only, ...more] = found
  if (!only || more.length > 0) return found
  const path = only.word.value.replace(/\/+$/, "")
  return [
    only,
    { word: only.word.isLiteral ? literalWord(path.slice(path.lastIndexOf("/") + 1)) : only.word, access: "write" },
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
  gtar: tarSlots,
  bsdtar: tarSlots,
  install: installSlots,
  ln: linkSlots,
}

const slots = (words: ShellWord[], access: Access): Slot[] => words.map((word) => ({ word, access }))

const after = (words: ShellWord[], option: RegExp) => words.filter((_, at) => option.test(words[at - 1]?.value ?? ""))

const valuesOf = (words: ShellWord[], name: RegExp) =>
  words
    .filter((word) => name.test(word.value))
    .map((word) => {
      const value = word.value.replace(/^[^=]*=/, "")
      if (!word.isLiteral) return tailOf(word, word.value.length - value.length)
      // bash expands a tilde in "of=~/x" as it does in an assignment.
      return { ...literalWord(value), path: value, tilde: value.startsWith("~") ? "~" : undefined }
    })
