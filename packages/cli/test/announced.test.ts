import { execFile, spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { installation } from "@opencode/testing/command.ts"
import { expect, test } from "vitest"

const BIN = fileURLToPath(new URL("../bin/opencode.mjs", import.meta.url))
const PORT = "4911"
/** Until a machine that has other things to do is given up. */
const DEADLINE_MS = 50_000
/** Of a network that ends at this machine's edge. */
const ALONE = ["--map-root-user", "--net", "sh", "-c"]
const canBeAlone = spawnSync("unshare", [...ALONE, "ip link set lo up"]).status === 0

/** What stands in the network, as another program of it sees it. Prints one line of JSON. */
const LOOK = `
  import { Bonjour } from "bonjour-service"
  import { request } from "node:http"
  const status = (host) => new Promise((resolve, reject) =>
    request({ host: "127.0.0.1", port: ${PORT}, path: "/global/health", headers: { host } }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    }).on("error", reject).end())
  const station = new Bonjour({ interface: "127.0.0.1", bind: "0.0.0.0" })
  const browser = station.find({ type: "http" })
  const found = await new Promise((resolve) => browser.on("up", resolve))
  const { name, host, port } = found
  const statuses = [await status("box.local:${PORT}"), await status("opencode.local"), await status("evil.example")]
  process.kill(Number(process.env.SERVER), "SIGTERM")
  await new Promise((resolve) => browser.on("down", resolve))
  console.log(JSON.stringify({ name, host, port, statuses }))
  process.exit()
`

test.skipIf(!canBeAlone)("serve --mdns is announced, answers by that name, and takes its leave", async () => {
  await using at = installation()
  const script = [
    "ip link set lo up",
    `"$NODE" "$BIN" serve --mdns --mdns-domain box.local --no-auth --port ${PORT} >"$TMPDIR/out" 2>"$TMPDIR/err" &`,
    "export SERVER=$!",
    `until grep -q Announced "$TMPDIR/err"; do kill -0 $SERVER || exit 1; sleep 0.05; done`,
    `(cd "$PLACE" && "$NODE" --input-type=module -e "$LOOK")`,
    "wait $SERVER",
    `cat "$TMPDIR/out" "$TMPDIR/err"`,
  ]
  const env = {
    ...at.env,
    NODE: process.execPath,
    BIN,
    LOOK,
    PLACE: fileURLToPath(new URL(".", import.meta.url)),
  }
  const options = { env, cwd: at.project, timeout: DEADLINE_MS }
  const { stdout } = await promisify(execFile)("unshare", [...ALONE, script.join("\n")], options)
  const [seen, ...said] = stdout.trim().split("\n")
  expect(JSON.parse(seen ?? "")).toEqual({
    name: `opencode-${PORT}`,
    host: "box.local",
    port: Number(PORT),
    statuses: [200, 403, 403],
  })
  expect(said).toEqual([
    `opencode server listening on http://0.0.0.0:${PORT}`,
    "Warning: OPENCODE_SERVER_PASSWORD is not set; server is unsecured.",
    `Announced in the local network as http://box.local:${PORT}`,
  ])
})

test("what cannot be announced without letting strangers in is refused", async () => {
  await using at = installation({ config: { server: { mdns: true } } })
  const { code, stderr, stdout } = await at.run(["serve"])
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" })
  expect(stderr).toMatch(/mDNS announces.*OPENCODE_SERVER_PASSWORD/)
})

test("every page may call only with a password, or when a person says so", async () => {
  await using at = installation()
  const { code, stderr } = await at.run(["serve", "--cors", "*"])
  expect(code).toBe(1)
  expect(stderr).toContain("--cors '*'")
  const { url } = await at.serve(["--cors", "*"], { env: { OPENCODE_SERVER_PASSWORD: "secret" } })
  expect((await fetch(`${url}/global/health`)).status).toBe(401)
})
