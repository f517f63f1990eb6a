import type { Command, Redirect } from "unbash"
import type { ShellAnalysis } from "./shell.ts"
import { shellWord } from "./shell-words.ts"

/** What the shell itself opens, and what it hands to a command as its input. */

/** Standard input that is written out in full: a here-document or here-string without expansions. */
export function inputOf(node: Command): string | undefined {
  const last = node.redirects.findLast((redirect) => redirect.type !== "Redirect" || redirect.operator.startsWith("<"))
  if (last?.type === "HereString" && last.target) {
    const word = shellWord(last.target)
    return word.isLiteral ? word.value : undefined
  }
  if (last?.type !== "HereDoc") return undefined
  const { text, parts } = last.body
  const isLiteral = last.delimiter?.quoted === true || (parts === undefined && !text.includes("\\"))
  return isLiteral ? text : undefined
}

/** Reading or writing these touches no file; a pipe in `/dev/fd/` gets its number when it runs. */
export const STREAMS = /^\/dev\/(?:null|zero|u?random|tty|std(?:in|out|err)|fd\/\d*)$/

export function addRedirect(node: Redirect, found: ShellAnalysis) {
  const { operator } = node
  const word = node.target && shellWord(node.target)
  if (operator.endsWith("&") && word?.isLiteral && /^(?:\d+-?|-)$/.test(word.value)) return
  // A glob may name any file; only the path itself will do.
  const isKnown = word?.path !== undefined && (word.isLiteral || word.path.startsWith("~"))
  if (!isKnown || operator === "<&" || word.value === "") {
    found.problems.push(`a redirect to "${word?.text ?? ""}" is known only when it runs`)
    if (word) found.puzzles.push({ word, access: operator.startsWith("<") ? "read" : "write" })
  } else if (/^\/dev\/(?:tcp|udp)\//.test(word.value)) {
    found.problems.push(`a redirect to ${word.value} opens a network connection`)
  } else if (!STREAMS.test(word.value)) {
    const path = word.path ?? word.value
    if (operator.startsWith("<")) found.redirects.push({ path, access: "read" })
    if (operator !== "<") found.redirects.push({ path, access: "write" })
  }
}
