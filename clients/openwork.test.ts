import { execFile, spawn } from "node:child_process"
import { chmodSync, mkdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { installation, type Installation } from "@opencode/testing/command.ts"
import { freePort } from "@opencode/testing/free-port.ts"
import { expect, test } from "vitest"
import { programs } from "./programs.ts"

// The orchestrator of OpenWork, as published: it starts the command with options and credentials of its own, waits until
// the server is healthy, and drives it by the SDK that it was built with.

const COMMAND = fileURLToPath(new URL("../packages/cli/bin/opencode.mjs", import.meta.url))

/**
 * In the place of OpenWork's own server, which is not published: it says that it is there and which opencode it was
 * given. What the orchestrator asks of opencode it asks without it.
 */
const OPENWORK_SERVER = `#!${process.execPath}
import { createServer } from "node:http"
const env = (name) => process.env["OPENWORK_OPENCODE_" + name]
const opencode = { baseUrl: env("BASE_URL"), directory: env("DIRECTORY"), username: env("USERNAME"), password: env("PASSWORD") }
const answer = { ok: true, version: "0.18.1", token: "owner", items: [{ id: "one", path: env("DIRECTORY"), opencode }] }
createServer((_, response) => {
  response.setHeader("content-type", "application/json").end(JSON.stringify(answer))
}).listen(Number(process.argv[process.argv.indexOf("--port") + 1]), "127.0.0.1")
`

/** An installation with the programs that the orchestrator is told to start. */
function openwork(): Installation & { orchestrator: string[] } {
  const opencode = installation()
  opencode.folder.write({
    "bin/opencode": `#!/bin/sh\nexec "${process.execPath}" "${COMMAND}" "$@"\n`,
    "bin/openwork-server.mjs": OPENWORK_SERVER,
  })
  const [command, server] = ["bin/opencode", "bin/openwork-server.mjs"].map((file) => opencode.folder.join(file))
  for (const file of [command!, server!]) chmodSync(file, 0o755)
  const external = ["--allow-external", "--opencode-source", "external", "--sidecar-source", "external"]
  return Object.assign(opencode, {
    orchestrator: [...external, "--opencode-bin", command!, "--openwork-server-bin", server!, "--no-color"],
  })
}

const run = promisify(execFile)

test("openwork starts the server, and its own checks pass: sessions, messages and events", async () => {
  await using opencode = openwork()
  const { env, project, folder, orchestrator } = opencode
  const options = ["--workspace", project, "--data-dir", folder.join("openwork"), "--no-tui", ...orchestrator]
  const port = String(await freePort())
  const checks = ["start", "--check", "--check-events", "--openwork-port", port, ...options]
  const { stdout } = await run(programs.openwork, checks, { env, cwd: project })
  expect(stdout).toContain("[opencode] Healthy")
  expect(stdout).toContain("Checks ok")

  const { stdout: sessions } = await opencode.run(["session", "list"])
  expect(sessions).toContain("OpenWork headless check")
})

test("the daemon of openwork keeps one server for several folders, and ends it", async () => {
  await using opencode = openwork()
  const { env, project, folder, orchestrator } = opencode
  const other = folder.join("other folder ü")
  mkdirSync(other)
  const place = ["--data-dir", folder.join("openwork"), "--daemon-port", String(await freePort())]
  const daemon = spawn(programs.openwork, ["daemon", "run", "--opencode-workdir", project, ...place, ...orchestrator], {
    env,
    stdio: "ignore",
  })
  const ended = new Promise((resolve) => daemon.on("exit", resolve))
  const ask = async (...parameters: string[]): Promise<Answer> =>
    JSON.parse((await run(programs.openwork, [...parameters, ...place, "--json"], { env })).stdout) as Answer
  try {
    // Until it listens the command would start another daemon, so it is not asked before.
    const url = `http://127.0.0.1:${place.at(-1)}`
    await expect
      .poll(() =>
        fetch(`${url}/health`).then(
          ({ ok }) => ok,
          () => false,
        ),
      )
      .toBe(true)
    const { opencode: server } = await ask("daemon", "status")

    await ask("workspace", "add", project)
    const { workspace } = await ask("workspace", "add", other)
    expect((await ask("workspace", "path", workspace.id)).path).toMatchObject({ directory: other })
    expect(await ask("instance", "dispose", workspace.id)).toMatchObject({ disposed: true })

    expect(await ask("daemon", "stop")).toMatchObject({ ok: true })
    await ended
    await expect.poll(() => isAlive(server.pid)).toBe(false)
  } finally {
    daemon.kill()
  }
})

interface Answer {
  opencode: { pid: number }
  workspace: { id: string }
  path: { directory: string }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
