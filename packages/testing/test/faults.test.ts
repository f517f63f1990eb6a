import { APICallError } from "@ai-sdk/provider"
import { describe, expect, test } from "vitest"
import { modelServer } from "../src/model-server.ts"
import type { Reply } from "../src/script.ts"
import {
  calls,
  cuts,
  emptyStream,
  fails,
  failsMidway,
  html,
  malformed,
  neverAnswers,
  overflows,
  overloaded,
  rateLimited,
  says,
  stalls,
  unauthorized,
} from "../src/script.ts"
import { WIRES, ask, failureOf, modelOf, only, stream, textIn } from "./drive.ts"

const long = says("one two three four", { chunks: ["one ", "two ", "three ", "four"] })

describe.each(WIRES)("on the %s wire", (wire) => {
  const statuses: [string, Reply, number, RegExp, boolean][] = [
    ["a rate limit", rateLimited({ retryAfter: 2 }), 429, /rate.limit/i, true],
    ["an overload", overloaded(), wire === "openai" ? 503 : 529, /overloaded/i, true],
    ["an overflow", overflows(), 400, /context_length_exceeded|prompt is too long/, false],
    ["a wrong key", unauthorized(), 401, /api.key/i, false],
    ["any status", fails(500, { message: "the engine fell off" }), 500, /the engine fell off/, true],
  ]
  test.each(statuses)("%s is the provider's own error", async (_, reply, statusCode, body, isRetryable) => {
    await using server = await modelServer({ script: [reply] })
    const error = await failureOf(stream(wire, server.url))
    expect(APICallError.isInstance(error)).toBe(true)
    expect(error).toMatchObject({ statusCode, isRetryable })
    expect((error as APICallError).responseBody).toMatch(body)
    // The provider understood the shape: its message is the one in the body, not the status text.
    expect((error as APICallError).responseBody).toContain((error as APICallError).message)
  })

  test("a rate limit says when to come back, in both headers", async () => {
    await using server = await modelServer({
      script: [rateLimited({ retryAfter: 7 }), rateLimited({ retryAfterMs: 40 })],
    })
    const heard = async () => ((await failureOf(stream(wire, server.url))) as APICallError).responseHeaders
    expect(await heard()).toMatchObject({ "retry-after": "7" })
    expect(await heard()).toMatchObject({ "retry-after-ms": "40" })
  })

  test.each([0, 2, 99])("a cut after %i chunks is an error after exactly those", async (after) => {
    await using server = await modelServer({ script: [cuts(long, after)] })
    const parts: string[] = []
    const read = async () => {
      const { stream } = await modelOf(wire, server.url).doStream(ask("go"))
      for await (const part of stream) if (part.type === "text-delta") parts.push(part.delta)
    }
    await expect(read()).rejects.toThrow()
    expect(parts).toEqual(["one ", "two ", "three ", "four"].slice(0, after))
  })

  test("a cut inside a call leaves it without an end", async () => {
    await using server = await modelServer({
      script: [cuts(calls("bash", {}, { chunks: [`{"comm`, `and":"ls"}`] }), 1)],
    })
    const seen: string[] = []
    const read = async () => {
      const { stream } = await modelOf(wire, server.url).doStream(ask("go"))
      for await (const part of stream) seen.push(part.type)
    }
    await expect(read()).rejects.toThrow()
    expect(seen).toContain("tool-input-start")
    expect(seen).not.toContain("tool-call")
  })

  test("a stall sends its chunks and then holds the connection until the client leaves", async () => {
    await using server = await modelServer({ script: [stalls(long, 2)] })
    const leave = new AbortController()
    const { stream } = await modelOf(wire, server.url).doStream({ ...ask("go"), abortSignal: leave.signal })
    const reader = stream.getReader()
    let text = ""
    while (text !== "one two ") {
      const { value } = await reader.read()
      if (value?.type === "text-delta") text += value.delta
    }
    expect(server.openConnections()).toBe(1)
    const next = failureOf(reader.read())
    leave.abort()
    expect(await next).toMatchObject({ name: "AbortError" })
    await expect.poll(() => server.openConnections()).toBe(0)
  })

  test("a server that never answers is heard, and ends with close", async () => {
    const server = await modelServer({ script: [neverAnswers()] })
    const asked = failureOf(stream(wire, server.url))
    await server.received(1)
    expect(server.openConnections()).toBe(1)
    await server.close()
    expect(await asked).toBeInstanceOf(Error)
  })

  test("a broken frame is an error part in the middle, and the text around it arrives", async () => {
    await using server = await modelServer({ script: [malformed(long)] })
    const parts = await stream(wire, server.url)
    expect(only(parts, "error")).toHaveLength(1)
    expect(textIn(parts, "text-delta")).toBe("one two three four")
  })

  test("an error event after some text is an error part", async () => {
    await using server = await modelServer({ script: [failsMidway(long, 2)] })
    const parts = await stream(wire, server.url)
    expect(textIn(parts, "text-delta")).toBe("one two ")
    expect(JSON.stringify(only(parts, "error")[0])).toMatch(/overloaded/i)
  })

  test.each([
    ["a web page", html()],
    ["an empty stream", emptyStream()],
  ])("%s never looks like an answer", async (_, reply) => {
    await using server = await modelServer({ script: [reply] })
    const outcome = await stream(wire, server.url).catch((error: unknown) => error)
    if (!Array.isArray(outcome)) return expect(outcome).toBeInstanceOf(Error)
    expect(textIn(outcome, "text-delta")).toBe("")
    expect(only(outcome, "finish")[0]?.finishReason.unified).not.toBe("stop")
  })

  test.each([
    ["cut", cuts(long, 1)],
    ["malformed", malformed(long)],
    ["error", failsMidway(long, 1)],
  ])("without a stream, %s spoils the body", async (_, reply) => {
    await using server = await modelServer({ script: [reply] })
    await expect(modelOf(wire, server.url).doGenerate(ask("go"))).rejects.toThrow()
  })
})
