import type { FileContent } from "@opencode/protocol/file.ts"
import { isUtf8 } from "node:buffer"
import { extname } from "node:path"
import { fault, ToolFailure } from "../lib/fault.ts"
import { askedPath, forClients } from "./asked-path.ts"
import { readAllBytes } from "./files.ts"
import { openRegular } from "./open-file.ts"
import { sniffMime } from "./sniff.ts"
import type { Workspace } from "./workspace.ts"

/** As base64 in an answer it is 11 MB, which a screen still shows; what is larger is opened by other programs. */
const MAX_FILE_BYTES = 8 * 1024 * 1024

/**
 * A file as clients show it: text without the blank end, else its bytes. A missing one is empty, as clients expect.
 * @throws fault `bad_request` for what is no file of the project, `too_large`
 */
export async function fileContent({ paths }: Pick<Workspace, "paths">, path: string): Promise<FileContent> {
  const { real } = await askedPath(paths, path)
  const bytes = await forClients(() => readSome(real))
  if (!bytes) return { type: "text", content: "" }
  if (isUtf8(bytes) && !bytes.includes(0)) return { type: "text", content: new TextDecoder().decode(bytes).trimEnd() }
  const mimeType = sniffMime(bytes) ?? MIMES[extname(real).toLowerCase()] ?? "application/octet-stream"
  return { type: "binary", content: bytes.toString("base64"), encoding: "base64", mimeType }
}

async function readSome(real: string): Promise<Buffer | undefined> {
  try {
    await using file = await openRegular(real)
    const { size } = await file.stat()
    if (size > MAX_FILE_BYTES)
      throw fault("too_large", `The file is larger than ${MAX_FILE_BYTES / 1024 / 1024} MB.`, { kind: "Query" })
    return await readAllBytes(real, MAX_FILE_BYTES)
  } catch (error) {
    if (error instanceof ToolFailure && error.metadata["code"] === "ENOENT") return undefined
    throw error
  }
}

/** For what its first bytes do not tell. */
const MIMES: Record<string, string> = {
  ".txt": "text/plain",
  ".md": "text/markdown",
  ".csv": "text/csv",
  ".html": "text/html",
  ".css": "text/css",
  ".js": "text/javascript",
  ".json": "application/json",
  ".ico": "image/x-icon",
  ".mp3": "audio/mpeg",
  ".wav": "audio/wav",
  ".ogg": "audio/ogg",
  ".mp4": "video/mp4",
  ".webm": "video/webm",
  ".zip": "application/zip",
  ".gz": "application/gzip",
  ".wasm": "application/wasm",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
  ".ttf": "font/ttf",
}
