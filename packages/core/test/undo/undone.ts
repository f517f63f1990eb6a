import type { UndoResult } from "@opencode/protocol/session.ts"
import { calls } from "@opencode/testing/script.ts"
import { world, type World, type WorldOptions } from "@opencode/testing/world.ts"

/** A world in which nothing is asked. */
export const open = (options: WorldOptions) => world({ permission: "allow", ...options })

export const bash = (command: string) => calls("bash", { command })
export const write = (filePath: string, content: string) => calls("write", { filePath, content })

/** Prompts, and gives the id of the prompt. */
export async function prompt(w: World, text = "go"): Promise<string> {
  const answer = await w.prompt(text)
  return answer.info.role === "assistant" ? answer.info.parentID : answer.info.id
}

export async function revert(w: World, messageID: string, partID?: string) {
  const { id } = await w.session()
  return w.engine.undo.revert(id, { messageID, ...(partID === undefined ? {} : { partID }) })
}

export const unrevert = async (w: World) => w.engine.undo.unrevert((await w.session()).id)

export const told = (w: World, undo: UndoResult | undefined) =>
  Object.fromEntries((undo?.files ?? []).map(({ file, status }) => [file.replace(`${w.project}/`, ""), status]))
