import { SKIPPED_ELEMENTS, textOfHtml } from "./page-text.ts"

/** More than any article. The tree that is built of it takes many times its size. */
export const MAX_HTML_CHARACTERS = 1024 * 1024
/** It blocks the process meanwhile. An article takes a tenth of it; what takes longer is built to. */
const DEADLINE_MS = 1_000

/**
 * HTML as Markdown. The conversion runs as a script of its own, which can be interrupted; a page that takes too long,
 * or is nested so deep that it cannot be converted, is given as plain text.
 */
export async function markdownOf(html: string): Promise<string> {
  const [{ default: Turndown }, { Script, createContext }] = await Promise.all([import("turndown"), import("node:vm")])
  const turndown = new Turndown({ headingStyle: "atx", codeBlockStyle: "fenced", bulletListMarker: "-", hr: "---" })
  turndown.remove(SKIPPED_ELEMENTS)
  const scope = { convert: () => turndown.turndown(html.slice(0, MAX_HTML_CHARACTERS)), markdown: "" }
  try {
    new Script("markdown = convert()").runInContext(createContext(scope), { timeout: DEADLINE_MS })
    return scope.markdown
  } catch {
    // Whatever it is, the page is the reason: the converter has no other input.
    return textOfHtml(html.slice(0, MAX_HTML_CHARACTERS))
  }
}
