import { existsSync } from "node:fs"
import { createInterface } from "node:readline"
import { loadSqlite, type Sqlite } from "@opencode/core/store/sqlite.ts"
import { databaseOfUser } from "../compose.ts"
import { CommandFailure } from "../fail.ts"
import { out } from "../out.ts"
import { saysSomething, sqlStatements } from "../sql-statements.ts"

/**
 * A look at what is stored, for whoever wants to know more than the API tells. The file is opened for reading: what a
 * statement would change, the invariants of the store could not survive.
 */
export async function queryDatabase(query: string | undefined, { format }: { format: "tsv" | "json" }): Promise<void> {
  const file = databaseOfUser()
  if (!existsSync(file)) throw new CommandFailure(`There is no database yet: ${file}`)
  const open = await loadSqlite()
  const sqlite = open(file, { readOnly: true })
  try {
    if (query !== undefined) for (const statement of inArgument(query)) print(sqlite, statement, format)
    else await readStatements((statement) => print(sqlite, statement, format))
  } finally {
    sqlite.close()
  }
}

export const databasePath = (): void => out.line(databaseOfUser())

function inArgument(query: string): string[] {
  const { whole, rest } = sqlStatements(query)
  const statements = saysSomething(rest) ? [...whole, rest] : whole
  if (statements.length === 0) throw new CommandFailure("There is no statement in the query.")
  return statements
}

type Cells = Record<string, unknown>

function print(sqlite: Sqlite, query: string, format: "tsv" | "json"): void {
  try {
    const rows = sqlite.prepare(query).iterate() as Iterable<Cells>
    if (format === "json") printJson(rows)
    else printTable(rows)
  } catch (error) {
    throw new CommandFailure((error as Error).message)
  }
}

function printTable(rows: Iterable<Cells>): void {
  let hasHeading = false
  for (const row of rows) {
    if (!hasHeading) out.line(Object.keys(row).join("\t"))
    hasHeading = true
    out.line(Object.values(row).map(cell).join("\t"))
  }
}

/** One row a line, whatever is in it. */
function cell(value: unknown): string {
  if (value === null) return ""
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex")
  return String(value).replaceAll("\\", "\\\\").replaceAll("\t", "\\t").replaceAll("\n", "\\n")
}

function printJson(rows: Iterable<Cells>): void {
  const texts: string[] = []
  for (const row of rows) texts.push(JSON.stringify(row, asText, 2))
  out.line(texts.length ? `[\n${texts.join(",\n").replaceAll(/^/gm, "  ")}\n]` : "[]")
}

const asText = (_: string, value: unknown): unknown =>
  value instanceof Uint8Array ? Buffer.from(value).toString("hex") : typeof value === "bigint" ? String(value) : value

/** On a terminal a mistake is told and the next statement awaited; in a script it ends the command. */
async function readStatements(run: (statement: string) => void): Promise<void> {
  const isTerminal = process.stdin.isTTY === true
  if (isTerminal) out.note("SQL, each statement ended by a semicolon. Ctrl-D ends.")
  const attempt = (statement: string): void => {
    try {
      run(statement)
    } catch (error) {
      if (!isTerminal || !(error instanceof CommandFailure)) throw error
      out.note(`Error: ${error.message}`)
    }
  }
  let open = ""
  for await (const line of createInterface({ input: process.stdin })) {
    const { whole, rest } = sqlStatements(`${open}${line}\n`)
    whole.forEach(attempt)
    open = rest
  }
  if (saysSomething(open)) attempt(open)
}
