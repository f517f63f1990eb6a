import { join } from "node:path"
import {
  changedFiles,
  keepTracked,
  lookAtFolder,
  readTracked,
  type TrackedFile,
  type TrackedFolder,
} from "@opencode/core/workspace/tracked-folder.ts"
import { foldersOfUser } from "../compose.ts"
import { out } from "../out.ts"
import { workingFolder } from "../workplace.ts"

export async function trackFolder(): Promise<void> {
  out.line(await keepTracked(foldersOfUser().data, await now()))
}

export async function printChanged(hash: string): Promise<void> {
  const files = changedFiles(await then(hash), await now()).map((path) => join(workingFolder(undefined), path))
  out.line(JSON.stringify({ hash, files }, null, 2))
}

export async function printDiff(hash: string): Promise<void> {
  const [before, after] = [await then(hash), await now()]
  const { diffFile } = await import("@opencode/core/tool/diff.ts")
  for (const path of changedFiles(before, after)) {
    const [old, young] = [textOf(before[path]), textOf(after[path])]
    const isText = old !== undefined && young !== undefined
    const patch = isText ? (await diffFile(path, old, young)).patch : "Binary files differ"
    out.line(`diff --git a/${path} b/${path}\n${patch}`.trimEnd())
  }
}

const then = (hash: string): Promise<TrackedFolder> => readTracked(foldersOfUser().data, hash)

function now(): Promise<TrackedFolder> {
  const { data, config, state, cache, temp } = foldersOfUser()
  return lookAtFolder(workingFolder(undefined), [data, config, state, cache, temp])
}

/** Undefined for what is no text, or was not kept. A file that is not there is empty. */
function textOf(file: TrackedFile | undefined): string | undefined {
  if (!file) return ""
  if (file.target !== undefined) return file.target
  if (file.bytes === undefined) return undefined
  const bytes = Buffer.from(file.bytes, "base64")
  return bytes.includes(0) ? undefined : bytes.toString("utf8")
}
