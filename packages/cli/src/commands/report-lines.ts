import type { ImportedSession, ImportReport } from "@opencode/protocol/intake.ts"

export type ReportLine =
  | { kind: "session"; session: ImportedSession; found: number }
  | { kind: "end"; report: Omit<ImportReport, "sessions"> }

type Head = Pick<ImportReport, "from" | "folder" | "dryRun" | "found">
type Rest = Omit<ImportReport, keyof Head | "sessions">

/** The report of an import as it comes: a line for its head, one for each session, and one for the rest. */
export async function* reportLines(body: ReadableStream<Uint8Array>): AsyncGenerator<ReportLine> {
  let head: Head | undefined
  for await (const line of linesOf(body)) {
    if (!head) head = JSON.parse(`${line}]}`) as Head
    else if (line.startsWith("]")) {
      const { from, folder, dryRun, found } = head
      yield { kind: "end", report: { from, folder, dryRun, found, ...(JSON.parse(`{${line.slice(2)}`) as Rest) } }
    } else {
      yield { kind: "session", session: JSON.parse(line.replace(/,$/, "")) as ImportedSession, found: head.found }
    }
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = ""
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n")
    rest = lines.pop() ?? ""
    yield* lines
  }
  if (rest) yield rest
}
