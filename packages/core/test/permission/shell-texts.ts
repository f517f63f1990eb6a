import fc from "fast-check"

/** How random texts are put together from others. */

/** A statement, its pipeline, its command and its word are four: commands in commands in commands. */
const MAX_DEPTH = 11

export const pick = (...texts: string[]) => fc.constantFrom(...texts)
export const cat = (...parts: Array<string | fc.Arbitrary<string>>): fc.Arbitrary<string> =>
  fc.tuple(...parts.map((part) => (typeof part === "string" ? fc.constant(part) : part))).map((it) => it.join(""))
export const maybe = (part: fc.Arbitrary<string>, weight = 1): fc.Arbitrary<string> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant("") }, { weight, arbitrary: part })
export const oneof = (...options: Array<[number, fc.Arbitrary<string>]>) =>
  fc.oneof(
    { maxDepth: MAX_DEPTH, depthIdentifier: "shell" },
    ...options.map(([weight, arbitrary]) => ({ weight, arbitrary })),
  )
/** The same for what holds nothing of its own kind. */
export const leaf = (...options: Array<[number, fc.Arbitrary<string>]>) =>
  fc.oneof(...options.map(([weight, arbitrary]) => ({ weight, arbitrary })))
export const list = (part: fc.Arbitrary<string>, maxLength: number, glue = " ") =>
  fc.array(part, { maxLength, depthIdentifier: "shell" }).map((it) => it.join(glue))
