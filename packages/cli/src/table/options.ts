import { InvalidArgumentError, type Command } from "commander"

/** What every command takes that works with sessions; the options of the log come with `finish`. */
export const logging = (command: Command): Command =>
  command.option("--trust", "let this project's settings run commands and choose where requests go")

export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw new InvalidArgumentError("It has to be a whole number.")
  return Number(text)
}

/** A limit of nothing would be no limit that anybody means. */
export function positiveNumber(text: string): number {
  const number = wholeNumber(text)
  if (number < 1) throw new InvalidArgumentError("It has to be at least 1.")
  return number
}

export function dollars(text: string): number {
  const amount = Number(text.replace(/^\$/, ""))
  if (!/^\$?\d*\.?\d+$/.test(text) || amount <= 0) {
    throw new InvalidArgumentError("It has to be an amount of US dollars, such as 0.50.")
  }
  return amount
}

const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000 }

/** @returns milliseconds */
export function duration(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(text) ?? []
  const ms = Math.round(Number(digits) * UNITS_MS[(unit || "s") as keyof typeof UNITS_MS])
  if (!(ms > 0)) throw new InvalidArgumentError("It has to be a time: 90 or 90s, 15m, 2h.")
  return ms
}

export function portNumber(text: string): number {
  const port = wholeNumber(text)
  if (port > MAX_PORT) throw new InvalidArgumentError(`It has to be at most ${MAX_PORT}.`)
  return port
}

/** Sixteen bits, by TCP. */
const MAX_PORT = 65_535

export const collect = (value: string, all: string[]): string[] => [...all, value]
