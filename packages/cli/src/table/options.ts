import { InvalidArgumentError, type Command } from "commander"

/** What every command takes that works with sessions; the options of the log come with `finish`. */
export const logging = (command: Command): Command =>
  command.option("--trust", "let this project's settings run commands and choose where requests go")

export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It has to be a whole number.")
  return Number(text)
}

export function portNumber(text: string): number {
  const port = wholeNumber(text)
  if (port > MAX_PORT) throw new InvalidArgumentError(`It has to be at most ${MAX_PORT}.`)
  return port
}

/** Sixteen bits, by TCP. */
const MAX_PORT = 65_535

export const collect = (value: string, all: string[]): string[] => [...all, value]
