import { execFileSync } from "node:child_process"
import { mkdir, mkdtemp, realpath, rm, utimes, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

/** A canonical temporary folder with these files, the first the oldest. */
export async function folderWith(files: Record<string, string | Uint8Array> = {}) {
  const path = await realpath(await mkdtemp(join(tmpdir(), "opencode-test-")))
  const write = async (name: string, content: string | Uint8Array) => {
    await mkdir(dirname(join(path, name)), { recursive: true })
    await writeFile(join(path, name), content)
  }
  let age = 1_000_000
  for (const [name, content] of Object.entries(files)) {
    await write(name, content)
    await utimes(join(path, name), (age += 10), age)
  }
  return {
    path,
    at: (name: string) => join(path, name),
    write,
    git: (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main", ...args], {
        cwd: path,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      }),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

export const env = { PATH: process.env["PATH"], HOME: "/nonexistent" }
