import { deferred } from "@opencode/core/lib/deadline.ts"
import { silentLog } from "@opencode/core/lib/log.ts"
import { freePort } from "@opencode/testing/free-port.ts"
import { expect, test } from "vitest"
import { fetchOf, isSource, type Handle } from "../src/exchange.ts"
import { listen } from "../src/listen.ts"
import { settledOrSlow } from "../src/slow.ts"

const slowly =
  (data: Promise<unknown>): Handle =>
  async () => {
    const body = await settledOrSlow(data, { patienceMs: 1, beatMs: 5 })
    return {
      status: 200,
      headers: { "content-type": "application/json" },
      body: isSource(body) ? body : JSON.stringify(body),
    }
  }

test("data that comes soon is taken as it is, and a failure keeps its status", async () => {
  expect(await settledOrSlow(Promise.resolve({ a: 1 }))).toEqual({ a: 1 })
  await expect(settledOrSlow(Promise.reject(new Error("no")))).rejects.toThrow("no")
})

test("an answer that takes long begins at once, shows life and ends as JSON", async () => {
  const data = deferred<unknown>()
  const app = { handle: slowly(data.promise), close() {} }
  const listening = await listen({ app, log: silentLog, port: await freePort() })
  const response = await fetch(listening.url)
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ""
  while (text.length < 3) text += (await reader.read()).value
  data.resolve({ said: "late" })
  for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value
  expect(text).toMatch(/^ {3,}\{/)
  expect(JSON.parse(text)).toEqual({ said: "late" })
  await listening.close()
})

test("the same without a socket", async () => {
  const data = deferred<unknown>()
  const response = await fetchOf(slowly(data.promise))(new Request("http://localhost/"))
  data.resolve({ said: "late" })
  expect(await response.json()).toEqual({ said: "late" })
})

test.each([
  ["a client that keeps its connection", {}],
  ["a client that wants it closed, and so would take its end for the end of the answer", { connection: "close" }],
])("a late failure breaks off instead of looking like an answer to %s", async (_, headers) => {
  const data = deferred<unknown>()
  const app = { handle: slowly(data.promise), close() {} }
  const listening = await listen({ app, log: silentLog, port: await freePort() })
  const response = await fetch(listening.url, { headers })
  data.reject(new Error("no"))
  await expect(response.text()).rejects.toThrow()
  await listening.close()
})
