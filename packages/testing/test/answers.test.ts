import { describe, expect, test } from "vitest"
import { modelServer } from "../src/model-server.ts"
import type { Answer, Finish } from "../src/script.ts"
import { badToolJson, calls, callsMany, deltaCount, says, script, streams, thinks } from "../src/script.ts"
import { anthropic } from "../src/wire-anthropic.ts"
import { openai } from "../src/wire-openai.ts"
import { WIRES, ask, modelOf, only, stream, textIn } from "./drive.ts"

const usage = { input: 70, output: 30, cacheRead: 20, cacheWrite: 10, reasoning: 12 }

describe.each(WIRES)("the %s wire", (wire) => {
  test("streams text in small pieces and says why it stopped", async () => {
    await using server = await modelServer({ script: [says("The quick brown fox jumps over the dog.")] })
    const parts = await stream(wire, server.url)

    expect(textIn(parts, "text-delta")).toBe("The quick brown fox jumps over the dog.")
    expect(only(parts, "text-delta").length).toBeGreaterThan(2)
    expect(only(parts, "finish")[0]).toMatchObject({ finishReason: { unified: "stop" } })
    expect(server.unexpected).toEqual([])
  })

  test("streams reasoning before the answer", async () => {
    await using server = await modelServer({
      script: [thinks("First I look around.", says("Done."), { signature: "c2ln" })],
    })
    const parts = await stream(wire, server.url)

    expect(textIn(parts, "reasoning-delta")).toBe("First I look around.")
    expect(textIn(parts, "text-delta")).toBe("Done.")
    const order = parts.map((part) => part.type)
    expect(order.indexOf("reasoning-start")).toBeLessThan(order.indexOf("text-start"))
    const signed = parts.some((part) => JSON.stringify(part).includes(`"signature":"c2ln"`))
    expect(signed).toBe(wire === "anthropic")
  })

  test("streams several calls after text, with ids like the real ones that are equal in every run", async () => {
    const run = async () => {
      const reply = callsMany(
        [
          { name: "bash", input: { command: "echo 'a long command'" } },
          { name: "bash", input: { command: "ls" } },
        ],
        { text: "Let me look." },
      )
      await using server = await modelServer({ script: [reply] })
      return await stream(wire, server.url)
    }
    const parts = await run()
    const made = only(parts, "tool-call")

    expect(textIn(parts, "text-delta")).toBe("Let me look.")
    expect(made.map((call) => JSON.parse(call.input))).toEqual([
      { command: "echo 'a long command'" },
      { command: "ls" },
    ])
    expect(only(parts, "tool-input-delta").length).toBeGreaterThan(2)
    expect(made[0]?.toolCallId).toMatch(wire === "openai" ? /^call_\d{24}$/ : /^toolu_01\d{22}$/)
    expect(new Set(made.map((call) => call.toolCallId)).size).toBe(2)
    expect(only(parts, "finish")[0]?.finishReason.unified).toBe("tool-calls")
    expect(only(await run(), "tool-call")).toEqual(made)
  })

  test("reports usage with what the cache read and the reasoning", async () => {
    await using server = await modelServer({ script: [says("ok", { usage })] })
    const finish = only(await stream(wire, server.url), "finish")[0]

    expect(finish?.usage.inputTokens).toMatchObject({ total: 100, cacheRead: 20 })
    expect(finish?.usage.outputTokens).toMatchObject({ total: 30, reasoning: 12 })
    if (wire === "anthropic") expect(finish?.usage.inputTokens).toMatchObject({ noCache: 70, cacheWrite: 10 })
  })

  test.each<[Finish, string]>([
    ["stop", "stop"],
    ["tool-calls", "tool-calls"],
    ["length", "length"],
    ["content-filter", "content-filter"],
  ])("finish %s arrives as %s", async (finish, unified) => {
    await using server = await modelServer({ script: [says("cut o", { finish })] })
    expect(only(await stream(wire, server.url), "finish")[0]?.finishReason.unified).toBe(unified)
  })

  test("a stream without a finish ends with its text and no reason", async () => {
    await using server = await modelServer({ script: [says("so far", { finish: "none" })] })
    const parts = await stream(wire, server.url)
    expect(textIn(parts, "text-delta")).toBe("so far")
    expect(only(parts, "finish")[0]?.finishReason.unified).not.toBe("stop")
  })

  test("answers whole when no stream is asked for", async () => {
    await using server = await modelServer({
      script: [thinks("Hm.", calls("bash", { command: "ls" }, { text: "Look:", usage }))],
    })
    const { content, finishReason, usage: used } = await modelOf(wire, server.url).doGenerate(ask("go"))

    expect(content.map((part) => part.type).toSorted()).toEqual(["reasoning", "text", "tool-call"])
    const call = content.find((part) => part.type === "tool-call")
    expect(call && JSON.parse(call.input)).toEqual({ command: "ls" })
    expect(finishReason.unified).toBe("tool-calls")
    expect(used.inputTokens.total).toBe(100)
    expect(server.requests[0]?.stream).toBe(false)
  })

  test("arguments that are not JSON, doubled ids and exact chunks arrive as scripted", async () => {
    const twice = callsMany([
      { name: "bash", input: {}, id: "same" },
      { name: "bash", input: {}, id: "same" },
    ])
    const exact = calls("bash", {}, { chunks: [`{"com`, `mand":`, `"ls"}`] })
    await using server = await modelServer({ script: script(badToolJson("bash", `{"command": `), exact, twice) })

    const bad = await stream(wire, server.url)
    expect(
      only(bad, "tool-input-delta")
        .map((part) => part.delta)
        .join(""),
    ).toBe(`{"command": `)
    const pieces = only(await stream(wire, server.url), "tool-input-delta").map((part) => part.delta)
    expect(pieces.filter(Boolean)).toEqual([`{"com`, `mand":`, `"ls"}`])
    // Looked at on the wire: a provider package may replace the second id.
    const body = JSON.stringify({ model: "large", stream: true, messages: [] })
    const path = wire === "openai" ? "/v1/chat/completions" : "/v1/messages"
    const doubled = await (await fetch(server.url + path, { method: "POST", body })).text()
    expect(doubled.match(/"id":"same"/g)).toHaveLength(2)
  })

  test.each([1, 7])("characters and frames survive writes of %i bytes, with CRLF too", async (bytesPerWrite) => {
    const text = "Grüße, 世界 👋🏽!"
    const options = { bytesPerWrite, chunkSize: 1 }
    await using server = await modelServer({ script: [says(text, options), says(text, { ...options, crlf: true })] })
    expect(textIn(await stream(wire, server.url), "text-delta")).toBe(text)
    expect(textIn(await stream(wire, server.url), "text-delta")).toBe(text)
  })

  test("5,000 deltas arrive one by one", async () => {
    await using server = await modelServer({ script: [streams(5_000, "word ")] })
    const parts = await stream(wire, server.url)
    expect(only(parts, "text-delta")).toHaveLength(5_000)
  })

  test("a delay is kept between deltas", async () => {
    await using server = await modelServer({ script: [says("", { chunks: ["a", "b", "c"], delayMs: 30 })] })
    const started = performance.now()
    expect(textIn(await stream(wire, server.url), "text-delta")).toBe("abc")
    expect(performance.now() - started).toBeGreaterThan(55)
  })

  test("response headers of the script arrive", async () => {
    await using server = await modelServer({ script: [says("ok", { headers: { "x-ratelimit-remaining": "3" } })] })
    const { response, stream: body } = await modelOf(wire, server.url).doStream(ask("go"))
    await body.cancel()
    expect(response?.headers).toMatchObject({ "x-ratelimit-remaining": "3" })
  })
})

