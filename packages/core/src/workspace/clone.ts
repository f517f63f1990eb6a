import { dirname } from "node:path"
import { toolFailure } from "../lib/fault.ts"
import { clip } from "../lib/text.ts"
import type { Git } from "./git.ts"

/** A large repository without its history, over a slow line. */
export const CLONE_DEADLINE_MS = 300_000
/** A sentence or two. */
const MAX_REASON = 300

export interface Cloning {
  url: string
  branch: string | undefined
  into: string
}

/** Without history, tags, submodules, hooks and large files; without a question to anybody. */
export async function clone({ url, branch, into }: Cloning, git: Pick<Git, "run">): Promise<void> {
  if (url.startsWith("-")) throw toolFailure("The address of a reference cannot begin with a hyphen.")
  const result = await git.run(
    dirname(into),
    [
      "clone",
      "--quiet",
      "--depth=1",
      "--single-branch",
      "--no-tags",
      "--no-recurse-submodules",
      "--template=",
      ...(branch === undefined ? [] : [`--branch=${branch}`]),
      "--",
      url,
      into,
    ],
    {
      deadlineMs: CLONE_DEADLINE_MS,
      accept: EVERY_CODE,
      withCredentials: true,
      config: ["core.sshCommand=ssh -oBatchMode=yes", "protocol.file.allow=always"],
      env: {
        GIT_ALLOW_PROTOCOL: "https:ssh:file",
        GIT_LFS_SKIP_SMUDGE: "1",
        // Where some systems say how credentials are kept.
        GIT_CONFIG_NOSYSTEM: "0",
        GCM_INTERACTIVE: "never",
      },
    },
  )
  if (!result)
    throw toolFailure(`It could not be fetched: git is missing, or did not end within ${CLONE_DEADLINE_MS / 1_000} s.`)
  if (result.code !== 0) throw toolFailure(`It could not be fetched: ${reason(result.stderr)}`)
}

const EVERY_CODE = Array.from({ length: 256 }, (_, code) => code)

/** What git or ssh complained about first; the rest follows from it. */
function reason(stderr: string): string {
  const lines = stderr.split("\n").filter(Boolean)
  const line = lines.find((one) => /^(?:fatal|error|ssh): /.test(one)) ?? lines.at(-1) ?? "git failed."
  return clip(line.replace(/^(?:fatal|error): /, ""), MAX_REASON)
}
