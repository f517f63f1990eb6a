import { badToolJson, calls, callsMany, says, script } from "@opencode/testing/script.ts"
import { mockProvider } from "@opencode/testing/mock-provider.ts"
import { world, type WorldOptions } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

const WIRES = ["openai", "anthropic", "openai-responses", "google"] as const

const schema = {
  type: "object",
  properties: { city: { type: "string" }, people: { type: "integer", minimum: 0 } },
  required: ["city", "people"],
}
const answer = { city: "Graz", people: 300_000 }
const format = (more: object = {}) => ({ format: { type: "json_schema" as const, schema, ...more } })
const given = (value: unknown) => calls("StructuredOutput", value)

test.each(WIRES)("an answer in the form that was asked for ends the turn (%s)", async (wire) => {
  await using w = await world({
    wire,
    files: { "a.txt": "Graz" },
    model: script(calls("read", { filePath: "a.txt" }), given(answer)),
  })
  const { info, parts } = await w.prompt("what is it?", format())

  expect(info).toMatchObject({ structured: answer, finish: "tool-calls" })
  expect(info).not.toHaveProperty("error")
  expect(parts.find((part) => part.type === "tool")).toMatchObject({
    tool: "StructuredOutput",
    state: { status: "completed", input: answer, title: "Structured Output", metadata: { valid: true } },
  })
  expect(w.model.requests).toHaveLength(2)
  expect(w.model.requests[0]?.tools).toContain("StructuredOutput")
  expect(w.model.requests[0]?.system).toContain("StructuredOutput")
  expect(w.model.unexpected).toEqual([])
})

test.each(WIRES)(
  "an answer that does not fit is refused with what is wrong, and asked for again (%s)",
  async (wire) => {
    await using w = await world({
      wire,
      model: script(
        given({ city: "Graz", people: "many" }),
        // Arguments are no text on Google's wire, and so are never broken.
        wire === "google" ? given({}) : badToolJson("StructuredOutput", "{"),
        given(answer),
      ),
    })
    const { info } = await w.prompt("what is it?", format())

    expect(info).toMatchObject({ structured: answer })
    const [wrongType, wrongJson] = w.model.requests
      .slice(1)
      .map(({ messages }) => messages.at(-1)?.toolResults[0]?.text)
    expect(wrongType).toMatch(/people.*integer/)
    expect(wrongJson).toMatch(wire === "google" ? /city/ : /JSON parsing failed/)
    expect((await w.calls()).map(({ tool, state }) => [tool, state.status])).toEqual([
      ["StructuredOutput", "error"],
      ["StructuredOutput", "error"],
      ["StructuredOutput", "completed"],
    ])
    expect(w.model.unexpected).toEqual([])
  },
)

test.each([
  [{}, 2],
  [{ retryCount: 0 }, 0],
  [{ retryCount: 1 }, 1],
])("with %j a model gets as many tries again, then the turn says that there is no answer", async (more, retries) => {
  await using w = await world({ model: () => given({ city: "Graz" }) })
  const { info } = await w.prompt("what is it?", format(more))

  expect(w.model.requests).toHaveLength(retries + 1)
  expect(info).toMatchObject({
    error: { name: "StructuredOutputError", data: { retries, message: expect.stringContaining("people") } },
  })
  expect(info).not.toHaveProperty("structured")
  const { error } = await w.happened("session.error")
  expect(error).toMatchObject({ name: "StructuredOutputError" })
  expect((await w.transcript())[0]?.info).toMatchObject({ format: { retryCount: retries } })
})

test.each(WIRES)(
  "a model that answers in text is asked to call, and its text does as well when it fits (%s)",
  async (wire) => {
    await using w = await world({
      wire,
      model: script(says("It is Graz."), says(`Here:\n\`\`\`json\n${JSON.stringify(answer)}\n\`\`\``)),
    })
    const { info } = await w.prompt("what is it?", format())
    expect(info).toMatchObject({ structured: answer })
    expect(w.model.requests[1]?.messages.at(-1)?.text).toContain("StructuredOutput")
    expect(w.model.unexpected).toEqual([])
  },
)

test("a complaint about an answer in text stays where it was in the requests that follow", async () => {
  await using w = await world({ model: script(says("one"), says("two"), given(answer), says("bye")) })
  await w.prompt("what is it?", format())
  await w.prompt("thanks")
  const texts = (index: number) => w.model.requests[index]?.messages.map(({ role, text }) => [role, text])
  for (const index of [1, 2, 3]) {
    const before = texts(index - 1) ?? []
    expect(texts(index)?.slice(0, before.length)).toEqual(before)
  }
  expect(w.model.requests[3]?.tools).not.toContain("StructuredOutput")
})

