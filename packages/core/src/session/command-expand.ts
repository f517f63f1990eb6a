import type { PermissionRuleset } from "@opencode/protocol/permission.ts"
import type { PromptInput } from "@opencode/protocol/message.ts"
import { evaluate } from "../permission/rules.ts"
import { mentionsIn, type MentionDeps, type MentioningText } from "./command-mentions.ts"
import { runShellPiece, type ShellPiece, type TemplateShellDeps } from "./command-shell.ts"
import type { CommandDefinition } from "./command-source.ts"
import { fillTemplate, fillText, type TemplatePiece } from "./command-template.ts"

/** A command and what was typed behind it become the text of a prompt, and what that text names. */
export interface ExpandDeps extends TemplateShellDeps, MentionDeps {
  /** The user's home folder, which rules may name as `~`. */
  home: string
}

export interface Expanding {
  /** What was typed. */
  given: string
  /** Of the agent that is asked. */
  rules: PermissionRuleset
  signal: AbortSignal
}

export interface Expanded {
  text: string
  mentions: PromptInput["parts"]
}

/** @throws the signal's reason */
export async function expandCommand(
  definition: Pick<CommandDefinition, "template" | "isText" | "isForeign" | "isHeld">,
  { given, rules, signal }: Expanding,
  deps: ExpandDeps,
): Promise<Expanded> {
  const { isText = false, isForeign = false, isHeld = false } = definition
  const template = await definition.template()
  const { pieces, parameters } = isText
    ? { pieces: [{ text: fillText(template, given) }], parameters: [] }
    : fillTemplate(template, given)
  const texts: string[] = []
  for (const piece of pieces) texts.push(await textOf(piece, { isHeld, given, parameters, signal }, deps))

  // Not what commands printed: a commit message that names a file must not have it attached.
  const typed: MentioningText = { text: given, mayAttach: () => true, mayName: true }
  const own: MentioningText = { ...typed, text: ownText(pieces), ...(isForeign ? onlyOwn(rules, deps) : {}) }
  const sources = isText ? [typed] : isForeign ? [typed, own] : [own]
  const mentions = await mentionsIn(sources, { ...deps, signal })
  signal.throwIfAborted()
  return { text: texts.join("").trim(), mentions }
}

async function textOf(
  piece: TemplatePiece,
  { isHeld, ...running }: { isHeld: boolean } & Omit<ShellPiece, "command">,
  deps: ExpandDeps,
): Promise<string> {
  if ("text" in piece) return piece.text
  if (isHeld) return `[Not run before this project is trusted: ${piece.written}]`
  return runShellPiece({ ...running, command: piece.shell }, deps)
}

const ownText = (pieces: readonly TemplatePiece[]): string =>
  pieces.map((piece) => ("text" in piece ? piece.text : " ")).join("")

/** An untrusted project may show its own files, as far as its reader may read them without a question. */
const onlyOwn = (rules: PermissionRuleset, { home }: ExpandDeps): Omit<MentioningText, "text"> => ({
  mayAttach: (file) => file.root !== undefined && evaluate("read", file.relative, rules, { home }).action === "allow",
  mayName: false,
})
