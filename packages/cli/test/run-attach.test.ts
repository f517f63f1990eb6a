import { connect, createServer, type AddressInfo, type Socket } from "node:net"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { freePort } from "@opencode/testing/free-port.ts"
import { calls, says, script, stalls, thinks } from "@opencode/testing/script.ts"
import { expect, test, vi } from "vitest"
import { openRemoteDoor } from "../src/remote-door.ts"
import { modelScript } from "./shared.ts"

vi.setConfig({ testTimeout: 60_000 })

const PASSWORD = { OPENCODE_SERVER_PASSWORD: "open sesame" }
const elsewhere = { XDG_DATA_HOME: "/nowhere", XDG_CONFIG_HOME: "/nowhere" }

test("run --attach works at the server, and opens no data folder of its own", async () => {
  await using at = await modelScript(script(calls("bash", { command: "pwd" }), says("done")))
  const { url } = await at.serve([])
  const cwd = at.folder.join("home")
  const { stdout, stderr, code } = await at.run(["run", "--attach", url, "go"], { cwd, env: elsewhere })
  expect({ stdout, code }).toEqual({ stdout: "done\n", code: 0 })
  expect(stderr).toContain("✓ bash pwd")
  expect(at.model.heard()).toContain(at.project)
})

test("--dir is a folder of the server's machine", async () => {
  await using at = await modelScript(script(calls("bash", { command: "pwd" }), says("done")), {
    files: { "deep/.keep": "" },
  })
  const { url } = await at.serve([])
  const dir = join(at.project, "deep")
  expect((await at.run(["run", "--attach", url, "--dir", dir, "go"])).code).toBe(0)
  expect(at.model.heard()).toContain(dir)
})

test.each<[string, string[], Record<string, string>]>([
  ["-p", ["-p", "open sesame"], {}],
  ["-p and -u", ["-p", "open sesame", "-u", "opencode"], {}],
  ["the environment", [], PASSWORD],
])("the password comes from %s", async (_, args, env) => {
  await using at = await modelScript(() => says("done"))
  const { url } = await at.serve([], { env: { ...PASSWORD, OPENCODE_SERVER_USERNAME: "opencode" } })
  expect(await at.run(["run", "--attach", url, ...args, "go"], { env })).toMatchObject({ stdout: "done\n", code: 0 })
})

test("a password in the address is taken from it, and printed nowhere", async () => {
  await using at = await modelScript(() => says("done"))
  const { url } = await at.serve([], { env: PASSWORD })
  const named = url.replace("http://", "http://me:open%20sesame@")
  const { stdout, stderr, code } = await at.run(["run", "--attach", named, "go"])
  expect({ stdout, code }).toEqual({ stdout: "done\n", code: 0 })
  expect(stderr).not.toContain("sesame")
})

test.each<[string, string[], number, RegExp]>([
  ["no password", [], 3, /wants a password/],
  ["a wrong password", ["-p", "wrong"], 3, /wants a password/],
])("%s ends with a sentence and a code of its own", async (_, args, code, sentence) => {
  await using at = await modelScript(() => says("never"))
  const { url } = await at.serve([], { env: PASSWORD })
  const run = await at.run(["run", "--attach", url, "--detailed-exit-codes", ...args, "go"])
  expect(run).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(sentence) })
  expect(at.model.requests).toHaveLength(0)
})

test.each([
  ["nobody there", `http://127.0.0.1:${await freePort()}`, /does not answer: ECONNREFUSED/],
  ["an address that is none", "127.0.0.1:4096", /http:\/\/host:port/],
])("%s is told in a sentence", async (_, url, sentence) => {
  await using at = await modelScript(() => says("never"))
  const { code, stderr } = await at.run(["run", "--attach", url, "go"])
  expect(code).toBe(1)
  expect(stderr).toMatch(sentence)
  expect(stderr.trim().split("\n")).toHaveLength(1)
})

