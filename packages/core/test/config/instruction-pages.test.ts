import { once } from "node:events"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, expect, test } from "vitest"
import { MAX_INSTRUCTION_BYTES } from "../../src/config/instruction-file.ts"
import { createInstructionPages } from "../../src/config/instruction-pages.ts"
import { createRequest } from "../../src/model/request.ts"

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A web server, and pages that come from it by the request function that allows nothing else. */
async function served(answer: RequestListener) {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(request.url ?? "")
    answer(request, response)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const allowedHosts = new Set<string>()
  const request = createRequest({ allowedHosts })
  const clock = { now: 1_000 }
  const pages = createInstructionPages({
    request,
    allowHost: (host) => void allowedHosts.add(host),
    now: () => clock.now,
  })
  closing.push(() => {
    request.close()
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, seen, clock, pages }
}

test("a page is fetched once, whoever asks for it and how often", async () => {
  const { url, seen, pages } = await served((_, response) => response.end("be kind"))
  const found = await Promise.all([pages.get(`${url}/a`), pages.get(`${url}/a`)])
  expect([...found, await pages.get(`${url}/a`)]).toEqual(
    Array.from({ length: 3 }, () => ({ text: "be kind", cut: false })),
  )
  expect(seen).toEqual(["/a"])
})

test("a failure is told without what stands in the query, and tried again later, behind the turn", async () => {
  let isUp = false
  const { url, seen, clock, pages } = await served((_, response) => {
    response.statusCode = isUp ? 200 : 503
    response.end("be kind")
  })
  const address = `${url}/a?key=secret`
  expect(await pages.get(address)).toEqual({ problem: `${url}/a is left out: it answered 503.` })
  isUp = true
  expect(await pages.get(address)).toHaveProperty("problem")
  expect(seen).toHaveLength(1)

  clock.now += 6 * 60_000
  expect(await pages.get(address)).toHaveProperty("problem") // nobody waits for the second try
  await expect.poll(() => pages.get(address)).toEqual({ text: "be kind", cut: false })
  expect(seen).toHaveLength(2)
})

test("a page that is too long is cut, and the rest stays where it is", async () => {
  const { url, pages } = await served((_, response) => response.end("x".repeat(3 * MAX_INSTRUCTION_BYTES)))
  expect(await pages.get(`${url}/a`)).toEqual({ text: "x".repeat(MAX_INSTRUCTION_BYTES), cut: true })
})

test.each<[string, RequestListener, RegExp]>([
  ["bytes that are no text", (_, response) => response.end(Buffer.from([0, 1, 2, 3])), /it is not text/],
  [
    "a redirect to another host",
    (_, response) => response.writeHead(302, { location: "http://example.com/" }).end(),
    /is left out: /,
  ],
  ["a connection that breaks", (request) => request.socket.destroy(), /is left out: /],
])("%s is a problem and not a text", async (_, answer, problem) => {
  const { url, pages } = await served(answer)
  expect(await pages.get(`${url}/a`)).toEqual({ problem: expect.stringMatching(problem) })
})

test("a server that says nothing costs a turn five seconds, once", { timeout: 20_000 }, async () => {
  const { url, pages } = await served(() => {})
  const start = performance.now()
  expect(await pages.get(`${url}/a`)).toEqual({ problem: expect.stringMatching(/within 5 s/) })
  expect(await pages.get(`${url}/a`)).toHaveProperty("problem")
  expect(performance.now() - start).toBeLessThan(9_000)
})
