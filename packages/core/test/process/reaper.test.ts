import { build } from "esbuild"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { expect, test } from "vitest"
import { isRunning, temporaryFolder, until } from "./support.ts"

const source = new URL("../../src/process/processes.ts", import.meta.url).pathname

/** A parent that starts one child (ignoring TERM or not) and one background job, and prints their ids. */
const parent = (script: string) => `
  import { openProcesses } from ${JSON.stringify(source)}
  const processes = openProcesses()
  const child = processes.start({
    file: "/bin/sh", args: ["-c", ${JSON.stringify(script)}], cwd: "/", env: { PATH: process.env.PATH },
    sink: (chunk) => process.stdout.write(chunk),
  })
  process.stdout.write(child.pid + "\\n")
  setInterval(() => {}, 1000)
`

test.each([
  ["polite children", "echo $$; sleep 600 & echo $!; wait"],
  ["children that ignore TERM", "trap '' TERM; echo $$; (while :; do sleep 1; done) & echo $!; wait"],
  ["a background job of an ended command", "sleep 600 & echo $!; echo $!"],
])("kill -9 of the parent ends %s", async (_name, script) => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, "parent.mjs")
  await build({
    stdin: { contents: parent(script), resolveDir: folder.path, loader: "ts" },
    outfile: file,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "error",
  })
  const victim = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] })
  let text = ""
  victim.stdout.on("data", (chunk) => (text += chunk))
  await until(() => text.split("\n").length > 3)
  const pids = text.trim().split("\n").map(Number)
  expect(await isRunning(pids.at(-1) ?? 0)).toBe(true)
  victim.kill("SIGKILL")
  await once(victim, "exit")
  await until(async () => !(await Promise.all(pids.map(isRunning))).includes(true))
})