/** Takes connections and gives each what it is told to. */
async function strangeServer(connected: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}))
    connected(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test("a server that takes the connection and says nothing is not waited for beyond --timeout", async () => {
  await using server = await strangeServer(() => {})
  await using at = await modelScript(() => says("never"))
  const args = ["run", "--attach", server.url, "--detailed-exit-codes", "--timeout", "1s", "go"]
  const began = performance.now()
  const { code, stderr } = await at.run(args)
  expect({ code, stderr }).toEqual({ code: 5, stderr: "Error: The time was over before the prompt was sent.\n" })
  expect(performance.now() - began).toBeLessThan(9_000)
})

test("a server that says nothing is not waited for without end", async () => {
  await using server = await strangeServer(() => {})
  const opening = openRemoteDoor({ url: server.url, patienceMs: 200 })
  await expect(opening).rejects.toThrow(`${server.url} does not answer: it said nothing for 0.2 s.`)
})

test("a server of something else is told in a sentence", async () => {
  const page = "<p>hello</p>"
  const head = `HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: ${page.length}\r\n\r\n`
  await using server = await strangeServer((socket) => void socket.on("data", () => socket.write(head + page)))
  await using at = await modelScript(() => says("never"))
  const { code, stderr } = await at.run(["run", "--attach", server.url, "go"])
  expect({ code, stderr }).toEqual({ code: 1, stderr: `Error: ${server.url} is no opencode server.\n` })
})

test("a failure inside the server is told, and the conversation goes on", async () => {
  await using server = await strangeServer((socket) => {
    socket.on("data", (request) => {
      const isPath = request.toString().startsWith("GET /path")
      const body = JSON.stringify(isPath ? { directory: "/far" } : { data: { message: "It broke inside." } })
      const status = isPath ? "200 OK" : "500 Internal Server Error"
      socket.write(
        `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      )
    })
  })
  await using at = await modelScript(() => says("never"))
  const { stderr, code } = await at.run(["attach", server.url], { input: "hello\n/help\n" })
  expect(stderr).toMatch(/Error: It broke inside\.[\s\S]*\/exit/)
  expect(code).toBe(0)
})

test("files are sent with what they hold, because the server has other paths", async () => {
  await using at = await modelScript(() => says("done"), { files: { "mine.txt": "what it holds\n", "sub/.keep": "" } })
  const { url } = await at.serve([])
  writeFileSync(join(at.folder.join("home"), "far.txt"), "only here\n")
  const cwd = at.folder.join("home")
  expect((await at.run(["run", "--attach", url, "-f", "far.txt", "look"], { cwd })).code).toBe(0)
  expect(at.model.heard()).toContain("only here")
  const folder = await at.run(["run", "--attach", url, "-f", "sub", "look"])
  expect(folder).toMatchObject({ code: 1, stderr: expect.stringContaining("Name it in the message") })
})

test("what the server's session asks is answered without a person there too", async () => {
  await using at = await modelScript(script(calls("bash", { command: "touch made" }), says("never")), {
    config: { permission: { bash: "ask" } },
  })
  const { url } = await at.serve([])
  const { code, stderr } = await at.run(["run", "--attach", url, "--detailed-exit-codes", "go"])
  expect(code).toBe(6)
  expect(stderr).toContain("touch made")
})

test("Ctrl-C ends the turn at the server", async () => {
  await using at = await modelScript(() => stalls(says("this will never end"), 1))
  const { url } = await at.serve([])
  const run = at.start(["run", "--attach", url, "go"])
  await at.model.received(1)
  run.child.kill("SIGINT")
  expect((await run.finished).code).toBe(130)
  await expect.poll(() => at.model.openConnections()).toBe(0)
})

test("a server that dies under a run ends it, and not with 0", async () => {
  await using at = await modelScript(() => stalls(says("this will never end"), 1))
  const { url, child } = await at.serve([])
  const run = at.start(["run", "--attach", url, "--format", "jsonl", "go"])
  await at.model.received(1)
  child.kill("SIGKILL")
  const { code, stdout } = await run.finished
  expect(code).toBe(1)
  expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({ type: "result", success: false })
})

/** A way to the server that can be cut, as networks are. */
async function breakable(url: string) {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(new URL(url).port), "127.0.0.1")
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.pipe(other)
      one.on("error", () => other.destroy())
      one.on("close", () => other.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    async [Symbol.asyncDispose]() {
      sockets.forEach((socket) => socket.destroy())
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test("a connection that breaks is taken up again, and a question that came meanwhile is answered", async () => {
  await using at = await modelScript(
    ({ number }) =>
      number === 1 ? { ...calls("bash", { command: "touch made" }), delayMs: 1_000 } : says("the whole answer"),
    { config: { permission: { bash: "ask" } } },
  )
  const { url } = await at.serve([])
  await using way = await breakable(url)
  const run = at.start(["run", "--attach", way.url, "--auto", "go"])
  await at.model.received(1)
  way.cut()
  expect(await run.finished).toMatchObject({ stdout: "the whole answer\n", code: 0 })
})

test("--port lets others look in while it works, with the password", async () => {
  await using at = await modelScript(() => stalls(says("this will never end"), 1))
  const run = at.start(["run", "--port", "0", "go"], { env: PASSWORD })
  const said = await run.printed(/Listening on \S+/)
  const url = /Listening on (\S+)/.exec(said)?.[1] ?? ""
  await at.model.received(1)
  expect((await fetch(`${url}/session`)).status).toBe(401)
  const authorization = `Basic ${btoa("me:open sesame")}`
  const sessions = (await (await fetch(`${url}/session`, { headers: { authorization } })).json()) as unknown[]
  expect(sessions).toHaveLength(1)
  run.child.kill("SIGINT")
  expect((await run.finished).code).toBe(130)
})

test("attach takes messages line by line, asks, and goes on in the same session", async () => {
  await using at = await modelScript(
    script(calls("bash", { command: "touch made" }), says("made it"), says("still here")),
    { config: { permission: { bash: "ask" } } },
  )
  const { url } = await at.serve([])
  const { stdout, stderr, code } = await at.run(["attach", url], { input: "make it\ny\nand then?\n/exit\n" })
  expect({ stdout, code }).toEqual({ stdout: "made it\nstill here\n", code: 0 })
  expect(stderr).toContain("bash: touch made")
  const users = at.model.requests.at(-1)?.messages.filter(({ role }) => role === "user")
  expect(users?.map(({ text }) => text)).toEqual(["make it", "and then?"])
})

test("the end of input while something is asked is a no", async () => {
  await using at = await modelScript(script(calls("bash", { command: "touch made" }), says("never")), {
    config: { permission: { bash: "ask" } },
  })
  const { url } = await at.serve([])
  const { stdout, code } = await at.run(["attach", url], { input: "make it\n" })
  expect({ stdout, code }).toEqual({ stdout: "", code: 0 })
  expect(at.model.requests).toHaveLength(1)
})

test("a no with a reason is heard by the model, and a question gets the option that was chosen", async () => {
  const options = [
    { label: "Red", description: "as fire" },
    { label: "Blue", description: "as the sea" },
  ]
  await using at = await modelScript(
    script(
      calls("bash", { command: "touch made" }),
      calls("question", { questions: [{ question: "Which?", header: "Colour", options }] }),
      says("blue it is"),
    ),
    { config: { permission: { bash: "ask" } } },
  )
  const { stdout } = await at.run(["run", "-i", "go"], { input: "no, ask me first\n2\n" })
  expect(stdout).toBe("blue it is\n")
  expect(at.model.requests[1]?.messages.at(-1)?.toolResults[0]?.text).toContain("ask me first")
  expect(at.model.requests[2]?.messages.at(-1)?.toolResults[0]?.text).toContain("Blue")
})

test("attach -c shows what was said, and goes on there", async () => {
  await using at = await modelScript(script(says("first answer"), says("second answer")))
  const { url } = await at.serve([])
  await at.run(["run", "--attach", url, "first question"])
  const { stdout, stderr } = await at.run(["attach", url, "-c"], { input: "second question\n" })
  expect(stderr).toContain("> first question")
  expect(stdout).toBe("first answer\nsecond answer\n")
  const bare = await at.run(["attach", url, "-c", "--no-replay"], { input: "" })
  expect(bare).toMatchObject({ stdout: "", code: 0 })
})

test("a mistake in a line does not end the conversation", async () => {
  await using at = await modelScript(() => says("fine"))
  const { url } = await at.serve([])
  const input = "/no-such-command\n/model nonsense\n/agent biuld\nhello\n/agent build\nhello\n/help\n"
  const { stdout, stderr, code } = await at.run(["attach", url], { input })
  expect({ stdout, code }).toEqual({ stdout: "fine\n", code: 0 })
  expect(stderr).toMatch(/no-such-command[\s\S]*nonsense[\s\S]*biuld[\s\S]*\/exit/)
})

test("--thinking shows what the model thought, beside the answer, and as JSON", async () => {
  await using at = await modelScript(() => thinks("let me see", says("so")), {})
  const plain = await at.run(["run", "--thinking", "go"])
  const json = await at.run(["run", "--thinking", "--format", "json", "go"])
  const without = await at.run(["run", "--format", "json", "go"])
  expect(plain).toMatchObject({ stdout: "so\n", stderr: expect.stringContaining("let me see") })
  expect(json.stdout).toContain('"type":"reasoning"')
  expect(without.stdout).not.toContain('"type":"reasoning"')
})
