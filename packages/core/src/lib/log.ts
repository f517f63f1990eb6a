import { appendFileSync, readdirSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import type { LogLevel } from "@opencode/protocol/log.ts"
import { makeFolder } from "./make-folder.ts"

/** Structured lines in a file per process; nothing is created before the first line is written. */
export interface Log {
  debug(message: string, facts?: Record<string, unknown>): void
  info(message: string, facts?: Record<string, unknown>): void
  warn(message: string, facts?: Record<string, unknown>): void
  error(message: string, facts?: Record<string, unknown>): void
  /** The same log with a service name and facts that stand in every line. */
  child(service: string, facts?: Record<string, unknown>): Log
}

export interface LogFile extends Log {
  /** From now on this level and those above it are written. */
  setLevel(level: LogLevel): void
}

/** Ours by their names: the folder is also that of OpenCode, whose files stay. */
const OURS = /^\d{4}-\d\d-\d\dT\d{6}-\d+\.log$/
/** Files of earlier processes that are kept. */
const KEPT_FILES = 10
/** A file stops growing here: a log must never be what fills the disk. */
const MAX_FILE_BYTES = 20_000_000
/** A single line: a stack and some facts fit, a tool's output does not. */
const MAX_LINE_CHARACTERS = 8_000

const ORDER: Record<LogLevel, number> = { DEBUG: 0, INFO: 1, WARN: 2, ERROR: 3 }
/** Members that may carry a secret are never written, whoever logs them. */
const SECRET_NAMES = /key$|token|secret|password|authorization|cookie/i

export function openLog(options: {
  folder: string
  level: LogLevel
  now(): number
  /** Also gets each line, for `--print-logs`. */
  print?: (line: string) => void
}): LogFile {
  const { folder, now, print } = options
  let { level } = options
  const file = { path: "", bytes: 0 }

  function open(): string {
    makeFolder(folder)
    const old = readdirSync(folder)
      .filter((name) => OURS.test(name))
      .sort()
    for (const name of old.slice(0, Math.max(0, old.length - KEPT_FILES + 1)))
      rmSync(join(folder, name), { force: true })
    const stamp = new Date(now()).toISOString().replaceAll(":", "").slice(0, 17)
    return join(folder, `${stamp}-${process.pid}.log`)
  }

  function write(severity: LogLevel, service: string, message: string, facts: Record<string, unknown>): void {
    if (ORDER[severity] < ORDER[level]) return
    const line = lineOf(now(), severity, service, message, facts)
    print?.(line)
    if (file.bytes > MAX_FILE_BYTES) return
    try {
      if (!file.path) file.path = open()
      if (file.bytes === 0) file.bytes = statSync(file.path, { throwIfNoEntry: false })?.size ?? 0
      appendFileSync(file.path, line + "\n", { mode: 0o600 })
      file.bytes += line.length + 1
    } catch (error) {
      // A full or read-only disk must not take the work down with it; the line is lost, and nothing else can be told.
      file.bytes = MAX_FILE_BYTES + 1
      print?.(`log file cannot be written: ${String(error)}`)
    }
  }

  const logFor = (service: string, standing: Record<string, unknown>): Log => ({
    debug: (message, facts) => write("DEBUG", service, message, { ...standing, ...facts }),
    info: (message, facts) => write("INFO", service, message, { ...standing, ...facts }),
    warn: (message, facts) => write("WARN", service, message, { ...standing, ...facts }),
    error: (message, facts) => write("ERROR", service, message, { ...standing, ...facts }),
    child: (name, facts) => logFor(name, { ...standing, ...facts }),
  })
  return { ...logFor("engine", {}), setLevel: (wanted) => void (level = wanted) }
}

function lineOf(
  now: number,
  level: LogLevel,
  service: string,
  message: string,
  facts: Record<string, unknown>,
): string {
  const head = { time: new Date(now).toISOString(), level, service, message }
  const line = jsonOf({ ...head, ...facts }) ?? JSON.stringify({ ...head, facts: "[not JSON]" })
  return line.length > MAX_LINE_CHARACTERS ? line.slice(0, MAX_LINE_CHARACTERS) + "…" : line
}

/** Undefined for what JSON cannot hold, such as an error that is its own cause. */
function jsonOf(line: object): string | undefined {
  try {
    return JSON.stringify(line, redact)
  } catch {
    return undefined // whatever a getter or a circle does, the work that is told of goes on
  }
}

function redact(name: string, value: unknown): unknown {
  if (name && SECRET_NAMES.test(name) && typeof value === "string") return "[secret]"
  if (value instanceof Error)
    return { name: value.name, message: value.message, stack: value.stack, cause: value.cause }
  return value
}

export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
}
