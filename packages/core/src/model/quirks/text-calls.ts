import { bare, deepseek, fenced, mistral, pythonTag, tagged } from "./text-call-dialects.ts"
import type { Machine, Offered, TextCall } from "./text-call-dialects.ts"
import { END, Mismatch } from "./text-call-parse.ts"

/**
 * Finds the calls that a small model wrote as text. Only a text that is such calls, or ends with them, counts: what
 * comes before stays text, and a text that is none goes through unchanged, byte for byte. A piece is held back only
 * while it can still become a call.
 */
export interface TextCalls {
  /** @returns what can be given on */
  push(delta: string): string
  /** The text is over. `text`: what was held back, as it was written; the calls it is, if it is any. */
  end(): { text: string; calls: TextCall[] }
}

/** A text that is held longer is given on: no call of a small model is that long, and the reader would see nothing. */
const MAX_HELD = 256 * 1024

export function textCalls(tools: Offered): TextCalls {
  let held = ""
  let machines: Machine[] = []
  let before = ""
  let isBlank = true

  /** What could begin with this character, at this place. */
  function start(character: string): Machine[] {
    const opened =
      character === "{" ? (isBlank ? [bare(tools)] : []) : (OPENERS[character] ?? []).map((open) => open(tools))
    const isInLine = before !== "" && before !== "\n"
    return character === "`" && isInLine ? [] : opened.filter((machine) => goOn(machine, undefined))
  }

  function take(character: string): string {
    if (machines.length) {
      machines = machines.filter((machine) => goOn(machine, character))
      if (machines.length && held.length < MAX_HELD) {
        held += character
        return ""
      }
    }
    // None of what was held is a call, so what looked like the start of one is not: only this character may be.
    const released = held
    held = ""
    if (released) {
      isBlank &&= !released.trim()
      before = released.at(-1) ?? before
    }
    machines = start(character).filter((machine) => goOn(machine, character))
    if (machines.length) {
      held = character
      return released
    }
    isBlank &&= !character.trim()
    before = character
    return released + character
  }

  return {
    push(delta) {
      // Nothing begins here: the usual case costs one look.
      if (!machines.length && !OPENING.test(delta)) {
        isBlank &&= !delta.trim()
        before = delta.at(-1) ?? before
        return delta
      }
      let released = ""
      for (let at = 0; at < delta.length; at++) released += take(delta[at] ?? "")
      return released
    },
    end() {
      const calls = machines.map(ended).find((found) => found.length) ?? []
      const text = held
      held = ""
      machines = []
      return { text, calls }
    },
  }
}

type Open = (tools: Offered) => Machine
const OPENERS: Readonly<Record<string, Open[]>> = {
  "<": [tagged, pythonTag, deepseek("｜"), deepseek("|")],
  "[": [mistral],
  "`": [fenced],
}
const OPENING = /[<[`{]/

/** Gives a machine its next character; the first asks it to begin. @returns whether it can go on */
function goOn(machine: Machine, character: string | undefined): boolean {
  try {
    return machine.next(character ?? "").done === false
  } catch (error) {
    if (error instanceof Mismatch) return false
    throw error
  }
}

function ended(machine: Machine): TextCall[] {
  try {
    const { done, value } = machine.next(END)
    return done ? value : []
  } catch (error) {
    if (error instanceof Mismatch) return []
    throw error
  }
}
