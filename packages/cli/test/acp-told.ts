import type { Said } from "@opencode/testing/acp-editor.ts"
import type { Installation } from "@opencode/testing/command.ts"

// What an editor was told, and what was put on record of it, as tests look at it.

export const kinds = (updates: { sessionUpdate: string }[]): string[] =>
  updates.map(({ sessionUpdate }) => sessionUpdate)

export const isUpdate =
  (kind: string) =>
  ({ params }: Said): boolean =>
    params?.update?.sessionUpdate === kind

export const positionOf = (said: Said[], fits: (message: Said) => boolean): number => said.findIndex(fits)

/** The text of answers. */
export const textIn = (updates: object[]): string =>
  updates
    .map((update) => update as { sessionUpdate: string; content: { text: string } })
    .flatMap(({ sessionUpdate, content }) => (sessionUpdate === "agent_message_chunk" ? [content.text] : []))
    .join("")

export interface Options {
  configOptions: { id: string; currentValue: string }[]
}

/** What is chosen, by the option's name. */
export const chosenIn = (options: { id: string; currentValue: string }[]): Record<string, string> =>
  Object.fromEntries(options.map(({ id, currentValue }) => [id, currentValue]))

export async function history(at: Installation, id: string): Promise<{ messages: { info: object }[] }> {
  return JSON.parse((await at.run(["export", id])).stdout) as { messages: { info: object }[] }
}