test("making the frames of 5,000 deltas costs little", () => {
  const circumstances = {
    number: 1,
    model: "large",
    body: { stream_options: { include_usage: true } },
    nextCall: () => 1,
  }
  for (const wire of [openai, anthropic]) {
    const before = process.cpuUsage()
    const frames = [...wire.frames(streams(5_000), circumstances)]
    const { user, system } = process.cpuUsage(before)
    expect(frames.filter((frame) => frame.delta)).toHaveLength(5_000)
    expect((user + system) / 1_000).toBeLessThan(100)
  }
})

test("pieces never tear a character that is a surrogate pair", () => {
  const reply: Answer = says("a👋b👋👋", { chunkSize: 1 })
  expect(reply.blocks.flatMap((block) => block.chunks)).toEqual(["a", "👋", "b", "👋", "👋"])
  expect(deltaCount(reply)).toBe(5)
})

test("usage is left out where it was not asked for or is unknown", async () => {
  await using server = await modelServer({ script: [says("ok"), says("ok", { usage: null })] })
  const bodies = ["", `,"stream_options":{"include_usage":true}`].map(
    (extra) => `{"model":"large","stream":true,"messages":[]${extra}}`,
  )
  for (const body of bodies) {
    const answer = await fetch(`${server.url}/v1/chat/completions`, { method: "POST", body })
    const text = await answer.text()
    expect(text).not.toContain("usage")
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true)
  }
})
