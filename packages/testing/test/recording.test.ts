import { describe, expect, test } from "vitest"
import type { HeardRequest } from "../src/model-server.ts"
import { modelServer } from "../src/model-server.ts"
import { says, unauthorized } from "../src/script.ts"
import { WIRES, ask, failureOf, stream, textIn } from "./drive.ts"

const conversation = {
  ...ask("go"),
  prompt: [
    ...ask("list the files").prompt,
    {
      role: "assistant" as const,
      content: [
        { type: "text" as const, text: "I look." },
        { type: "tool-call" as const, toolCallId: "c1", toolName: "bash", input: { command: "ls" } },
      ],
    },
    {
      role: "tool" as const,
      content: [
        {
          type: "tool-result" as const,
          toolCallId: "c1",
          toolName: "bash",
          output: { type: "text" as const, value: "README.md" },
        },
      ],
    },
  ],
}

describe.each(WIRES)("on the %s wire", (wire) => {
  test("a request is heard in the words that the wires share", async () => {
    await using server = await modelServer({ script: [says("ok")] })
    await stream(wire, server.url, conversation)
    const [request] = server.requests

    expect(request).toMatchObject({
      wire,
      number: 1,
      model: "large",
      stream: true,
      system: "Be brief.",
      tools: ["bash"],
    })
    expect(request?.headers).toMatchObject(wire === "openai" ? { authorization: "Bearer key" } : { "x-api-key": "key" })
    expect(request?.messages.map((message) => message.role)).toEqual([
      "user",
      "assistant",
      wire === "openai" ? "tool" : "user",
    ])
    expect(request?.messages[1]).toMatchObject({
      text: "I look.",
      toolCalls: [{ id: "c1", name: "bash", input: { command: "ls" } }],
    })
    expect(request?.messages[2]?.toolResults).toEqual([{ id: "c1", text: "README.md", isError: false }])
    expect(request?.bytes).toBe(Buffer.byteLength(JSON.stringify(request?.body)))
    expect(server.bytesReceived).toBe(request?.bytes)
    expect(server.heard()).toContain("list the files")
    expect(server.heard()).toContain("README.md")
    expect(server.heard()).not.toContain("Be brief.")
  })

  test("a function can answer by what it hears, such as the key", async () => {
    const isKnown = (request: HeardRequest) => request.headers.authorization ?? request.headers["x-api-key"]
    await using server = await modelServer({
      script: async (request) => (String(isKnown(request)).endsWith("another") ? says("welcome") : unauthorized()),
    })
    expect(await failureOf(stream(wire, server.url))).toMatchObject({ statusCode: 401 })
  })

  test("a script that is over answers 500 once and is remembered", async () => {
    await using server = await modelServer({ script: [] })
    const error = await failureOf(stream(wire, server.url))
    expect(error).toMatchObject({
      statusCode: 500,
      message: expect.stringContaining("the script is over after 0 replies"),
    })
    expect(server.unexpected).toHaveLength(1)
    server.add(says("more"))
    expect(textIn(await stream(wire, server.url), "text-delta")).toBe("more")
  })
})

test("a script can repeat, and what is asked aside takes nothing from it", async () => {
  const aside = (request: HeardRequest) => (request.tools.length === 0 ? says("A title") : undefined)
  await using server = await modelServer({ script: [says("one"), says("two")], repeat: true, aside })
  const said = async (options = ask("go")) => textIn(await stream("openai", server.url, options), "text-delta")
  expect([await said(), await said({ ...ask("go"), tools: [] }), await said(), await said()]).toEqual([
    "one",
    "A title",
    "two",
    "one",
  ])
})

test("received waits for the request, and does not wait for ever", async () => {
  const server = await modelServer({ script: [says("one")] })
  const [first, second] = [server.received(1), failureOf(server.received(2))]
  await stream("openai", server.url)
  await first
  await server.close()
  expect(await second).toMatchObject({ message: "The model server closed after 1 of 2 requests." })
})

test("other routes, bodies that are not JSON and scripts that throw are refused and remembered", async () => {
  await using server = await modelServer({
    script: () => {
      throw new Error("no idea")
    },
  })
  const post = async (path: string, body: string) => (await fetch(server.url + path, { method: "POST", body })).status
  expect(await post("/v1/elsewhere", "{}")).toBe(404)
  expect(await post("/v1/messages", "{oops")).toBe(400)
  expect(await post("/v1/chat/completions", "[]")).toBe(400)
  expect(await post("/v1/chat/completions", "{}")).toBe(500)
  expect(server.unexpected).toEqual([
    "POST /v1/elsewhere (request 0): no such route",
    "POST /v1/messages (request 0): the body is not a JSON object",
    "POST /v1/chat/completions (request 0): the body is not a JSON object",
    "POST /v1/chat/completions (request 1): answering failed: no idea",
  ])
})

test("a client that leaves while an answer is paced ends the answer", async () => {
  await using server = await modelServer({ script: [says("", { chunks: ["a", "b"], delayMs: 60_000 })] })
  const leave = new AbortController()
  const body = JSON.stringify({ model: "large", stream: true, messages: [] })
  const response = await fetch(`${server.url}/v1/messages`, { method: "POST", body, signal: leave.signal })
  expect(response.status).toBe(200)
  leave.abort()
  await expect.poll(() => server.openConnections()).toBe(0)
  expect(server.unexpected).toEqual([])
})
