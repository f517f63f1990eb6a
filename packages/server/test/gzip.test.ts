import { gunzipSync } from "node:zlib"
import { expect, test } from "vitest"
import type { Outgoing } from "../src/exchange.ts"
import { compressed } from "../src/gzip.ts"

const answer = (body: Outgoing["body"], headers: Record<string, string> = {}): Outgoing => ({
  status: 200,
  headers: { "content-type": "application/json", ...headers },
  ...(body === undefined ? {} : { body }),
})
/** Too much to be zipped at once. */
const LONG = JSON.stringify(Array.from({ length: 20_000 }, (_, n) => `number ${n}`))

test.each([
  ["gzip", true],
  ["GZip", true],
  ["br, gzip", true],
  ["gzip;q=0.001", true],
  ["identity;q=0, gzip ; q=1", true],
  ["gzip;q=0", false],
  ["gzip; q=0.000 ", false],
  ["gzip;q=1;q=0", false],
  ["x-gzip", false],
  ["identity", false],
  ["", false],
  [undefined, false],
])("who accepts %j is told so, zipped or not", async (accepted, isZipped) => {
  const { headers } = await compressed(answer(LONG, { vary: "Origin" }), accepted)
  expect(headers["content-encoding"]).toBe(isZipped ? "gzip" : undefined)
  expect(headers.vary).toBe(isZipped ? "Origin, Accept-Encoding" : "Origin")
})

test("the same bytes are zipped once, also when many ask at the same time", async () => {
  const bytes = Buffer.from(LONG)
  const zipped = await Promise.all([1, 2, 3].map(async () => (await compressed(answer(bytes), "gzip")).body))
  expect(gunzipSync(zipped[0] as Uint8Array).toString()).toBe(LONG)
  expect(zipped.map((one) => one === zipped[0])).toEqual([true, true, true])
  expect((await compressed(answer(Buffer.from(LONG)), "gzip")).body).not.toBe(zipped[0])
})

test("a stream, a picture and an empty answer stay as they are", async () => {
  const source = { open: () => undefined, take: () => "", close: () => undefined }
  for (const one of [answer(source), answer(Buffer.from(LONG), { "content-type": "image/png" }), answer(undefined)])
    expect(await compressed(one, "gzip")).toBe(one)
})
