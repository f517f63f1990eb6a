import { optionValues } from "./shell-options.ts"
import type { Slot } from "./shell-slots.ts"
import { literalWord, type ShellWord } from "./shell-words.ts"

/** Which files of the working tree, and which of its own settings, git changes. */
const HERE: Slot = { word: literalWord("."), access: "fill" }

/** Sub-commands that put other contents into the tree, which only the repository knows. */
const FILLING = new Set(
  "checkout switch restore clean apply am stash merge pull rebase cherry-pick revert read-tree checkout-index sparse-checkout submodule bisect format-patch filter-branch subtree svn p4".split(
    " ",
  ),
)

/** What of these leaves the tree alone. */
const HARMLESS: Readonly<Record<string, RegExp>> = {
  clean: /^(?:-\w*n\w*|--dry-run)$/,
  apply: /^--(?:check|stat|numstat|summary|cached)$/,
  stash: /^(?:list|show|drop|clear|create|store|branch)$/,
  submodule: /^(?:status|summary|sync|init)$/,
  bisect: /^(?:log|view|visualize|terms|help)$/,
  "sparse-checkout": /^list$/,
  "format-patch": /^--stdout$/,
  merge: /^--(?:abort|quit)$/,
}

export function gitSlots(words: ShellWord[]): Slot[] {
  let at = 0
  for (; at < words.length && words[at]?.lead.startsWith("-"); at++) {
    if (/^(?:-c|-C|--git-dir|--work-tree|--namespace)$/.test(words[at]?.value ?? "")) at++
  }
  const name = words[at]?.value ?? ""
  const rest = words.slice(at + 1)
  const outputs = optionValues(rest, /^--output$/, /^--output=(.*)$/s)
  return [...outputs.map((word): Slot => ({ word, access: "write" })), ...changes(name, rest)]
}

function changes(name: string, rest: ShellWord[]): Slot[] {
  const has = (option: RegExp) => rest.some(({ value }) => option.test(value))
  const operands = rest.filter((word) => !word.lead.startsWith("-"))
  const written = (words: readonly ShellWord[]) => words.map((word): Slot => ({ word, access: "write", isDeep: true }))
  if (name === "config") return settings(rest, has)
  if (name === "rm" || name === "mv") return has(/^--(?:cached|dry-run)$|^-n$/) ? [] : written(operands)
  if (name === "clone") return operands.length > 1 ? written(operands.slice(1)) : [HERE]
  if (name === "worktree") return operands[0]?.value === "add" ? written(operands.slice(1, 2)) : []
  if (name === "archive") return written(optionValues(rest, /^-o$/, /^-o(.+)$/s))
  if (name === "bundle") return operands[0]?.value === "create" ? written(operands.slice(1, 2)) : []
  if (name === "reset") return has(/^--(?:hard|merge|keep)$/) ? [HERE] : []
  if (!FILLING.has(name) || (Object.hasOwn(HARMLESS, name) && has(HARMLESS[name] ?? /^$/))) return []
  if (name === "restore" && has(/^(?:-S|--staged)$/) && !has(/^-\w*W|^--worktree$/)) return []
  // Behind "--", and always for restore, there are paths and nothing else.
  const cut = rest.findIndex(({ value }) => value === "--")
  const paths = cut >= 0 ? rest.slice(cut + 1) : name === "restore" ? withoutSource(rest) : []
  const isNamed =
    /^(?:checkout|restore|clean)$/.test(name) && paths.length > 0 && paths.every(({ value }) => !value.startsWith(":"))
  return isNamed ? written(paths) : [HERE]
}

const withoutSource = (rest: ShellWord[]) =>
  rest.filter((word, at) => !word.lead.startsWith("-") && !/^(?:-s|--source)$/.test(rest[at - 1]?.value ?? ""))

/** Changing a setting writes a control file: git runs what is in there. */
function settings(rest: ShellWord[], has: (option: RegExp) => boolean): Slot[] {
  const isRead = has(/^--(?:get|get-all|get-regexp|get-urlmatch|get-color|get-colorbool|list)$|^-\w*l$/)
  const operands = rest.filter(
    (word, at) =>
      !word.lead.startsWith("-") && !/^(?:-f|--file|--blob|--type|-t|--default)$/.test(rest[at - 1]?.value ?? ""),
  )
  const isBareRead = operands.length === 1 && !has(/^--(?:unset|unset-all|remove-section|edit|add|replace-all)$|^-e$/)
  if (isRead || isBareRead || /^(?:get|list)$/.test(operands[0]?.value ?? "")) return []
  const given = optionValues(rest, /^(?:-f|--file)$/, /^--file=(.*)$/s)
  const word = has(/^--system$/) ? "/etc/gitconfig" : has(/^--worktree$/) ? ".git/config.worktree" : ".git/config"
  const own = has(/^--global$/)
    ? { ...literalWord("~/.gitconfig"), path: "~/.gitconfig", tilde: "~" }
    : literalWord(word)
  return (given.length > 0 ? given : [own]).map((it) => ({ word: it, access: "write" }))
}
