import { stat } from "node:fs/promises"
import { pathToFileURL } from "node:url"
import type { PromptInput } from "@opencode/protocol/message.ts"
import { ToolFailure } from "../lib/fault.ts"
import type { FileRef, Paths } from "../workspace/paths.ts"

/** Files, folders and agents that a text names with `@`. A name that is none of them is text. */
export interface MentionDeps {
  paths: Paths
  agents: { get(name: string): unknown }
  /** Ends a wait for what has to be fetched first. */
  signal?: AbortSignal
}

export interface MentioningText {
  text: string
  /** Whether a file that the text names may be attached. */
  mayAttach(file: FileRef): boolean
  /** Whether an agent that it names is meant: whoever a prompt names may be started by it. */
  mayName: boolean
}

type Mentioned = Extract<PromptInput["parts"][number], { type: "file" | "agent" }>

/** Each is read and stored with the prompt. */
const MAX_MENTIONS = 50
/** Not in an address (`a@b`), a name of a package (`x/@y`), or code. */
const MENTION = /(?<![\w`@/.-])@([^\s`@]+)/g
/** What a sentence puts behind a name. */
const BEHIND = /[.,;:!?)\]}'"]+$/

export async function mentionsIn(texts: readonly MentioningText[], deps: MentionDeps): Promise<Mentioned[]> {
  const parts = new Map<string, Mentioned>()
  for (const source of texts) {
    for (const [, written = ""] of source.text.matchAll(MENTION)) {
      if (parts.size === MAX_MENTIONS) return [...parts.values()]
      // The longest name that there is: a file may well end with a bracket.
      for (const name of new Set([written, written.replace(BEHIND, "")])) {
        const part = await mentioned(name, source, deps)
        if (!part) continue
        parts.set(part.type === "file" ? part.url : `@${part.name}`, part)
        break
      }
    }
  }
  return [...parts.values()]
}

async function mentioned(
  name: string,
  { mayAttach, mayName }: MentioningText,
  { paths, agents, signal }: MentionDeps,
): Promise<Mentioned | undefined> {
  if (!name) return undefined
  const file = await paths.resolve(name, { signal }).catch((error: unknown) => {
    if (error instanceof ToolFailure) return undefined // no path that may be one
    throw error
  })
  const found = file && (await stat(file.real).catch(() => undefined))
  if (file && found && (found.isFile() || found.isDirectory())) {
    if (!mayAttach(file)) return undefined
    const mime = found.isDirectory() ? "application/x-directory" : "text/plain"
    return { type: "file", mime, filename: name, url: pathToFileURL(file.absolute).href }
  }
  return mayName && agents.get(name) ? { type: "agent", name } : undefined
}
