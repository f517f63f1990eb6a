import { relative, sep } from "node:path"
import { toolFailure } from "../lib/fault.ts"

/**
 * One meaning of globs for both engines. An absolute pattern inside `cwd` is made relative; a name without a folder
 * matches everywhere; a list with commas is a set of alternatives.
 */
export async function fileFilter(cwd: string, glob: string | undefined): Promise<(file: string) => boolean> {
  const pattern = glob === undefined ? "" : normaliseGlob(cwd, glob)
  if (pattern === "") return () => true
  const { default: picomatch } = await import("picomatch")
  const matches = picomatch(pattern, { dot: true })
  return (file) => matches(relative(cwd, file).split(sep).join("/"))
}

export function normaliseGlob(cwd: string, glob: string): string {
  let pattern = glob.trim()
  if (pattern.includes("\0")) throw toolFailure("The pattern contains a NUL byte.")
  if (pattern.includes(",") && !pattern.includes("{")) pattern = `{${pattern.replaceAll(/\s*,\s*/g, ",")}}`
  if (pattern.startsWith(`${cwd}/`)) pattern = pattern.slice(cwd.length + 1)
  pattern = pattern.replace(/^\.?\/+/, "")
  // Folders like "(auth)" are names; only after one of @!?*+ brackets mean something.
  pattern = pattern.replace(/(?<![@!?*+\\])\(([^|()]*)\)/g, "\\($1\\)")
  if (pattern === "" || pattern.includes("/")) return pattern
  return pattern.startsWith("!") ? `!**/${pattern.slice(1)}` : `**/${pattern}`
}
