import { clip } from "../lib/text.ts"

/** Characters of a title: a line in a list of sessions. */
const TITLE_CHARACTERS = 80

export const defaultTitle = (created: number, isChild: boolean): string =>
  `${isChild ? "Child session" : "New session"} - ${new Date(created).toISOString()}`

export const isDefaultTitle = (title: string): boolean =>
  /^(New session|Child session) - \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(title)

/** The first line of the first prompt that says something. */
export function titleFrom(prompt: string): string | undefined {
  const line = prompt
    .split("\n")
    .map((text) => text.replaceAll(/\s+/g, " ").trim())
    .find((text) => text)
  return line ? clip(line, TITLE_CHARACTERS) : undefined
}
