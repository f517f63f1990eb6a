/**
 * Parsers that are given one character after the other, as generators: each `yield` asks for the next. They fail with
 * the first character that does not fit, and take no time for what they have seen.
 */
export const END = Symbol("end")
export type Given = string | typeof END

/** Asks for a character with each `yield`. */
export type Parse<T> = Generator<undefined, T, Given>

export class Mismatch extends Error {}
const NO = new Mismatch("not a call")

export function fail(): never {
  throw NO
}

export const isSpace = (given: Given): boolean => given === " " || given === "\n" || given === "\t" || given === "\r"

/** The next character that is not blank; the first may be at hand already. */
export function* afterSpace(first?: Given): Parse<Given> {
  let given = first ?? (yield)
  while (isSpace(given)) given = yield
  return given
}

export function* literal(text: string, first?: Given): Parse<void> {
  for (let at = 0; at < text.length; at++) {
    const given = at === 0 && first !== undefined ? first : yield
    if (given !== text[at]) fail()
  }
}

/** All up to this text, which is taken too. `fits` sees what there is so far, while that is short. */
export function* until(stop: string, first?: Given, fits?: (text: string) => boolean): Parse<string> {
  const characters: string[] = []
  let tail = ""
  let given = first
  for (;;) {
    given ??= yield
    if (given === END) fail()
    characters.push(given as string)
    tail = (tail + (given as string)).slice(-stop.length)
    given = undefined
    if (tail === stop) return characters.join("").slice(0, -stop.length)
    // While it may be the start of what stops it, it is not looked at.
    if (fits && !stop.includes(tail.at(-1) ?? "") && !fits(characters.join(""))) fail()
  }
}

/** An object of JSON, whole. `fits` sees its beginning until it says that it has seen enough. */
export function* object(first: Given, fits: (text: string) => boolean | "enough" = () => "enough"): Parse<string> {
  if (first !== "{") fail()
  const pieces = ["{"]
  let depth = 1
  let isText = false
  let isEscaped = false
  let isSure = fits("{") === "enough"
  while (depth > 0) {
    const given = yield
    if (given === END) fail()
    const character = given as string
    pieces.push(character)
    if (isText) {
      if (isEscaped) isEscaped = false
      else if (character === "\\") isEscaped = true
      else if (character === '"') isText = false
    } else if (character === '"') isText = true
    else if (character === "{" || character === "[") depth++
    else if (character === "}" || character === "]") depth--
    if (isSure) continue
    const seen = fits(pieces.join(""))
    if (seen === false) fail()
    isSure = seen === "enough"
  }
  return pieces.join("")
}
