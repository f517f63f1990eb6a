import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { calls, says, script } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

/** Redirects to the same machine under another name, which is another host to the rules. */
async function redirecting() {
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo
    if (request.url === "/") response.writeHead(302, { location: `http://127.0.0.2:${port}/there` }).end()
    else response.writeHead(200, { "content-type": "text/plain" }).end("found")
  })
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test("what only shows while a call runs is asked, and the call goes on with the answer", async () => {
  await using s = await redirecting()
  await using w = await world({ model: script(calls("webfetch", { url: s.url }), says("read")) })
  const turn = w.prompt("go")
  const first = await w.asked("private_address")
  expect(first).toMatchObject({ patterns: [`127.0.0.1:${s.port}`], lasting: [`127.0.0.1:${s.port}`] })
  first.once()
  const second = await w.asked("private_address")
  expect(second.patterns).toEqual([`127.0.0.2:${s.port}`])
  second.once()
  await turn
  expect(await w.calls()).toMatchObject([{ state: { status: "completed", output: "found" } }])
})

test("a plain no to it ends the turn, one with words does not", async () => {
  await using s = await redirecting()
  await using w = await world({
    model: script(
      calls("webfetch", { url: s.url }),
      says("understood"),
      calls("webfetch", { url: s.url }),
      says("never"),
    ),
  })
  for (const reason of ["use the cache", undefined]) {
    const turn = w.prompt("go")
    ;(await w.asked("private_address")).once()
    ;(await w.asked("private_address")).reject(reason)
    await turn
  }
  expect(w.model.heard()).toContain("use the cache")
  expect(w.model.requests).toHaveLength(3)
  expect(await w.calls()).toMatchObject([{ state: { status: "error" } }, { state: { status: "error" } }])
})

test("a rule that denies is not asked about, in the middle of a call either", async () => {
  await using s = await redirecting()
  await using w = await world({
    permission: { private_address: { "127.0.0.1:*": "allow", "127.0.0.2:*": "deny" } },
    model: script(calls("webfetch", { url: s.url }), says("so be it")),
  })
  await w.prompt("go")
  expect(w.events.filter(({ type }) => type === "permission.asked")).toEqual([])
  expect(w.model.heard()).toContain("rule which prevents you")
})
