import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { sandboxSetting } from "../../src/config/sandbox.ts"
import { createMountPoints } from "../../src/process/mount-points.ts"
import { createSandbox, type SandboxDeps } from "../../src/tool/sandbox.ts"
import type { ToolContext } from "../../src/tool/tool.ts"
import { openWorld } from "./world.ts"

/** A world whose commands run in a sandbox, with a data folder of ours beside the workspace. */
export async function sandboxed(
  setting: Parameters<typeof sandboxSetting>[0],
  { context = {}, ...changes }: Partial<SandboxDeps> & { context?: Partial<ToolContext> } = {},
) {
  const w = await openWorld(context)
  const data = join(w.directory, "..", "data")
  const temp = join(w.directory, "..", "temp")
  for (const folder of [data, temp, w.context.outputFolder]) await mkdir(folder, { recursive: true })
  w.context.sandbox = createSandbox({
    setting: sandboxSetting(setting),
    workspace: w.context.workspace,
    home: join(w.directory, "..", "home"),
    hidden: [data],
    shared: [temp, w.context.outputFolder],
    readable: [],
    path: process.env["PATH"],
    platform: "linux",
    start: w.context.start,
    mountPoints: createMountPoints(),
    ...changes,
  })
  const run = async (command: string) => {
    const { output, metadata } = await w.call("bash", { command })
    return { exit: metadata["exit"], output: output.replace(/\n*<shell_metadata>[\s\S]*/, ""), told: output }
  }
  return Object.assign(w, { data, temp, run })
}
