import { readFileSync } from "node:fs"
import { join } from "node:path"
import { openProcesses } from "../../src/process/processes.ts"
import { resolveShell } from "../../src/process/shell.ts"
import { builtinTools } from "../../src/tool/builtin.ts"
import { createRegistry } from "../../src/tool/registry.ts"
import { createSeenFiles } from "../../src/tool/seen.ts"
import type { ToolContext } from "../../src/tool/tool.ts"
import { openWorkspace } from "../../src/workspace/workspace.ts"

/** Runs one call and prints what it cost: `node measure.mjs <folder> <tool> <input>`. */
const [top = "", name = "", text = "{}"] = process.argv.slice(2)
const env = { PATH: process.env["PATH"] ?? "", HOME: top }
const processes = openProcesses()
const workspace = await openWorkspace({
  directory: join(top, "work"),
  home: top,
  env,
  start: processes.start,
  rememberedProjectID: () => undefined,
  remember: () => {},
})
const registry = createRegistry(builtinTools)
const context: ToolContext = {
  sessionID: "ses_1",
  messageID: "msg_1",
  callID: "call_1",
  agent: "build",
  readOnly: false,
  workspace,
  seen: createSeenFiles(),
  signal: new AbortController().signal,
  environment: env,
  start: processes.start,
  outputFolder: join(top, "tool-output"),
  limits: { maxLines: 2_000, maxBytes: 51_200 },
  shell: await resolveShell("bash", env),
  progress: () => {},
  todos: { get: () => [], set: async () => {} },
  ask: async () => {},
  mayRead: () => true,
  instructionsNear: async () => [],
  journal: { changing: (_, act) => act() },
  now: () => Date.now(),
  id: () => `tool_${name}`,
}

const cpuBefore = cpuSeconds()
const before = process.memoryUsage.rss()
const result = await run()
await processes.close()
const growth = largestBytes() - before
process.stdout.write(JSON.stringify({ ...result, growth, cpu: cpuSeconds() - cpuBefore }))

async function run(): Promise<{ output: string; failure?: string }> {
  const tool = registry.get(name)!
  const { input } = registry.validate(tool, JSON.parse(text))
  try {
    const { plan } = await tool.prepare(input, context)
    return { output: (await tool.run(input, plan, context)).output }
  } catch (error) {
    return { output: "", failure: (error as Error).message }
  }
}

/** Linux counts for `maxRSS` how large the process was that started this one. */
function largestBytes(): number {
  if (process.platform !== "linux") return process.resourceUsage().maxRSS * 1024
  return Number(/^VmHWM:\s*(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))![1]) * 1024
}

/** Of this process and of the children that it waited for; the system counts in hundredths. */
function cpuSeconds(): number {
  if (process.platform !== "linux") return process.cpuUsage().user / 1_000_000
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1]!.split(" ")
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100
}
