import type { PermissionRuleset } from "@opencode/protocol/permission.ts"
import type { Folders } from "../config/folders.ts"
import type { InstructionProblem, InstructionsFound } from "../config/instruction-list.ts"
import { createInstructions, type InstructionsInput } from "../config/instructions.ts"
import { createInstructionPages, type InstructionPages } from "../config/instruction-pages.ts"
import type { Home } from "../home.ts"
import { evaluate } from "../permission/rules.ts"
import { relativeName } from "../tool/file-asks.ts"
import type { TurnInstructions } from "../turn/turn.ts"
import type { Workspace } from "../workspace/workspace.ts"
import type { Generation } from "./settings.ts"

/** Who asks what is wrong asks for no request: a page that cannot be had is in the log when a prompt needs it. */
const UNFETCHED: InstructionPages = { get: async () => ({ text: "", cut: false }) }

/** More than a folder ever has; beyond it the log hears things twice. */
const MAX_TOLD = 1_000

export interface OpenInstructions extends TurnInstructions {
  /** What of them is left out as they are now, for whoever asks. */
  problems(): Promise<InstructionProblem[]>
}

/**
 * What a folder and its user tell the model, by the settings of a moment. What is wrong with it goes to the log, once, and
 * never fails a prompt. Pages are kept from one reading of the settings to the next.
 */
export function openInstructions(home: Home, workspace: Workspace): (generation: Generation) => OpenInstructions {
  const { boundary, env, folders, host, log, uid } = home
  const pages = createInstructionPages({ request: home.request, allowHost: home.allowHost, now: host.now })
  const told = new Set<string>()

  async function heard(found: () => Promise<InstructionsFound>): Promise<InstructionsFound["texts"]> {
    try {
      const { texts, problems } = await found()
      for (const { message } of problems) {
        if (told.has(message)) continue
        if (told.size < MAX_TOLD) told.add(message)
        log.warn(message, { kind: "instructions" })
      }
      return texts
    } catch (error) {
      log.error("instructions could not be read", { error })
      return []
    }
  }

  return ({ config, rules }) => {
    const input: InstructionsInput = {
      env,
      folders,
      uid,
      pages,
      directory: workspace.directory,
      worktree: workspace.worktree,
      roots: workspace.roots,
      entries: config.value.instructions ?? [],
      isTrusted: () => home.trusted,
      isWithheld: withheldBy(rules, workspace, folders),
    }
    const instructions = createInstructions(input)
    return {
      read: (sessionID) => boundary.effect(`instructions ${sessionID}`, () => heard(instructions.read), []),
      // Its callers are effects themselves: calls of tools, and files that come with a prompt.
      near: (real, isKnown) => heard(() => instructions.near(real, isKnown)),
      problems: async () => (await createInstructions({ ...input, pages: UNFETCHED }).read()).problems,
    }
  }
}

/** Who is asked about every file has said nothing of these; a rule for some files has, unless a later one allows all. */
function withheldBy(rules: PermissionRuleset, { paths }: Workspace, { home }: Folders): (real: string) => boolean {
  const selective = rules.filter(({ pattern }) => pattern !== "*")
  return (real) =>
    [relativeName(real, paths), real].some((name) => {
      if (evaluate("read", name, rules, { home }).action === "allow") return false
      const { rule } = evaluate("read", name, selective, { home })
      return rule !== undefined && rule.action !== "allow"
    })
}
