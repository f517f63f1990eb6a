import { SYSTEM_FOLDER } from "./shell-names.ts"

/**
 * What is too long or too deep to be analysed is asked about, and rules that deny still count: for these the text is
 * cut wherever a command could begin. Never used to allow anything.
 */

/**
 * Linux gives a program no longer argument than this, so no shell could be started with a longer text.
 * Below it the work is bounded by the other limits.
 */
export const MAX_LENGTH = 131_071
/** Parentheses and braces that are open at the same time; the parser reads the rest anew for each. */
export const MAX_NESTING = 100
/** More simple commands than anybody reads before allowing them. */
export const MAX_COMMANDS = 1_000
/** The same for their words: no program is called with this many by hand. */
export const MAX_WORDS = 5_000

/** Rules look at what a command begins with. */
const MAX_PIECE = 1_000
const MAX_PIECES = 20_000

export function isTooDeep(text: string): boolean {
  let open = 0
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === "(" || char === "{") {
      if (++open > MAX_NESTING) return true
    } else if ((char === ")" || char === "}") && open > 0) open--
  }
  return false
}

/** `sudo -n env rm`: how many words a command may stand behind. */
const MAX_BEFORE = 4

/** Everything that may be a command, without quotes, and with what may stand before it or not. */
export function roughCommands(text: string): string[] {
  const found = new Set<string>()
  for (const piece of text.replace(/\\\n|['"\\]/g, "").split(/[;&|\n(){}`]+/)) {
    let rest = piece.slice(0, MAX_PIECE).trim().replace(/\s+/g, " ")
    for (let at = 0; at <= MAX_BEFORE && rest !== "" && found.size < MAX_PIECES; at++) {
      found.add(rest.replace(SYSTEM_FOLDER, ""))
      const blank = rest.indexOf(" ")
      rest = blank < 0 ? "" : rest.slice(blank + 1)
    }
  }
  return [...found]
}
