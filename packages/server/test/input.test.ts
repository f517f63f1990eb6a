import { pathToFileURL } from "node:url"
import { calls, says, script } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { dataOf, served } from "./served.ts"

const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] }
const text = { type: "text" as const, text: "what is it?" }

test("the published SDK asks for an answer in a form and gets it", async () => {
  await using s = await served({
    model: script(calls("StructuredOutput", {}), calls("StructuredOutput", { city: "Graz" })),
  })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const format = { type: "json_schema" as const, schema, retryCount: 1 }
  const answer = await dataOf(s.v2.session.prompt({ sessionID, parts: [text], format }))
  expect(answer.info).toMatchObject({ structured: { city: "Graz" }, finish: "tool-calls" })
  expect(answer.parts).toContainEqual(
    expect.objectContaining({ tool: "StructuredOutput", state: expect.objectContaining({ status: "completed" }) }),
  )
  const [prompt, , last] = await dataOf(s.v2.session.messages({ sessionID }))
  expect(prompt?.info).toMatchObject({ format })
  expect(last?.info).toEqual(answer.info)
})

test("an answer that never fits is told as an error of the message", async () => {
  await using s = await served({ model: () => says("Graz") })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const format = { type: "json_schema" as const, schema, retryCount: 0 }
  const { info } = await dataOf(s.v2.session.prompt({ sessionID, parts: [text], format }))
  expect(info.error).toEqual({
    name: "StructuredOutputError",
    data: { message: expect.stringContaining("did not produce structured output"), retries: 0 },
  })
})

test("text as the form of an answer is what there is without one", async () => {
  await using s = await served({ model: script(says("Graz")) })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const { info } = await dataOf(s.v2.session.prompt({ sessionID, parts: [text], format: { type: "text" } }))
  expect(info).toMatchObject({ finish: "stop" })
  expect(s.world.model.requests[0]?.tools).not.toContain("StructuredOutput")
})

test.each([
  ["a schema that is none", { format: { type: "json_schema", schema: { type: "strnig" } } }, 400, /#\/type/],
  [
    "a schema elsewhere",
    { format: { type: "json_schema", schema: { $ref: "https://a.b/c" } } },
    400,
    /nothing is fetched/,
  ],
  ["no schema", { format: { type: "json_schema" } }, 400, /schema/],
  ["an unknown agent", { parts: [{ type: "agent", name: "biuld" }] }, 400, /Did you mean build/],
  ["too many parts", { parts: Array.from({ length: 1_001 }, () => text) }, 413, /1000 parts/],
])("a prompt with %s is refused with a sentence, and nothing is stored", async (_, more, status, message) => {
  await using s = await served()
  const { id: sessionID } = await dataOf(s.v2.session.create())
  for (const route of ["message", "prompt_async"]) {
    const response = await s.post(`/session/${sessionID}/${route}`, { parts: [text], ...more })
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({
      name: "BadRequest",
      data: { message: expect.stringMatching(message) },
    })
  }
  expect(await dataOf(s.v2.session.messages({ sessionID }))).toEqual([])
})

test("the published SDK attaches a part of a file and a folder, and they stay as they were sent", async () => {
  await using s = await served({ files: { "src/a.ts": "one\ntwo\nthree\n" }, model: script(says("ok")) })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const folder = pathToFileURL(s.world.folder.join("project/src")).href
  const source = { type: "file" as const, path: "src/a.ts", text: { value: "@src/a.ts#2-2", start: 0, end: 13 } }
  const parts = [
    { type: "file" as const, mime: "text/plain", filename: "a.ts", url: `${folder}/a.ts?start=2&end=2`, source },
    { type: "file" as const, mime: "application/x-directory", filename: "src", url: folder },
  ]
  await dataOf(s.v2.session.prompt({ sessionID, parts: [...parts, text] }))
  const [prompt] = await dataOf(s.v2.session.messages({ sessionID }))
  expect(prompt?.parts.filter((part) => part.type === "file")).toMatchObject(parts)
  const heard = s.world.model.heard()
  expect(heard).toContain("2: two")
  expect(heard).not.toContain("3: three")
  expect(heard).toContain("a.ts\n\n(1 entries)")
})
