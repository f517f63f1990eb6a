import type { Reference } from "../config/references.ts"

/** For the system prompt: the references that say what they are for. The same ones give the same bytes. */
export function referencesPrompt(references: readonly Reference[]): string[] {
  const told = references.filter(({ description }) => description?.trim())
  if (told.length === 0) return []
  const lines = told.map(({ name, path, description }) => `  ${name}: ${path} - ${description?.trim()}`)
  return [
    [
      "Folders besides the project that you may read in when they help:",
      "<references>",
      ...lines,
      "</references>",
    ].join("\n"),
  ]
}
