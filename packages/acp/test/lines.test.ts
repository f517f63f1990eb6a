import { expect, test } from "vitest"
import { readLines, type Line } from "../src/lines.ts"

async function linesOf(chunks: (string | Uint8Array)[], maxBytes?: number): Promise<Line[]> {
  async function* input(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk
  }
  const found: Line[] = []
  for await (const line of readLines(input(), maxBytes)) found.push(line)
  return found
}

const bytes = [...Buffer.from('{"a":"é🙂"}\r\n{"b":1}\n')].map((byte) => Uint8Array.of(byte))

test.each([
  ["a line in one piece", ['{"a":1}\n'], [{ text: '{"a":1}' }]],
  ["both kinds of ends, blank lines and a mark", ["\uFEFFone\r\n\n  \r\ntwo\n"], [{ text: "one" }, { text: "two" }]],
  ["several lines and half of one", ["one\ntw", "o\nthree"], [{ text: "one" }, { text: "two" }, { text: "three" }]],
  ["bytes one by one", bytes, [{ text: '{"a":"é🙂"}' }, { text: '{"b":1}' }]],
  ["nothing", [], []],
])("%s", async (_, chunks, expected) => {
  expect(await linesOf(chunks)).toEqual(expected)
})

test("a line over the limit is told as too long once, and the lines around it stand", async () => {
  const chunks = ["one\n", "x".repeat(30), "x".repeat(30), "x\ntwo\n", "y".repeat(50)]
  expect(await linesOf(chunks, 40)).toEqual([
    { text: "one" },
    { tooLong: true, head: "x".repeat(60) },
    { text: "two" },
    { tooLong: true, head: "y".repeat(50) },
  ])
})

test("of a line over the limit the first 256 bytes are kept", async () => {
  const pieces = Array.from({ length: 400 }, (_, at) => String(at % 10))
  expect(await linesOf(pieces, 300)).toEqual([{ tooLong: true, head: pieces.slice(0, 256).join("") }])
})

test("a chunk whose memory is used again does not change what was read", async () => {
  const memory = Buffer.from("abc")
  async function* input(): AsyncGenerator<Uint8Array> {
    yield memory
    memory.fill("x")
    yield Buffer.from("def\n")
  }
  const found: Line[] = []
  for await (const line of readLines(input())) found.push(line)
  expect(found).toEqual([{ text: "abcdef" }])
})
