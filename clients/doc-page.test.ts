import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { installation } from "@opencode/testing/command.ts"
import { expect, test } from "vitest"

/** How long the page may work, in its own time. */
const BUDGET_MS = 3_000

test("a browser shows the API page, and the few lines that it runs are let run", async () => {
  await using opencode = installation()
  const { url, child } = await opencode.serve()
  const options = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${opencode.folder.join("browser")}`]
  const { stdout } = await promisify(execFile)("chromium", [
    ...options,
    `--virtual-time-budget=${BUDGET_MS}`,
    "--dump-dom",
    `${url}/doc#get-session-sessionid`,
  ])
  child.kill()

  // Opened by the page itself, because the address names it.
  const opened = [...stdout.matchAll(/<details class="call" id="([^"]*)" open="">/g)].map(([, id]) => id)
  expect(opened).toEqual(["get-session-sessionid"])
})
