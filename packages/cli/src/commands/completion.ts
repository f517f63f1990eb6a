import { basename } from "node:path"
import { clip } from "@opencode/core/lib/text.ts"
import type { Command } from "commander"
import { complete, type Candidate } from "../completion/complete.ts"
import { scripts } from "../completion/scripts.ts"
import { out } from "../out.ts"

export function completion(shell: string | undefined): void {
  const wanted = shell ?? basename(process.env.SHELL ?? "")
  out.line(scripts[wanted === "zsh" || wanted === "fish" ? wanted : "bash"])
}

/** A line beside the cursor has room for so much; mostly it is the first sentence. */
const ABOUT_CHARACTERS = 80

const shortened = (about: string): string =>
  clip(about.replaceAll(/\s+/g, " ").split(/(?<=[.:;])\s/)[0] ?? "", ABOUT_CHARACTERS)

/** Answers what a script asks. Whatever goes wrong, nobody wants to read it between their own words. */
export async function printCompletions(program: Command, words: string[]): Promise<void> {
  const wanted = complete(program, words)
  if ("candidates" in wanted) return print(wanted.candidates)
  if (wanted.source === "files" || wanted.source === "folders") return out.line(`:${wanted.source}`)
  const { namesOf } = await import("../completion/names.ts")
  const typed = (words.at(-1) ?? "").slice(wanted.prefix.length)
  const names = await namesOf(wanted.source)
  print(
    names
      .filter(({ value }) => value.startsWith(typed) && PLAIN.test(value))
      .map(({ value, about }) => ({ value: wanted.prefix + value, about })),
  )
}

/**
 * Bash puts a name on the command line as it is, and names of agents and commands are chosen by projects: one that a shell
 * would take for more than a word, or our own command line for an option, is left to be typed.
 */
const PLAIN = /^[\p{L}\p{N}_/.@][\p{L}\p{N}_@%+=:,./-]*$/u

function print(candidates: Candidate[]): void {
  const lines = candidates.map(({ value, about }) => `${value}\t${shortened(about)}`)
  if (lines.length > 0) out.line(lines.join("\n"))
}
