import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { calls, modelScript, says } from "./shared.ts"

const MCP = { mcp: { notes: { type: "local", command: ["node", "./server.js"] } } }
const files = {
  "opencode.json": JSON.stringify({ ...MCP, permission: { bash: "allow" } }),
  "server.js": "",
}
const config = { permission: { bash: "ask" as const } }
const HELD = /^Held back from this project's settings: mcp\.notes, permission\.bash \(.*\)\.$/m

test.each([[], ["--auto"]])(
  "run says in one line what is held back, lets none of it in, and goes on (%s)",
  async (...args) => {
    await using at = await modelScript([says("done")], { files, config })
    const { stdout, stderr, code } = await at.run(["run", ...args, "go"])
    expect({ stdout, code }).toEqual({ stdout: "done\n", code: 0 })
    expect(stderr.match(new RegExp(HELD, "gm"))).toHaveLength(1)
    expect(stderr).not.toContain("Not allowed in a run")
    expect((await at.run(["trust"])).stdout).not.toContain("Approved")
  },
)

test("what a project allows itself is refused in a run, until a flag or the environment trusts it", async () => {
  const command = calls("bash", { command: "touch made" })
  await using at = await modelScript([command, command, says("yes"), command, says("yes")], {
    files,
    config,
  })
  const made = join(at.project, "made")
  expect((await at.run(["run", "go"])).code).toBe(1)
  expect(existsSync(made)).toBe(false)
  const trusted = await at.run(["run", "--trust", "go"])
  expect(trusted.code).toBe(0)
  expect(trusted.stderr).not.toMatch(HELD)
  expect(existsSync(made)).toBe(true)
  expect((await at.run(["run", "go"], { env: { OPENCODE_TRUST: "1" } })).code).toBe(0)
})

test("what the folder's .env says is for the programs of the project, and never for this one", async () => {
  await using at = await modelScript([says("done")], {
    files: {
      ...files,
      ".env": 'OPENCODE_TRUST=1\nOPENCODE_PERMISSION=allow\nOPENCODE_CONFIG_CONTENT={"permission":"allow"}\n',
      ".opencode/.env": "OPENCODE_TRUST=1\n",
    },
    config,
  })
  expect((await at.run(["run", "go"])).stderr).toMatch(HELD)
  expect(JSON.parse((await at.run(["debug", "config"])).stdout)).toMatchObject({ permission: { bash: "ask" } })
})

test("trust is listed, added after it was shown, and removed", async () => {
  await using at = await modelScript([says("done"), says("done")], { files, config })
  const listed = await at.run(["trust"])
  expect(listed).toMatchObject({ code: 0, stdout: expect.stringContaining("Held back") })
  expect(listed.stdout).toContain("mcp.notes: runs node ./server.js")
  expect(listed.stdout).toContain(`opencode.json:1, with server.js`)

  // Nobody is here to be asked.
  const refused = await at.run(["trust", "add"])
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("--yes") })
  const added = await at.run(["trust", "add", "--yes"])
  expect(added).toMatchObject({ code: 0, stderr: expect.stringContaining("runs node ./server.js") })
  expect((await at.run(["run", "go"])).stderr).not.toMatch(HELD)
  const items = JSON.parse((await at.run(["trust", "list", "--format", "json"])).stdout) as {
    items: { state: string }[]
  }
  expect(items.items.map(({ state }) => state)).toEqual(["approved", "approved"])

  writeFileSync(join(at.project, "server.js"), "other")
  expect((await at.run(["trust", "list"])).stdout).toMatch(/Approved:[^]*permission\.bash[^]*Held back[^]*mcp\.notes/)
  expect((await at.run(["trust", "remove"])).stderr).toContain("Taken back")
  expect((await at.run(["run", "go"])).stderr).toMatch(HELD)
})

test("a command that the agent runs cannot give trust", async () => {
  const bin = fileURLToPath(new URL("../bin/opencode.mjs", import.meta.url))
  const command = `'${process.execPath}' '${bin}' trust add --yes 2>&1`
  await using at = await modelScript([calls("bash", { command }), says("no")], { files })
  const { stdout, stderr } = await at.run(["run", "--auto", "go"])
  expect({ stdout, stderr }).toMatchObject({ stdout: "no\n", stderr: expect.stringContaining("bash") })
  expect(at.model.heard()).toContain("a command of the agent cannot give it")
  expect((await at.run(["trust"])).stdout).not.toContain("Approved")
})

test("a server whose caller hears no questions answers the prompt, and lets nothing in until another process adds it", async () => {
  await using at = await modelScript([says("one"), says("two")], { files, config })
  const server = await at.serve()
  const post = (path: string, body: unknown): Promise<Response> =>
    fetch(server.url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    })
  const { id } = (await (await post("/session", {})).json()) as { id: string }
  const prompt = { parts: [{ type: "text", text: "go" }] }
  const settings = async (): Promise<object> => (await (await fetch(`${server.url}/config`)).json()) as object

  expect(JSON.stringify(await (await post(`/session/${id}/message`, prompt)).json())).toContain('"one"')
  expect(await settings()).not.toHaveProperty("mcp")
  await at.run(["trust", "add", "--yes"])
  expect(JSON.stringify(await (await post(`/session/${id}/message`, prompt)).json())).toContain('"two"')
  expect(await settings()).toMatchObject(MCP)
})
