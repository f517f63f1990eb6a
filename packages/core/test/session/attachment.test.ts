import { execFileSync } from "node:child_process"
import { symlinkSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { PIXEL } from "@opencode/testing/pixel.ts"
import type { FilePart } from "@opencode/protocol/part.ts"
import { calls, says, script } from "@opencode/testing/script.ts"
import { world, type World, type WorldOptions } from "@opencode/testing/world.ts"
import sharp from "sharp"
import { expect, test } from "vitest"
import { bomb, moving, plain } from "../model/images.ts"

const WIRES = ["openai", "anthropic", "openai-responses", "google"] as const
const PNG = Buffer.from(PIXEL, "base64")
const PDF = Buffer.from("%PDF-1.4\n1 0 obj<<>>endobj\n%%EOF\n")

const file = (url: string, mime: string, filename: string) => ({ type: "file" as const, url, mime, filename })
const data = (mime: string, bytes: Buffer | string) => `data:${mime};base64,${Buffer.from(bytes).toString("base64")}`
const inProject = (w: World, name: string) => pathToFileURL(w.folder.join(`project/${name}`)).href

/** A world that was asked about one file, and what became of it. */
async function asked(options: WorldOptions, part: (w: World) => ReturnType<typeof file>) {
  const w = await world({ model: () => says("ok"), ...options })
  const answer = await w.prompt("look", { parts: [part(w), { type: "text", text: "look" }] })
  const parts = (await w.transcript())[0]?.parts ?? []
  return {
    w,
    answer,
    kept: parts.find((one): one is FilePart => one.type === "file"),
    texts: parts.flatMap((one) => (one.type === "text" && one.synthetic ? [one.text] : [])),
    sent: JSON.stringify(w.model.requests[0]?.body),
    [Symbol.asyncDispose]: () => w[Symbol.asyncDispose](),
  }
}

const bytesOf = ({ url = "" }: { url?: string } = {}) => Buffer.from(url.slice(url.indexOf(",") + 1), "base64")

test("an attached text file is read for the model, with the lines that were asked for", async () => {
  await using it = await asked({ files: { "a.ts": "one\ntwo\nthree\nfour\n" } }, (w) =>
    file(`${inProject(w, "a.ts")}?start=2&end=3`, "text/plain", "a.ts"),
  )
  expect(it.texts).toEqual([
    expect.stringContaining('Called the Read tool with the following input: {"filePath":'),
    expect.stringMatching(/2: two\n3: three\n/),
  ])
  expect(it.w.model.heard()).not.toContain("4: four")
  expect(it.kept).toMatchObject({ mime: "text/plain", url: expect.stringContaining("?start=2&end=3") })
})

test.each([
  ["?start=3", /3: three\n4: four/],
  ["?start=3&end=1", /3: three\n4: four/],
  ["?start=0&end=2", /1: one/],
  ["?start=-1&end=x", /1: one/],
  ["?start=9", /Line 9 is out of range/],
])("lines that are asked for as %s are taken for what they mean", async (query, expected) => {
  await using it = await asked({ files: { "a.ts": "one\ntwo\nthree\nfour\n" } }, (w) =>
    file(inProject(w, "a.ts") + query, "text/plain", "a.ts"),
  )
  expect(it.texts.join("\n")).toMatch(expected)
  expect(it.answer.info).toMatchObject({ finish: "stop" })
})

test("an attached folder is listed", async () => {
  await using it = await asked({ files: { "src/a.ts": "", "src/b/c.ts": "" } }, (w) =>
    file(inProject(w, "src"), "application/x-directory", "src"),
  )
  expect(it.texts[1]).toMatch(/a\.ts\nb\/\n/)
  expect(it.kept).toMatchObject({ mime: "application/x-directory" })
})

test.each(WIRES)("an attached image goes to the model as an image (%s)", async (wire) => {
  await using it = await asked({ wire, files: { "a.png": PNG } }, (w) =>
    file(inProject(w, "a.png"), "image/png", "a.png"),
  )
  expect(it.sent).toContain(PNG.toString("base64"))
  expect(it.w.model.unexpected).toEqual([])
})

test.each([
  ["a file", (w: World) => file(inProject(w, "a"), "text/plain", "a")],
  ["the prompt", () => file(data("image/gif", PNG), "image/gif", "a.gif")],
])("the content of %s says what it is, not its name", async (_, part) => {
  await using it = await asked({ files: { a: PNG } }, part)
  expect(it.kept).toMatchObject({ mime: "image/png", url: data("image/png", PNG) })
  expect(it.sent).toContain(PNG.toString("base64"))
})

test.each(WIRES)("a photograph that is too large is made smaller once, when it comes (%s)", async (wire) => {
  const photo = await plain(3_000, 1_500).jpeg().toBuffer()
  await using it = await asked({ wire }, () => file(data("image/jpeg", photo), "image/jpeg", "a.jpg"))
  expect(await sharp(bytesOf(it.kept)).metadata()).toMatchObject({ format: "jpeg", width: 2_000, height: 1_000 })
  expect(it.sent).toContain(bytesOf(it.kept).toString("base64"))
  expect(it.w.model.unexpected).toEqual([])
})

test("what is configured decides how large an image may be", async () => {
  const config = { attachment: { image: { max_width: 50, max_height: 40 } } }
  await using it = await asked({ config, files: { "a.png": await plain(100, 100).png().toBuffer() } }, (w) =>
    file(inProject(w, "a.png"), "image/png", "a.png"),
  )
  expect(await sharp(bytesOf(it.kept)).metadata()).toMatchObject({ width: 40, height: 40 })
})

test("a moving picture is shown as its first", async () => {
  const gif = await moving(20, 10)
  expect((await sharp(gif).metadata()).pages).toBe(2)
  await using it = await asked({}, () => file(data("image/gif", gif), "image/gif", "a.gif"))
  const { pages, format } = await sharp(bytesOf(it.kept)).metadata()
  expect([pages ?? 1, format]).toEqual([1, "png"])
})

const broken: [string, () => Promise<Buffer>, RegExp][] = [
  ["is text", async () => Buffer.from("hello"), /no format that is known/],
  ["breaks off", async () => PNG.subarray(0, 30), /cannot be read/],
  ["says that it has 900 million pixels", () => bomb(30_000, 30_000), /30000 x 30000 pixels/],
  ["is nothing", async () => Buffer.alloc(0), /no format that is known/],
]

test.each(broken)("an image that %s becomes a note, and the session goes on", async (_, make, why) => {
  await using it = await asked({}, () => file(data("image/png", PNG), "image/png", "ok.png"))
  const bytes = await make()
  await it.w.prompt("look", { parts: [file(data("image/png", bytes), "image/png", "bad.png")] })
  const answer = await it.w.prompt("go on")
  expect(answer.info).toMatchObject({ finish: "stop" })
  expect(
    it.w.model.requests
      .at(-1)
      ?.messages.map(({ text }) => text)
      .join(),
  ).toMatch(why)
  // It is told once, and not kept.
  const [, , prompt] = await it.w.transcript()
  expect(prompt?.parts.find((part) => part.type === "file")).toMatchObject({ mime: "text/plain", filename: "bad.png" })
  expect(JSON.stringify(prompt).length).toBeLessThan(2_000)
})

test("a broken image on disk is told as a failure to read, with its place", async () => {
  await using it = await asked({ files: { "bad.png": PNG.subarray(0, 30) } }, (w) =>
    file(inProject(w, "bad.png"), "image/png", "bad.png"),
  )
  expect(it.texts[1]).toMatch(/Read tool failed to read .*bad\.png with the following error: the image cannot be shown/)
  expect(it.kept?.url).toMatch(/^file:/)
})

test("a PDF goes to models that read it, and is a note for others", async () => {
  await using it = await asked({ wire: "anthropic", files: { "a.pdf": PDF } }, (w) =>
    file(inProject(w, "a.pdf"), "application/pdf", "a.pdf"),
  )
  expect(it.sent).toContain(PDF.toString("base64"))
  await using inline = await asked({ wire: "anthropic" }, () => file(data("text/plain", PDF), "text/plain", "a.txt"))
  expect(inline.kept).toMatchObject({ mime: "application/pdf" })
  expect(inline.sent).toContain(PDF.toString("base64"))
})

test.each([
  ["text", "text/plain", Buffer.from("hello there"), "hello there"],
  ["text with parameters in its type", "text/plain; charset=utf-8", Buffer.from("hello there"), "hello there"],
  ["JSON", "application/json", Buffer.from('{"hello": "there"}'), '{"hello": "there"}'],
  ["a program", "application/octet-stream", Buffer.from("print('hello')"), "print('hello')"],
  ["a drawing in text", "image/svg+xml", Buffer.from("<svg>hello</svg>"), "<svg>hello</svg>"],
  ["UTF-16", "text/plain", Buffer.from("\uFEFFhellö", "utf16le"), "hellö"],
  ["Western European", "text/plain", Buffer.from("hellö", "latin1"), "hellö"],
  ["UTF-8 with a mark", "text/plain", Buffer.from("\uFEFFhellö"), "hellö"],
])("%s that comes with the prompt is read as text", async (_, mime, bytes, text) => {
  await using it = await asked({}, () => file(data(mime, bytes), mime, "note"))
  expect(it.texts).toEqual(['Called the Read tool with the following input: {"filePath":"note"}', text])
  expect(it.kept?.mime).toMatch(/^text\//)
  expect(it.w.model.heard()).toContain(it.texts[1])
})

test("text in an address need not be base64", async () => {
  await using it = await asked({}, () => file("data:text/plain,hello%20there", "text/plain", "note"))
  expect(it.texts[1]).toBe("hello there")
  await using odd = await asked({}, () => file("data:,100%", "text/plain", "note"))
  expect(odd.texts[1]).toBe("100%")
})

test("long text that comes with the prompt is cut, and says so", async () => {
  await using it = await asked({}, () => file(data("text/plain", "x".repeat(200_000)), "text/plain", "note"))
  expect(it.texts[1]).toMatch(/Showing the first 51200 of 200000 characters/)
  expect(it.texts[1]?.length).toBeLessThan(52_000)
})

test.each([
  ["an archive", "application/zip", Buffer.from("PK\x03\x04\0\0\0\0")],
  ["sound", "audio/wav", Buffer.from("RIFF\0\0\0\0WAVE")],
  ["a PDF that is none", "application/pdf", Buffer.from("hello")],
])("%s is a note", async (_, mime, bytes) => {
  await using it = await asked({}, () => file(data(mime, bytes), mime, "thing"))
  expect(it.answer.info).toMatchObject({ finish: "stop" })
  expect(it.texts).toEqual([`[File "thing" (${mime}) left out: it is in no format that models read.]`])
})

test.each([
  ["missing", "gone.ts", /File not found|gone\.ts/],
  ["binary", "bin", /binary/],
  ["a pipe", "pipe", /pipe/],
])("an attached file that is %s is told to the model and does not fail the prompt", async (_, name, why) => {
  await using w = await world({ files: { bin: Buffer.from([0, 1, 2, 0]) }, model: () => says("ok") })
  execFileSync("mkfifo", [w.folder.join("project/pipe")])
  const parts = [file(inProject(w, name), "text/plain", name), { type: "text" as const, text: "look" }]
  expect((await w.prompt("look", { parts })).info).toMatchObject({ finish: "stop" })
  expect(w.model.heard()).toMatch(
    new RegExp(`Read tool failed to read .*${name} with the following error: .*${why.source}`),
  )
})

test.each([
  "file:///dev/zero",
  "file:///dev/stdin",
  "file://server/share/a.txt",
  "file:///%00",
  "https://example.com/a.png",
  "nonsense",
])("%s is not waited for and not fetched", async (url) => {
  await using it = await asked({}, () => file(url, "image/png", "a.png"))
  expect(it.answer.info).toMatchObject({ finish: "stop" })
  expect(it.kept).toMatchObject({ url, mime: "image/png" })
})

test("a link is followed: the person chose the file", async () => {
  await using w = await world({ files: { "a.txt": "alpha" }, model: () => says("ok") })
  symlinkSync(w.folder.join("project/a.txt"), w.folder.join("project/link"))
  await w.prompt("look", { parts: [file(inProject(w, "link"), "text/plain", "link")] })
  expect(w.model.heard()).toContain("1: alpha")
})

test("where a part comes from is kept as it was sent", async () => {
  const text = { value: "@a.ts", start: 0, end: 5 }
  const range = { start: { line: 1, character: 0 }, end: { line: 2, character: 3 } }
  const sources = [
    { type: "file" as const, path: "a.ts", text },
    { type: "symbol" as const, path: "a.ts", text, range, name: "f", kind: 12 },
    { type: "resource" as const, clientName: "docs", uri: "docs://a", text },
  ]
  await using w = await world({ files: { "a.ts": "one" }, model: () => says("ok") })
  await w.prompt("look", {
    parts: [
      ...sources.map((source) => ({ ...file(inProject(w, "a.ts"), "text/plain", "a.ts"), source })),
      { type: "agent", name: "plan", source: { value: "@plan", start: 0, end: 5 } },
    ],
  })
  const parts = (await w.transcript())[0]?.parts ?? []
  expect(parts.flatMap((part) => (part.type === "file" ? [part.source] : []))).toEqual(sources)
  expect(parts.at(-1)).toMatchObject({ type: "agent", name: "plan", source: { value: "@plan", start: 0, end: 5 } })
})

test.each([
  ["an agent", { type: "agent" as const, name: "biuld" }],
  ["an agent of a subtask", { type: "subtask" as const, prompt: "p", description: "d", agent: "biuld" }],
])("%s that does not exist is refused with the nearest name, and nothing is stored", async (_, part) => {
  await using w = await world()
  await expect(w.prompt("go", { parts: [part] })).rejects.toMatchObject({
    code: "agent_not_found",
    message: expect.stringMatching(/biuld.*build/),
  })
  expect(await w.transcript()).toEqual([])
})

test("a prompt that brings too much is refused, whether it brings it along or names it", async () => {
  await using w = await world({ files: { "a.pdf": Buffer.concat([PDF, Buffer.alloc(7_000_000)]) } })
  const part = file(inProject(w, "a.pdf"), "application/pdf", "a.pdf")
  await expect(w.prompt("go", { parts: Array(5).fill(part) })).rejects.toMatchObject({ code: "too_large" })
  const text = { type: "text" as const, text: "x" }
  await expect(w.prompt("go", { parts: Array.from({ length: 1_001 }, () => text) })).rejects.toMatchObject({
    code: "too_large",
  })
  expect(await w.transcript()).toEqual([])
})

test.each(WIRES)("an image that a tool returns is made what the provider takes (%s)", async (wire) => {
  const files = { "big.png": await plain(2_500, 1_000).png().toBuffer(), "bad.png": PNG.subarray(0, 30) }
  await using w = await world({
    wire,
    files,
    model: script(calls("read", { filePath: "big.png" }), calls("read", { filePath: "bad.png" }), says("ok")),
  })
  await w.prompt("look")
  const [big, bad] = (await w.calls()).map(({ state }) => state)
  const [image] = big?.status === "completed" ? (big.attachments ?? []) : []
  const { width, height } = await sharp(bytesOf(image)).metadata()
  expect([width, height]).toEqual([2_000, 800])
  expect(JSON.stringify(w.model.requests.at(-1)?.body)).toContain(bytesOf(image).toString("base64"))
  expect(bad).toMatchObject({
    status: "completed",
    output: expect.stringContaining("bad.png (image/png) is not shown"),
  })
  expect(bad).not.toHaveProperty("attachments")
  expect(w.model.unexpected).toEqual([])
})
