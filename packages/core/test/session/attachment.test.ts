import { pathToFileURL } from "node:url"
import { says } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
)

const file = (url: string, mime: string, filename: string) => ({ type: "file" as const, url, mime, filename })

test("an attached text file is read for the model, with the lines that were asked for", async () => {
  await using w = await world({ files: { "a.ts": "one\ntwo\nthree\nfour\n" }, model: () => says("ok") })
  const url = `${pathToFileURL(w.folder.join("project/a.ts")).href}?start=2&end=3`
  await w.prompt("look", { parts: [file(url, "text/plain", "a.ts"), { type: "text", text: "look" }] })

  const [prompt] = await w.transcript()
  expect(prompt?.parts.map((part) => part.type)).toEqual(["text", "text", "file", "text"])
  expect(prompt?.parts[0]).toMatchObject({ synthetic: true, text: expect.stringContaining("Called the Read tool") })
  expect(w.model.heard()).toMatch(/2: two\n3: three\n/)
  expect(w.model.heard()).not.toContain("4: four")
})

test("an attached image goes to the model as an image", async () => {
  await using w = await world({ wire: "anthropic", files: { "a.png": PNG }, model: () => says("ok") })
  const url = pathToFileURL(w.folder.join("project/a.png")).href
  await w.prompt("look", { parts: [file(url, "image/png", "a.png"), { type: "text", text: "look" }] })
  expect(JSON.stringify(w.model.requests[0]?.body)).toContain(PNG.toString("base64"))
})

test("an attached file that is missing is told to the model and does not fail the prompt", async () => {
  await using w = await world({ model: () => says("ok") })
  const url = pathToFileURL(w.folder.join("project/gone.ts")).href
  const answer = await w.prompt("look", { parts: [file(url, "text/plain", "gone.ts"), { type: "text", text: "look" }] })
  expect(answer.info).toMatchObject({ finish: "stop" })
  expect(w.model.heard()).toContain("gone.ts")
})

test("text that comes inside the address is read", async () => {
  await using w = await world({ model: () => says("ok") })
  await w.prompt("look", { parts: [file("data:text/plain;base64,aGVsbG8gdGhlcmU=", "text/plain", "note.txt")] })
  expect(w.model.heard()).toContain("hello there")
})
