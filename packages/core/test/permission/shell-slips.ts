import fc from "fast-check"
import { pick } from "./shell-texts.ts"

/** Slips of the pen: what the parser and the shell make of half a command may differ. */
export const slip = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.integer({ min: 0, max: 2 }),
  put: pick(
    "",
    "'",
    '"',
    "\\",
    "`",
    "$",
    "(",
    ")",
    "{",
    "}",
    ";",
    "&",
    "|",
    "<",
    ">",
    "#",
    "\n",
    " ",
    "\r",
    "!",
    "=",
    "*",
    "~",
    "[",
    "]",
    "$(",
    "<<E\n",
    "\\\n",
    "\u00a0",
    "\f",
    "\v",
    "^",
    "%",
    ",",
    "a",
    "$'",
    ";;",
    "esac ",
    "fi ",
    "}",
    "; b",
    "coproc ",
    "time ",
  ),
})
const REPEATS = /while|until|for |select|coproc|\(\)|function|\.\.|\bh\b|[rR] /

export const withSlips = (text: string, slips: Array<{ at: number; cut: number; put: string }>): string =>
  REPEATS.test(text)
    ? text
    : slips.reduce((it, { at, cut, put }) => {
        const place = Math.floor(at * it.length)
        return it.slice(0, place) + put + it.slice(place + cut)
      }, text)
