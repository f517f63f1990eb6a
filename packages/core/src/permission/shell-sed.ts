import type { ShellWord } from "./shell-words.ts"

/** What a call of sed reads, writes and runs besides printing: its scripts are read as sed reads them. */
export interface SedUse {
  reads: ShellWord[]
  writes: ShellWord[]
  /** The files that are edited, or only read. */
  operands: ShellWord[]
  inPlace: boolean
  /** What is put behind the name of the copy that it keeps of an edited file. */
  suffix: string | undefined
  /** Names in its scripts. */
  scriptReads: string[]
  scriptWrites: string[]
  /** Why it is not certain that no script runs a command. */
  problem: string | undefined
}

/** Nobody lists more letters. */
const MAX_BRACKETS = 200
/** Longer scripts are programs, and nobody has read them. */
const MAX_SCRIPT = 10_000

export function sedUse(args: readonly ShellWord[]): SedUse {
  const use: SedUse = {
    reads: [],
    writes: [],
    operands: [],
    inPlace: false,
    suffix: undefined,
    scriptReads: [],
    scriptWrites: [],
    problem: undefined,
  }
  const scripts: ShellWord[] = []
  const free: ShellWord[] = []
  let isScripted = false
  for (let at = 0; at < args.length; at++) {
    const word = args[at]
    if (!word) continue
    const long = /^--([a-z-]+)(?:=(.*))?$/s.exec(word.value)
    const short = /^-([nErsuzilb]*)([ef])(.*)$/s.exec(word.value)
    if (word.value === "--") {
      free.push(...args.slice(at + 1))
      break
    }
    if (long) {
      const name = long[1] ?? ""
      if ("in-place".startsWith(name)) {
        use.inPlace = true
        use.suffix = long[2]
      }
      const isScript = "expression".startsWith(name)
      if (!isScript && !("file".startsWith(name) && name.length > 1)) continue
      isScripted = true
      const value =
        long[2] === undefined ? args[++at] : { ...word, value: long[2], path: word.isLiteral ? long[2] : undefined }
      if (value) (isScript ? scripts : use.reads).push(value)
    } else if (/^-[nErsuzlb]*i/.test(word.value)) {
      use.inPlace = true
      use.suffix = word.value.replace(/^-[nErsuzlb]*i/, "") || undefined
    } else if (short) {
      isScripted = true
      const value = short[3] ? { ...word, value: short[3], path: word.isLiteral ? short[3] : undefined } : args[++at]
      if (value) (short[2] === "e" ? scripts : use.reads).push(value)
    } else if (!word.lead.startsWith("-") || word.value === "-") free.push(word)
  }
  if (!isScripted) scripts.push(...free.splice(0, 1))
  use.operands = free.filter((word) => word.value !== "-")
  if (use.reads.length > 0) use.problem = "sed runs a script from a file, which may run commands"
  if (scripts.some((word) => !word.isLiteral)) use.problem = "the script of sed is known only when it runs"
  readScript(scripts.map((word) => word.value).join("\n"), use)
  return use
}

function readScript(script: string, use: SedUse): void {
  const unclear = "the script of sed may run commands"
  if (script.length > MAX_SCRIPT) {
    use.problem ??= unclear
    return
  }
  let at = 0
  const fail = () => {
    use.problem ??= unclear
    at = script.length
  }
  const toLineEnd = (): string => {
    const end = script.indexOf("\n", at)
    const text = script.slice(at, end < 0 ? undefined : end)
    at = end < 0 ? script.length : end + 1
    return text.trim()
  }
  /** To behind a delimited part. In a pattern the delimiter between brackets is a letter like others. */
  const part = (mark: string, isPattern: boolean) => {
    for (; at < script.length && script[at] !== mark; at++) {
      if (script[at] === "\\") at++
      else if (isPattern && script[at] === "[") at = bracketEnd(script, at)
    }
    if (at >= script.length) return fail()
    at++
  }
  const address = () => {
    const number = /^(?:\d+(?:~\d+)?|\$|[+~]\d+)/.exec(script.slice(at, at + 40))?.[0]
    if (number !== undefined) at += number.length
    else if (script[at] === "/" || script[at] === "\\") {
      if (script[at] === "\\") at++
      part(script[at++] ?? "", true)
      while (/[IM]/.test(script[at] ?? "")) at++
    }
  }
  const blanks = (what: RegExp) => {
    while (at < script.length && what.test(script.charAt(at))) at++
  }
  while (at < script.length) {
    blanks(/[\s;{}]/)
    address()
    blanks(/[ \t]/)
    if (script[at] === ",") {
      at++
      blanks(/[ \t]/)
      address()
    }
    blanks(/[\s!]/)
    if (at >= script.length) return
    const command = script.charAt(at++)
    if (/[{}dDgGhHnNpPxz=F;]/.test(command)) continue
    if (/[sy]/.test(command)) {
      const mark = script.charAt(at++)
      part(mark, command === "s")
      part(mark, false)
      for (; command === "s" && /[gpiImM\dew]/.test(script[at] ?? ""); at++) {
        if (script[at] === "e") use.problem ??= "sed runs what it has replaced as a command"
        if (script[at] !== "w") continue
        at++
        use.scriptWrites.push(toLineEnd())
        break
      }
    } else if (/[aic]/.test(command)) {
      while (toLineEnd().endsWith("\\") && at < script.length);
    } else if (/[rR]/.test(command)) use.scriptReads.push(toLineEnd())
    else if (/[wW]/.test(command)) use.scriptWrites.push(toLineEnd())
    else if (/[btT:]/.test(command)) {
      blanks(/[ \t]/)
      blanks(/[^\s;}]/)
    } else if (/[qQlL]/.test(command)) blanks(/[ \t\d]/)
    else if (/[#v]/.test(command)) toLineEnd()
    else if (command === "e") {
      use.problem ??= "sed runs a command"
      return
    } else return fail()
  }
}

/** Where a bracket expression ends: "]" is a letter in first place, and classes like "[:alpha:]" have their own. */
function bracketEnd(script: string, from: number): number {
  const found = /^\[\^?\]?(?:\[[:.=][^\]\n]{0,20}[:.=]\]|[^\]\n])*\]/.exec(script.slice(from, from + MAX_BRACKETS))
  return found ? from + found[0].length - 1 : script.length
}
