import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { installation } from "@opencode/testing/command.ts"
import { calls, says, script } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { modelScript } from "./shared.ts"

const idIn = (text: string): string => /ses_\w+/.exec(text)?.[0] ?? ""

test("a session exported in one data folder and imported in another has the same transcript, and runs on", async () => {
  await using here = await modelScript(
    script(calls("bash", { command: "echo planted" }), says("found \u202e\u001b[31m it")),
  )
  await using there = await modelScript(script(says("going on")))
  await here.run(["run", "--title", "A talk", "look"])
  const exported = await here.run(["export"])
  expect(exported.stdout).not.toContain("\u202e")
  const sessionID = idIn(exported.stderr)
  expect(exported).toMatchObject({ code: 0, stderr: `Exporting session: ${sessionID}\n` })
  const file = JSON.parse(exported.stdout)
  expect(file).toMatchObject({ info: { id: sessionID, title: "A talk", directory: here.project } })
  expect(JSON.stringify(file)).toContain("found \u202e\\u001b[31m it")

  there.folder.write({ "project/talk.json": exported.stdout })
  expect(await there.run(["import", "talk.json"])).toEqual({
    code: 0,
    stdout: `Imported session: ${sessionID}\n`,
    stderr: "",
  })
  const again = JSON.parse((await there.run(["export", sessionID])).stdout)
  expect(again.messages).toEqual(file.messages)
  expect(again.info).toMatchObject({ title: "A talk", directory: there.project })
  expect((await there.run(["run", "-s", sessionID, "go on"])).stdout).toBe("going on\n")
  expect(there.model.heard()).toContain("planted")

  const twice = await there.run(["import", "talk.json"])
  expect(twice.stderr).toContain(sessionID)
  expect(idIn(twice.stdout)).not.toBe(sessionID)
})

test("--sanitize leaves out what was said, run and seen", async () => {
  await using at = await modelScript(script(calls("bash", { command: "echo planted" }), says("planted answer")))
  await at.run(["run", "planted prompt"])
  const { stdout, code } = await at.run(["export", "--sanitize"])
  expect(code).toBe(0)
  for (const secret of ["planted", at.project, at.env.HOME ?? ""]) expect(stdout).not.toContain(secret)
  expect(stdout).toContain("[redacted:tool-output:prt_")
})

test("run --share prints the address of a page that has the whole run, and import reads it as file and from a host", async () => {
  await using at = await modelScript(script(says("the shared answer")))
  const { stderr, code } = await at.run(["run", "--share", "go"])
  expect(code).toBe(0)
  const address = /Shared: (\S+)/.exec(stderr)?.[1] ?? ""
  const page = readFileSync(fileURLToPath(address), "utf8")
  expect(page).toContain("the shared answer")

  const server = createServer((_, response) => void response.setHeader("content-type", "text/html").end(page))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  try {
    for (const source of [address, `http://127.0.0.1:${port}/talk.html`]) {
      await using elsewhere = installation()
      const { stdout } = await elsewhere.run(["import", source])
      expect(JSON.parse((await elsewhere.run(["export", idIn(stdout)])).stdout).messages).toHaveLength(2)
    }
  } finally {
    server.close()
  }
})

test.each([
  [["export"], "There is no session in this folder to export."],
  [["export", "ses_nope"], "Session not found: ses_nope"],
  [["export", "nope"], "Session not found: nope"],
  [["import", "nowhere.json"], "File not found: nowhere.json"],
  [["import", "."], "File not found: ."],
  [["import", "text"], "text is neither JSON nor a shared page."],
  [["import", "http://127.0.0.1:1/page"], "127.0.0.1:1 does not answer: connect ECONNREFUSED 127.0.0.1:1"],
  [["import", "page.html"], "page.html is a page without a session in it."],
])("%j fails with 1 and a sentence", async (args, sentence) => {
  await using at = installation({ files: { text: "hello", "page.html": "<html></html>" } })
  expect(await at.run(args)).toEqual({ stdout: "", stderr: `Error: ${sentence}\n`, code: 1 })
})

test("what is no session is refused with what is wrong, and nothing is made", async () => {
  await using at = installation({ files: { "bad.json": "{}" } })
  const { stdout, stderr, code } = await at.run(["import", "bad.json"])
  expect({ stdout, code }).toEqual({ stdout: "", code: 1 })
  expect(stderr).toMatch(/^Error: .*info/s)
  expect((await at.run(["session", "list"])).stdout).toBe("")
})

test("run --share is refused before anything is asked where sharing is disabled", async () => {
  await using at = await modelScript(script(says("never")), { config: { share: "disabled" } })
  const { stderr, code } = await at.run(["run", "--share", "go"])
  expect({ stderr, code }).toEqual({ stderr: "Error: Sharing is disabled by the configuration.\n", code: 1 })
  expect(at.model.requests).toHaveLength(0)
})

test("run --fork goes on in a copy and leaves the session as it is", async () => {
  await using at = await modelScript(() => says("ok"))
  await at.run(["run", "--title", "mine", "first"])
  expect((await at.run(["run", "-c", "--fork", "second"])).code).toBe(0)
  expect(at.model.heard()).toContain("first")
  const sessions = JSON.parse((await at.run(["session", "list", "--format", "json"])).stdout) as { title: string }[]
  expect(sessions.map(({ title }) => title)).toEqual(["mine (fork #1)", "mine"])
  const alone = await at.run(["run", "--fork", "third"])
  expect(alone).toMatchObject({ code: 1, stderr: expect.stringContaining("--session or --continue") })
})
