import { accessSync, constants, statSync } from "node:fs"
import { basename, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { CommandFailure } from "./fail.ts"

/** A file or folder of the command line as a part of a prompt. What it holds is found out by who reads it. */
export interface AttachedFile {
  type: "file"
  url: string
  mime: string
  filename: string
}

/** @param paths as typed, relative to the current folder. @throws CommandFailure for one that cannot be read */
export const attachedFiles = (paths: string[]): AttachedFile[] => paths.map(attachedFile)

function attachedFile(given: string): AttachedFile {
  // It would be the current folder.
  if (!given) throw new CommandFailure("--file wants the name of a file or folder.")
  const path = resolve(given)
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) throw new CommandFailure(`The file ${given} does not exist.`)
  if (!found.isFile() && !found.isDirectory()) throw new CommandFailure(`${given} is neither a file nor a folder.`)
  try {
    accessSync(path, constants.R_OK)
  } catch {
    throw new CommandFailure(`There is no permission to read ${given}.`)
  }
  const mime = found.isDirectory() ? "application/x-directory" : "text/plain"
  return { type: "file", url: pathToFileURL(path).href, mime, filename: basename(path) }
}
