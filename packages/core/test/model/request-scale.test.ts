import { once } from "node:events"
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { createGzip, gzipSync } from "node:zlib"
import { expect, onTestFinished, test } from "vitest"
import { createRequest } from "@opencode/core/model/request.ts"
import { readParts } from "@opencode/core/model/wire/part-reader.ts"

// Nothing that a provider sends may fill the memory. The bound is the project's for all such tests.
const MAX_GROWTH_BYTES = 100 * 1024 * 1024
const MEGABYTE = 1024 * 1024

async function serve(answer: (path: string, response: ServerResponse) => void) {
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => answer(request.url ?? "", response))
  server.on("connection", (socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const request = createRequest()
  onTestFinished(() => {
    request.close()
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, request, sockets }
}

/** Writes the block for ever, as fast as it is read. */
function flood(response: NodeJS.WritableStream & { destroyed?: boolean }, block: Buffer | string): void {
  const more = (): void => {
    if (response.destroyed) return
    if (response.write(block)) setImmediate(more)
    else response.once("drain", more)
  }
  more()
}

async function growthOf(action: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage().rss
  let peak = before
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 5)
  await action()
  clearInterval(watch)
  return peak - before
}

/** Reads an answer as the model's stream is read, and counts the events. */
async function events(body: Parameters<typeof readParts>[0]): Promise<number> {
  let count = 0
  const parts = readParts(body, (emit) => ({
    event: () => {
      count++
      emit({ type: "text-delta", id: "0", delta: "x" })
    },
    end() {},
  }))
  for await (const _ of parts);
  return count
}

test("a gzip bomb is refused at the size that comes out of it", async () => {
  // 1 GB of zeros in 1 MB.
  const bomb = gzipSync(Buffer.alloc(64 * MEGABYTE))
  const { url, request, sockets } = await serve((_, response) => {
    response.writeHead(200, { "content-encoding": "gzip" })
    flood(response, bomb)
  })
  const growth = await growthOf(async () => {
    await expect((await request(url)).text()).rejects.toMatchObject({ reason: "too_large" })
  })
  expect(growth).toBeLessThan(MAX_GROWTH_BYTES)
  await expect.poll(() => sockets.size).toBe(0)
})

test("a compression that nobody asked for and we cannot read is said, not shown as an answer", async () => {
  const { url, request, sockets } = await serve((path, response) => {
    response.writeHead(200, { "content-encoding": path.slice(1) }).end("bytes")
  })
  for (const encoding of ["zstd", "gzip,%20gzip"])
    await expect(request(`${url}/${encoding}`)).rejects.toMatchObject({ reason: "encoding" })
  await expect.poll(() => sockets.size).toBe(0)
})

test("broken compression is an error of the answer", async () => {
  const { url, request } = await serve((_, response) => {
    response.writeHead(200, { "content-encoding": "gzip" }).end("this is not gzip")
  })
  await expect((await request(url)).text()).rejects.toMatchObject({ reason: "encoding" })
})

test.each([
  ["plain", false],
  ["compressed", true],
])("an event without end is given up, %s, and its connection ended", async (_, isCompressed) => {
  const { url, request, sockets } = await serve((_path, response) => {
    response.writeHead(200, isCompressed ? { "content-encoding": "gzip" } : {})
    const out = isCompressed ? createGzip() : response
    if (out !== response) out.pipe(response)
    out.write("data: ")
    flood(out, "x".repeat(64 * 1024))
    response.on("close", () => out.destroy())
  })
  const growth = await growthOf(async () => {
    await expect(events(await request(url))).rejects.toThrow("The answer has an event without end.")
  })
  expect(growth).toBeLessThan(MAX_GROWTH_BYTES)
  await expect.poll(() => sockets.size).toBe(0)
})

test("an event of 10 MB in one line is read, in bounded memory", async () => {
  const line = `data: ${"x".repeat(10 * MEGABYTE)}\n\n`
  const { url, request } = await serve((_, response) => void response.end(line))
  let count = 0
  const growth = await growthOf(async () => {
    count = await events(await request(url))
  })
  expect(count).toBe(1)
  expect(growth).toBeLessThan(MAX_GROWTH_BYTES)
})
