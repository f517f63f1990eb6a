import { existsSync, readFileSync } from "node:fs"
import { installation } from "@opencode/testing/command.ts"
import { calls, modelScript, says } from "./shared.ts"
import { expect, test, vi } from "vitest"

test("serve listens when it can answer, says where, and ends on SIGTERM with its children", async () => {
  await using at = installation()
  const server = await at.serve()
  expect(await (await fetch(`${server.url}/global/health`)).json()).toEqual({ healthy: true, version: "1.20.0" })
  server.child.kill("SIGTERM")
  const { stdout, stderr, code } = await server.finished
  expect(stdout).toMatch(/^opencode server listening on http:\/\/127\.0\.0\.1:\d+\n$/)
  expect(stderr).toContain("OPENCODE_SERVER_PASSWORD is not set")
  expect(code).toBe(0)
})

test("a port that is taken ends serve with 1 and the word EADDRINUSE", async () => {
  await using at = installation()
  const first = await at.serve()
  const { code, stderr } = await at.run(["serve", "--port", new URL(first.url).port])
  expect(code).toBe(1)
  expect(stderr).toContain("EADDRINUSE")
})

test.each(["70000", "many", "-1"])("the port %s is refused in a sentence", async (port) => {
  await using at = installation()
  const { code, stderr } = await at.run(["serve", "--port", port])
  expect(code).toBe(1)
  expect(stderr).toMatch(/^error: .*--port .*It has to be/)
})

test("a turn that serve was killed in is closed when its session is opened again", async () => {
  await using at = await modelScript((request) =>
    request.number === 1 ? calls("bash", { command: "touch begun; sleep 30" }) : says("going on"),
  )
  const first = await at.serve()
  const post = (url: string, body: unknown) =>
    fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
  const session = (await (await post(`${first.url}/session`, {})).json()) as { id: string }
  const prompt = { parts: [{ type: "text", text: "go" }] }
  expect((await post(`${first.url}/session/${session.id}/prompt_async`, prompt)).status).toBe(204)
  await vi.waitFor(() => expect(existsSync(`${at.project}/begun`)).toBe(true), { timeout: 20_000 })
  first.child.kill("SIGKILL")
  await first.finished

  const second = await at.serve()
  const messages = (await (await fetch(`${second.url}/session/${session.id}/message`)).json()) as {
    info: { role: string; time: { completed?: number }; error?: { name: string } }
    parts: { type: string; state?: { status: string; error?: string } }[]
  }[]
  expect(messages).toHaveLength(2)
  expect(messages[1]?.info).toMatchObject({
    time: { completed: expect.any(Number) },
    error: { name: "MessageAbortedError" },
  })
  expect(messages[1]?.parts.find((part) => part.type === "tool")?.state).toMatchObject({ status: "error" })
  const answer = await (await post(`${second.url}/session/${session.id}/message`, prompt)).json()
  expect(answer).toMatchObject({ info: { finish: "stop" } })
})

test("serve refuses to be reached from other machines without a password, unless it is told to", async () => {
  await using at = installation()
  const { code, stderr } = await at.run(["serve", "--hostname", "0.0.0.0"])
  expect(code).toBe(1)
  expect(stderr).toContain("OPENCODE_SERVER_PASSWORD")
  expect((await at.serve(["--hostname", "0.0.0.0", "--no-auth"])).url).toMatch(/0\.0\.0\.0/)
  const env = { OPENCODE_SERVER_PASSWORD: "secret" }
  const guarded = await at.serve(["--hostname", "0.0.0.0"], { env })
  const port = new URL(guarded.url).port
  expect((await fetch(`http://127.0.0.1:${port}/global/health`)).status).toBe(401)
})

test("what is done through one server with a session of another one is done by that one", async () => {
  await using at = await modelScript(({ messages }) =>
    messages.at(-1)?.toolResults.length ? says("both heard") : calls("bash", { command: "touch begun; sleep 5" }),
  )
  const [one, two] = [await at.serve(), await at.serve()]
  const post = (url: string, body: unknown) =>
    fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
  const prompt = (text: string) => ({ parts: [{ type: "text", text }] })
  const { id } = (await (await post(`${one.url}/session`, {})).json()) as { id: string }
  await post(`${one.url}/session/${id}/prompt_async`, prompt("go"))
  await vi.waitFor(() => expect(existsSync(`${at.project}/begun`)).toBe(true), { timeout: 20_000 })

  expect(await (await fetch(`${two.url}/session/status`)).json()).toEqual({ [id]: { type: "busy" } })
  const answer = post(`${two.url}/session/${id}/message`, prompt("and this"))
  const messages = async () => (await (await fetch(`${one.url}/session/${id}/message`)).json()) as unknown[]
  await vi.waitFor(async () => expect(await messages()).toHaveLength(3), { timeout: 20_000 })
  expect(await (await post(`${two.url}/session/${id}/abort`, {})).json()).toBe(true)
  expect(await (await answer).json()).toMatchObject({ info: { error: { name: "MessageAbortedError" } } })
  expect(await (await fetch(`${one.url}/session/status`)).json()).toEqual({})
  expect(await (await fetch(`${two.url}/session/${id}`, { method: "DELETE" })).json()).toBe(true)
  expect((await fetch(`${one.url}/session/${id}`)).status).toBe(404)
})

test("a run beside a server takes over nothing that lives, and one in the server's session is answered there", async () => {
  await using at = await modelScript(({ messages }) => {
    if (messages.some(({ text }) => text === "alone")) return says("answered alone")
    if (messages.some(({ toolResults }) => toolResults.length)) return says("answered by the server")
    return calls("bash", { command: "echo ran >> ran; until [ -e enough ]; do sleep 0.05; done" })
  })
  const server = await at.serve()
  const post = (url: string, body: unknown) =>
    fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
  const { id } = (await (await post(`${server.url}/session`, {})).json()) as { id: string }
  const answer = post(`${server.url}/session/${id}/message`, { parts: [{ type: "text", text: "go" }] })
  await vi.waitFor(() => expect(existsSync(`${at.project}/ran`)).toBe(true), { timeout: 20_000 })

  expect(await at.run(["run", "alone"])).toMatchObject({ code: 0, stdout: expect.stringContaining("answered alone") })
  const joining = at.start(["run", "-s", id, "me too"])
  const messages = async () => (await (await fetch(`${server.url}/session/${id}/message`)).json()) as unknown[]
  await vi.waitFor(async () => expect(await messages()).toHaveLength(3), { timeout: 20_000 })
  at.folder.write({ "project/enough": "" })

  const end = await joining.finished
  expect(end).toMatchObject({ code: 0, stdout: expect.stringContaining("answered by the server") })
  expect(await (await answer).json()).toMatchObject({ info: { finish: "stop" } })
  expect(readFileSync(`${at.project}/ran`, "utf8")).toBe("ran\n")
})
