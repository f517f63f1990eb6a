import type { Request } from "../model/request.ts"
import { isBinary } from "../workspace/files.ts"
import { decoded, MAX_INSTRUCTION_BYTES } from "./instruction-file.ts"

/** Instructions by address. Each is fetched once for as long as the folder is open, so that no turn waits twice. */
export interface InstructionPages {
  /** Never throws: a page that cannot be had is a problem to be told. */
  get(address: string): Promise<Page>
}

export type Page = { text: string; cut: boolean } | { problem: string }

export interface PagesInput {
  request: Request
  allowHost(host: string): void
  now(): number
}

/** For all of it. A prompt waits for it once. */
const TIMEOUT_MS = 5_000
/** After a failure a later turn tries again, without waiting for what comes of it. */
const RETRY_AFTER_MS = 5 * 60_000

interface Known {
  page: Promise<Page>
  /** When it failed. */
  failed?: number
}

export function createInstructionPages(input: PagesInput): InstructionPages {
  const known = new Map<string, Known>()

  function begin(address: string): Known {
    const one: Known = { page: fetchPage(address, input) }
    void one.page.then((page) => {
      if ("problem" in page) one.failed = input.now()
    })
    return one
  }

  function tryAgain(address: string, before: Known): void {
    // From here on it counts as tried.
    before.failed = input.now()
    const next = begin(address)
    void next.page.then((page) => {
      if ("text" in page) known.set(address, next)
    })
  }

  return {
    get(address) {
      const before = known.get(address)
      if (before?.failed !== undefined && input.now() - before.failed > RETRY_AFTER_MS) tryAgain(address, before)
      if (before) return before.page
      const first = begin(address)
      known.set(address, first)
      return first.page
    },
  }
}

async function fetchPage(address: string, { request, allowHost }: PagesInput): Promise<Page> {
  const shown = nameOfPage(address)
  try {
    const url = new URL(address)
    allowHost(url.host)
    const answer = await request(url, {
      headers: { accept: "text/plain, text/markdown, */*;q=0.5" },
      deadlines: DEADLINES,
    })
    if (!answer.ok) {
      await answer.body.cancel()
      return { problem: `${shown} is left out: it answered ${answer.status}.` }
    }
    const { bytes, cut } = await readPage(answer.body)
    return isBinary(bytes) ? { problem: `${shown} is left out: it is not text.` } : { text: decoded(bytes), cut }
  } catch (error) {
    return { problem: `${shown} is left out: ${(error as Error).message}` }
  }
}

const DEADLINES = { headerTimeoutMs: TIMEOUT_MS, chunkTimeoutMs: TIMEOUT_MS, timeoutMs: TIMEOUT_MS }

/** Of the page only what is told: the rest stays on the wire. */
async function readPage(body: ReadableStream<Uint8Array>): Promise<{ bytes: Uint8Array; cut: boolean }> {
  const parts: Uint8Array[] = []
  let room = MAX_INSTRUCTION_BYTES
  const reader = body.getReader()
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return { bytes: Buffer.concat(parts), cut: false }
    parts.push(value.subarray(0, room))
    room -= value.byteLength
    if (room >= 0) continue
    await reader.cancel()
    return { bytes: Buffer.concat(parts), cut: true }
  }
}

/** Without name, password and query, which may be secrets. */
export function nameOfPage(address: string): string {
  if (!URL.canParse(address)) return "An address in `instructions`"
  const { protocol, host, pathname } = new URL(address)
  return `${protocol}//${host}${pathname}`
}
