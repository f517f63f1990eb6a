import { join, relative, sep } from "node:path"
import type { Reference } from "../config/references.ts"

/** Tells the model where the references are that a prompt names. Pure. */
export interface Mention {
  /** As it was written, with the `@`. */
  written: string
  reference: Reference
  /** The reference itself, or the place in it. */
  path: string
}

/** Not inside of a word, as in an address of mail; it ends before what belongs to the sentence. */
const MENTION = /(?<![\w`@./-])@([a-z0-9_][\w.-]*)((?:\/[^\s`'"<>()[\]{},;:!?]*)?)/gi
/** A prompt that names more is a list. */
const MAX_MENTIONS = 50

/** In the order of the text, each once. */
export function mentionsIn(text: string, references: readonly Reference[]): Mention[] {
  if (references.length === 0) return []
  const found = new Map<string, Mention>()
  for (const [, name = "", rest = ""] of text.matchAll(MENTION)) {
    const mention = mentionOf(rest ? name : withoutStop(name), withoutStop(rest), references)
    if (mention && found.size < MAX_MENTIONS) found.set(mention.written, mention)
  }
  return [...found.values()]
}

function mentionOf(name: string, rest: string, references: readonly Reference[]): Mention | undefined {
  const reference = references.find((one) => one.name === name)
  if (!reference) return undefined
  const path = join(reference.path, rest)
  const way = relative(reference.path, path)
  if (way === ".." || way.startsWith(`..${sep}`)) return undefined
  return { written: `@${name}${rest}`, reference, path }
}

const withoutStop = (text: string): string => text.replace(/[.-]+$/, "")

/** For the model, beside the prompt. Undefined when nothing is named. */
export function mentionsNote(mentions: readonly Mention[]): string | undefined {
  if (mentions.length === 0) return undefined
  return mentions
    .map(({ written, reference, path }) =>
      path === reference.path
        ? `${written} is the folder ${path}, which the user keeps at hand for reference.${described(reference)}`
        : `${written} is ${path}, in the reference "${reference.name}".`,
    )
    .join("\n")
}

const described = ({ description }: Reference): string => (description ? ` ${description}` : "")
