import { publicConfig } from "@opencode/core/config/public.ts"
import { publicSkill } from "@opencode/core/extension/skill.ts"
import { compose, foldersOfUser } from "../compose.ts"
import { out } from "../out.ts"
import { issueLine, workingFolder } from "../workplace.ts"

export function debugPaths(): void {
  const folders = Object.entries(foldersOfUser()).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  )
  out.line(folders.map(([name, path]) => `${name.padEnd(12)} ${path}`).join("\n"))
}

/** The configuration on standard output, secrets hidden; what is wrong with it on standard error. */
export async function debugConfig(): Promise<void> {
  const composition = await compose()
  try {
    const engine = await composition.engines.at(workingFolder(undefined))
    const tui = await composition.engines.config.tui(engine)
    const ofTheScreen = Object.keys(tui.config).length ? { tui: tui.config } : {}
    out.line(JSON.stringify({ ...publicConfig(engine.config), ...ofTheScreen }, null, 2))
    for (const issue of [...(await engine.issues()), ...tui.issues]) out.note(issueLine(issue))
  } finally {
    await composition.close()
  }
}

/** The skills as the API lists them on standard output; what is wrong with some on standard error. */
export async function debugSkill(): Promise<void> {
  const composition = await compose()
  try {
    const engine = await composition.engines.at(workingFolder(undefined))
    const { skills, issues } = await engine.settings.current().skills.list()
    out.line(JSON.stringify(skills.map(publicSkill), null, 2))
    for (const { file, line, message } of issues) out.note(`${file}${line === undefined ? "" : `:${line}`}: ${message}`)
  } finally {
    await composition.close()
  }
}
