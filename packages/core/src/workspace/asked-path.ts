import { fault, ToolFailure } from "../lib/fault.ts"
import type { FileRef, Paths } from "./paths.ts"

/**
 * A path that a client of the API names. A client is a person's, so nobody is asked, and so it does not lead out of the
 * project: not by `..`, not by a link, not to our own folders that agents may use. Nothing is fetched for it.
 * @throws fault `bad_request`
 */
export async function askedPath(paths: Paths, path: string): Promise<FileRef & { root: string }> {
  const file = await forClients(() => paths.resolve(path, { isAsIs: true }))
  const { root } = file
  if (root === undefined) throw fault("bad_request", `${path} is not in the project.`, { kind: "Query" })
  return { ...file, root }
}

/** What models would be told in a sentence, clients are told as a fault. */
export async function forClients<T>(look: () => Promise<T>): Promise<T> {
  try {
    return await look()
  } catch (error) {
    if (error instanceof ToolFailure) throw fault("bad_request", error.message, {}, error)
    throw error
  }
}
