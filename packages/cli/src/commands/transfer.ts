import { readFile, stat } from "node:fs/promises"
import { resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { sessionIn } from "@opencode/core/session/share-page.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { openDoor, type Door } from "../door.ts"
import { CommandFailure, requireSessionID } from "../fail.ts"
import { newestSession } from "../newest-session.ts"
import { out } from "../out.ts"
import { workingFolder } from "../workplace.ts"

/** Prints a conversation as JSON, message by message: it may be larger than what fits into memory. */
export async function exportSession(named: string | undefined, { sanitize }: { sanitize?: boolean }): Promise<void> {
  if (named !== undefined) requireSessionID(named)
  const door = await openDoor(workingFolder(undefined))
  try {
    const sessionID = named ?? (await newestSession(door, "export")).id
    const address = `http://localhost/session/${encodeURIComponent(sessionID)}/export?sanitize=${sanitize ?? false}`
    const answer = await door.app.fetch(new Request(address))
    if (!answer.ok || !answer.body) throw new CommandFailure(await sentenceOf(answer))
    out.note(`Exporting session: ${sessionID}`)
    await printLines(answer.body)
  } finally {
    await door.close()
  }
}

/** The document has a line for each message, so whole lines can be written as they come. */
async function printLines(body: ReadableStream<Uint8Array>): Promise<void> {
  let rest = ""
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const end = text.lastIndexOf("\n")
    if (end >= 0) out.line(rest + text.slice(0, end))
    rest = end < 0 ? rest + text : text.slice(end + 1)
  }
  if (rest) out.line(rest)
}

/** A page holds its conversation twice; the server takes half of this. */
const MAX_FILE_BYTES = 256 * 1024 * 1024

/** Makes an exported conversation, or the one in a shared page, a session of this folder. */
export async function importSession(source: string): Promise<void> {
  const door = await openDoor(workingFolder(undefined))
  try {
    const { text, id } = conversationIn(await read(source, door), source)
    const answer = await door.app.fetch(
      new Request("http://localhost/session/import", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: text,
      }),
    )
    if (!answer.ok) throw new CommandFailure(await sentenceOf(answer))
    const session = (await answer.json()) as Session
    if (session.id !== id) out.note(`${id} or something in it is here already, so the session got new ids.`)
    out.line(`Imported session: ${session.id}`)
  } finally {
    await door.close()
  }
}

async function read(source: string, door: Door): Promise<string> {
  if (/^https?:\/\//i.test(source)) return fetchPage(new URL(source), door)
  const file = source.startsWith("file://") ? fileURLToPath(source) : resolve(source)
  const found = await stat(file).catch(() => undefined)
  if (!found?.isFile()) throw new CommandFailure(`File not found: ${source}`)
  assertSize(found.size)
  return readFile(file, "utf8")
}

/** The only request that an import sends, to the address that was typed. */
async function fetchPage(url: URL, { composition: { home } }: Door): Promise<string> {
  home.allowHost(url.host)
  const { status, body } = await home.request(url).catch((error: unknown) => {
    throw new CommandFailure(`${url.host} does not answer: ${error instanceof Error ? error.message : String(error)}`)
  })
  if (status !== 200) {
    await body.cancel()
    throw new CommandFailure(`${url.host} answered ${status}.`)
  }
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    assertSize((bytes += chunk.byteLength))
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString("utf8")
}

function assertSize(bytes: number): void {
  if (bytes <= MAX_FILE_BYTES) return
  throw new CommandFailure(`What is to be imported is larger than ${MAX_FILE_BYTES / 1024 / 1024} MB.`)
}

function conversationIn(content: string, source: string): { text: string; id: unknown } {
  const isPage = content.trimStart().startsWith("<")
  const text = isPage ? sessionIn(content) : content
  if (text === undefined) throw new CommandFailure(`${source} is a page without a session in it.`)
  try {
    return { text, id: (JSON.parse(text) as { info?: { id?: unknown } } | null)?.info?.id }
  } catch {
    throw new CommandFailure(`${source} is neither JSON nor a shared page.`)
  }
}

async function sentenceOf(answer: Response): Promise<string> {
  const { data, message } = (await answer.json()) as { data?: { message?: string }; message?: string }
  return data?.message ?? message ?? `The session could not be used (${answer.status}).`
}
