import { literalWord, tailOf, type ShellWord } from "./shell-words.ts"

/**
 * The values of an option.
 * @param apart the option where its value is the next word
 * @param attached the same where it is in the same word, as the first group
 */
export function optionValues(words: readonly ShellWord[], apart: RegExp | undefined, attached?: RegExp): ShellWord[] {
  return words.flatMap((word, at) => {
    if (apart?.test(words[at - 1]?.value ?? "")) return [word]
    const value = apart?.test(word.value) ? undefined : attached?.exec(word.value)?.[1]
    if (value === undefined) return []
    return [word.isLiteral ? literalWord(value) : tailOf(word, word.value.length - value.length)]
  })
}
