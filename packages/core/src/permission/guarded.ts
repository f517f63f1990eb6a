import { join } from "node:path"
import type { MountPoint } from "../process/mount-points.ts"

/**
 * What a command in a sandbox may not change, although it lies in a folder that it may write to: what git, editors and
 * agents of this machine obey when somebody works in the folder again, outside of the sandbox. Pure: whether these
 * exist is for others to see. Pipelines, and files that only this project's own tools read, are not among them.
 */

const FOLDERS = [
  ...".opencode .claude .agents .codex .cursor .gemini .windsurf .continue".split(" "),
  ...".vscode .idea .zed .devcontainer .husky .githooks".split(" "),
]
/** `.gitconfig` lies in projects whose git settings include it. */
const FILES = ["opencode.json", "opencode.jsonc", ".opencode.json", ".mcp.json", ".envrc", ".gitconfig"]

/**
 * @param folder one that is worked in: a root, or a folder between it and where the work is
 * A file that is not there is stood for by a folder: git passes over an empty one, so that nobody commits it.
 */
export const guardedIn = (folder: string): MountPoint[] =>
  [...FOLDERS, ...FILES].map((name) => ({ path: join(folder, name), kind: "folder" }))

/** @param gitDir where configuration and hooks are. The rest of it is git's to write: a commit has to be possible. */
export const guardedInGit = (gitDir: string): MountPoint[] => [
  { path: join(gitDir, "hooks"), kind: "folder" },
  { path: join(gitDir, "config"), kind: "file" },
  { path: join(gitDir, "config.worktree"), kind: "file" },
  // It says where the configuration is. Git does not read an empty one, and takes the folder itself for ".".
  { path: join(gitDir, "commondir"), kind: "file", text: "." },
  // Each in there has a configuration and hooks of its own.
  { path: join(gitDir, "modules"), kind: "folder" },
  { path: join(gitDir, "worktrees"), kind: "folder" },
]
