import { fault } from "@opencode/core/lib/fault.ts"
import { resolve } from "node:path"
import type { Incoming } from "./exchange.ts"

/** The folder a request speaks of. */
export interface Place {
  /** Absolute; not yet known to exist. */
  directory: string
  /** Named in the query, which narrows lists to exactly this folder; a header only chooses the project. */
  isExplicit: boolean
}

/** What systems take as a path. Looking for a longer one would ask for each of its folders, to no end. */
const MAX_PATH = 4_096

/**
 * Clients send the folder raw or percent-encoded in a header, and the published SDK moves that header as it is into the
 * query. So the text is decoded once after the URL's own decoding, and left alone where that gives no text.
 * @param fallback the folder the server was started in; relative folders start there
 * @throws fault `bad_request`
 */
export function placeOf({ header }: Pick<Incoming, "header">, search: URLSearchParams, fallback: string): Place {
  const named = search.get("directory") || undefined
  const text = named ?? header("x-opencode-directory")
  const directory = text ? decoded(text) : "."
  if (directory.includes("\0") || directory.length > MAX_PATH)
    throw fault("bad_request", "The directory is not a path.", { kind: "Query" })
  return { directory: resolve(fallback, directory), isExplicit: named !== undefined }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a folder whose name holds a percent sign
  }
}
