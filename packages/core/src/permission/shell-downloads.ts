import type { Slot } from "./shell-slots.ts"
import { optionValues } from "./shell-options.ts"
import { literalWord, type ShellWord } from "./shell-words.ts"

/** Where curl puts what it loads: `-o name`, or the last part of the address, below `--output-dir`. */
export function downloadSlots(words: readonly ShellWord[]): Slot[] {
  const folder = optionValues(words, /^--output-dir$/, /^--output-dir=(.*)$/s).at(-1)
  const named = optionValues(
    words,
    /^(?:-[fsSLkgijlNnqvRJO#0-9a]*o|--output)$/,
    /^(?:-[fsSLkgijlNnqvRJO#0-9a]*o|--output=)(.+)$/s,
  )
  const isRemote = words.some(({ value }) => /^-[fsSLkgijlNnqvRJ#0-9a]*O|^--remote-name/.test(value))
  const addresses = isRemote ? words.filter(({ value }) => /^[a-z]+:\/\/./i.test(value)) : []
  // The answer of the server, or a file of options, says what is written.
  const isNameless = isRemote && addresses.length === 0
  const isFree =
    isNameless || words.some(({ value }) => /^-[fsSLkgijlNnqvRO#0-9a]*J|^--remote-header|^-K|^--config/.test(value))
  const names = [...named.filter(({ value }) => value !== "-"), ...addresses.map(lastPart)]
  return [
    ...sent(words),
    ...names.map((word): Slot => ({ word: below(folder, word), access: "write" })),
    ...(isFree ? [{ word: folder ?? literalWord("."), access: "fill" as const }] : []),
  ]
}

/** Files that are sent: `-F name=@file;type=…`, `-F name=<file`, `--data-urlencode name@file`. */
function sent(words: readonly ShellWord[]): Slot[] {
  const forms = optionValues(words, /^(?:-F|--form)$/, /^(?:-F|--form=)(.+)$/s)
  const encoded = optionValues(words, /^--data-urlencode$/, /^--data-urlencode=(.+)$/s)
  const names = [
    ...forms.flatMap(({ value }) => /=[@<](.+)$/s.exec(value)?.[1]?.split(/[,;]/)),
    ...encoded.map(({ value }) => /^[^=@]*@(.+)$/s.exec(value)?.[1]),
  ]
  return names.flatMap((name) => (name ? [{ word: literalWord(name), access: "read" }] : []))
}

const below = (folder: ShellWord | undefined, name: ShellWord): ShellWord =>
  folder === undefined || !name.isLiteral
    ? name
    : folder.isLiteral
      ? {
          ...folder,
          value: `${folder.value}/${name.value}`,
          path: `${folder.path}/${name.value}`,
          segments: [{ text: `${folder.value}/${name.value}`, kind: "literal", quoted: true }],
        }
      : folder

/** A question mark in an address is a pattern to the shell, and hardly ever matches. */
function lastPart(word: ShellWord): ShellWord {
  const path = word.value.replace(/[?#].*$/s, "")
  const isKnown = word.segments.every(({ kind }) => kind === "literal" || kind === "glob") && !/[*[{]/.test(path)
  return isKnown ? literalWord(path.slice(path.lastIndexOf("/") + 1) || "curl_response") : word
}