test("work comes first: calls and the answer may come together, and other calls count as no try", async () => {
  const look = calls("bash", { command: "echo looked" })
  await using w = await world({
    model: script(
      look,
      calls("bash", { command: "echo again" }),
      callsMany([
        { name: "bash", input: { command: "echo third > made" } },
        { name: "structuredoutput", input: answer },
      ]),
    ),
  })
  const { info } = await w.prompt("what is it?", format({ retryCount: 0 }))
  expect(info).toMatchObject({ structured: answer })
  expect(w.files()).toContain("made")
})

test("numbers that came as text are taken for what they mean", async () => {
  await using w = await world({ model: script(given({ city: "Graz", people: "300000" })) })
  expect((await w.prompt("what is it?", format())).info).toMatchObject({ structured: answer })
})

test.each(WIRES)("a form that is no object arrives as it was asked for (%s)", async (wire) => {
  const list = { $defs: { name: { type: "string" } }, type: "array", items: { $ref: "#/$defs/name" }, minItems: 1 }
  await using w = await world({ wire, model: script(given({ value: [] }), given({ value: ["Graz", "Linz"] })) })
  const { info } = await w.prompt("which?", { format: { type: "json_schema", schema: list } })
  expect(info).toMatchObject({ structured: ["Graz", "Linz"] })
  expect(w.model.unexpected).toEqual([])
})

test("the steps of an agent end with the answer, not with a text about the limit", async () => {
  await using w = await world({
    config: { agent: { build: { steps: 2 } } },
    model: script(calls("bash", { command: "echo looked" }), given(answer)),
  })
  const { info } = await w.prompt("what is it?", format())
  expect(info).toMatchObject({ structured: answer })
  expect(w.model.requests[1]?.tools).toEqual(["StructuredOutput"])
})

test("steps that are used up without an answer are an error", async () => {
  await using w = await world({ config: { agent: { build: { steps: 1 } } }, model: script(says("hm")) })
  expect((await w.prompt("what is it?", format())).info).toMatchObject({ error: { name: "StructuredOutputError" } })
})

test("a model that cannot call tools is asked for JSON, and again when it does not fit", async () => {
  await using w = await world({
    model: script(says("Graz, I think"), says('{"city":"Graz"}'), says(JSON.stringify(answer))),
  })
  const mock = { ...mockProvider(w.model.url, "openai"), models: { large: { tool_call: false } } }
  const config = { model: "mock/large", agent: { title: { disable: true } }, provider: { mock } }
  w.folder.write({ "config/opencode/opencode.json": JSON.stringify(config) })
  await w.restart()
  const { info } = await w.prompt("what is it?", format())
  expect(info).toMatchObject({ structured: answer, finish: "stop" })
  expect(w.model.requests[0]).toMatchObject({ tools: [], system: expect.stringContaining('"people"') })
  expect(w.model.requests[2]?.messages.at(-1)?.text).toContain("people")
})

test("the tools of a prompt may all be switched off, and the form stays", async () => {
  await using w = await world({ model: script(given(answer)) })
  const { info } = await w.prompt("what is it?", { ...format(), tools: { "*": false }, system: "Be brief." })
  expect(info).toMatchObject({ structured: answer })
  expect(w.model.requests[0]).toMatchObject({
    tools: ["StructuredOutput"],
    system: expect.stringContaining("Be brief."),
  })
})

test("a prompt without a reply keeps its form on record and asks nobody", async () => {
  await using w = await world({ model: script(says("hello")) })
  const { info } = await w.prompt("note this", { ...format(), noReply: true })
  expect(info).toMatchObject({ role: "user", format: { type: "json_schema", schema, retryCount: 2 } })
  expect(w.model.requests).toHaveLength(0)
  expect((await w.prompt("and now?")).info).toMatchObject({ finish: "stop" })
  expect(w.model.requests[0]?.tools).not.toContain("StructuredOutput")
})

test("the name of the tool means nothing where no form was asked for", async () => {
  await using w = await world({ model: script(given(answer), says("ok")) })
  const { info } = await w.prompt("go")
  expect(info).not.toHaveProperty("structured")
  expect(await w.calls()).toMatchObject([{ tool: "invalid" }])
})

test.each<[string, WorldOptions, string | undefined, unknown]>([
  ["openai-responses", { wire: "openai-responses" }, undefined, "required"],
  ["google", { wire: "google" }, undefined, { functionCallingConfig: { mode: "ANY" } }],
  ["anthropic", { wire: "anthropic" }, undefined, { type: "any" }],
  ["not while Claude thinks", { wire: "anthropic" }, "high", { type: "auto" }],
  ["not of a model that thinks behind the compatible wire", { wire: "openai" }, undefined, "auto"],
])("a call is insisted on where the wire can: %s", async (_, options, variant, expected) => {
  await using w = await world({ ...options, model: script(given(answer)) })
  await w.prompt("what is it?", { ...format(), ...(variant ? { variant } : {}) })
  const body = w.model.requests[0]?.body
  expect(body?.tool_choice ?? body?.toolConfig).toEqual(expected)
})
