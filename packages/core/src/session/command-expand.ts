import type { PermissionRuleset } from "@opencode/protocol/permission.ts"
import type { PromptInput } from "@opencode/protocol/message.ts"
import { evaluate } from "../permission/rules.ts"
import type { FileRef } from "../workspace/paths.ts"
import { mentionsIn, type MentionDeps, type MentioningText } from "./command-mentions.ts"
import { runShellPiece, type TemplateShellDeps } from "./command-shell.ts"
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
  { template, reach }: Pick<CommandDefinition, "template" | "reach">,
  { given, rules, signal }: Expanding,
  deps: ExpandDeps,
): Promise<Expanded> {
  const { pieces, parameters } =
    reach === "text" ? { pieces: [{ text: fillText(template, given) }], parameters: [] } : fillTemplate(template, given)
  const texts: string[] = []
  for (const piece of pieces) texts.push(await textOf(piece, { reach, given, parameters, signal }, deps))

  // Not what commands printed: a commit message that names a file must not have it attached.
  const typed: MentioningText = { text: given, mayAttach: () => true, mayName: true }
  const own: MentioningText = { text: ownText(pieces), ...attachable(reach, rules, deps) }
  const sources = { all: [own], project: [typed, own], text: [typed] }[reach]
  const mentions = await mentionsIn(sources, deps)
  return { text: texts.join("").trim(), mentions }
}

async function textOf(
  piece: TemplatePiece,
  { reach, ...running }: Pick<CommandDefinition, "reach"> & Omit<Parameters<typeof runShellPiece>[0], "command">,
  deps: ExpandDeps,
): Promise<string> {
  if ("text" in piece) return piece.text
  if (reach === "project") return `[Not run before this project is trusted: ${piece.written}]`
  return runShellPiece({ ...running, command: piece.shell }, deps)
}

const ownText = (pieces: readonly TemplatePiece[]): string =>
  pieces.map((piece) => ("text" in piece ? piece.text : " ")).join("")

/** An untrusted project may show its own files, as far as its reader may read them without a question. */
function attachable(
  reach: CommandDefinition["reach"],
  rules: PermissionRuleset,
  { home }: ExpandDeps,
): Omit<MentioningText, "text"> {
  const isOwn = (file: FileRef): boolean =>
    file.root !== undefined && evaluate("read", file.relative, rules, { home }).action === "allow"
  return reach === "all" ? { mayAttach: () => true, mayName: true } : { mayAttach: isOwn, mayName: false }
}
