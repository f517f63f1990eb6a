import { release, type } from "node:os"
import type { Project } from "@opencode/protocol/project.ts"
import { which } from "@opencode/core/process/which.ts"
import { bundledRipgrep } from "@opencode/core/workspace/search.ts"
import { compose, databaseOfUser } from "../compose.ts"
import { dataOf, openDoor } from "../door.ts"
import { out } from "../out.ts"
import { version } from "../version.ts"
import { workingFolder } from "../workplace.ts"

/** What somebody who helps wants to know first. Names no key and no path of a project. */
export async function debugInfo(): Promise<void> {
  const { env, versions, arch } = process
  const find = async (name: string): Promise<string> => (await which(name, env.PATH)) ?? "not found"
  out.line(
    [
      `opencode version: ${version}`,
      `os: ${type()} ${release()} ${arch}`,
      `terminal: ${[env.TERM_PROGRAM, env.TERM].filter(Boolean).join(" ") || "none"}`,
      `shell: ${env.SHELL ?? "unknown"}`,
      `node: ${versions.node}`,
      `database: ${databaseOfUser()}`,
      `git: ${await find("git")}`,
      `rg: ${(await bundledRipgrep()) ?? (await find("rg"))}`,
      `bwrap: ${await find("bwrap")}`,
      "plugins:",
      "none",
    ].join("\n"),
  )
}

/** Until a turn could begin, as far as that is the same each time. */
export async function debugStartup(): Promise<void> {
  const loaded = performance.now()
  const composition = await compose()
  const opened = performance.now()
  try {
    await composition.engines.at(workingFolder(undefined))
    const ready = performance.now()
    const ms = (from: number, to: number): string => `${(to - from).toFixed(1)} ms`
    out.line(ready.toFixed(3))
    out.note(`program ${ms(0, loaded)}, data ${ms(loaded, opened)}, folder ${ms(opened, ready)}`)
  } finally {
    await composition.close()
  }
}

export async function debugWait(): Promise<void> {
  const composition = await compose()
  await composition.engines.at(workingFolder(undefined))
  // A promise alone keeps no process alive.
  const alive = setInterval(() => {}, 2 ** 31 - 1)
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => resolve())
    out.note(`Waiting as process ${process.pid}. Ctrl-C ends.`)
  })
  clearInterval(alive)
  await composition.close()
}

export async function debugScrap(): Promise<void> {
  const door = await openDoor(workingFolder(undefined))
  try {
    out.line(JSON.stringify(dataOf(await door.client.project.list()) as Project[], null, 2))
  } finally {
    await door.close()
  }
}
