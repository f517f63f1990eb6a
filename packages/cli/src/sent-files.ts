import { readFileSync, statSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { dataUrl } from "@opencode/core/lib/data-url.ts"
import { isBinary, sniffMime } from "@opencode/core/workspace/sniff.ts"
import type { AttachedFile } from "./attached-files.ts"
import { CommandFailure } from "./fail.ts"

/** As base64 and with the text of a prompt this fits into the 32 MB that a server takes. */
const MAX_SENT_BYTES = 20_000_000

/** Files for a server elsewhere, which has not the paths of this machine: with what they hold. */
export function sentFiles(files: AttachedFile[]): AttachedFile[] {
  const room = { bytes: MAX_SENT_BYTES }
  return files.map((file) => sent(file, room))
}

function sent(file: AttachedFile, room: { bytes: number }): AttachedFile {
  const path = fileURLToPath(file.url)
  const found = statSync(path)
  if (found.isDirectory())
    throw new CommandFailure(`${file.filename} is a folder: to a server only files are sent. Name it in the message.`)
  room.bytes -= found.size
  if (room.bytes < 0) throw new CommandFailure(`The files are too large to send: ${MAX_SENT_BYTES / 1e6} MB at most.`)
  const bytes = readFileSync(path)
  const mime = sniffMime(bytes) ?? (isBinary(bytes) ? "application/octet-stream" : "text/plain")
  return { ...file, mime, url: dataUrl(mime, bytes) }
}
