import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { FilePart } from "@opencode/protocol/part.ts"
import type { Model } from "@opencode/protocol/provider.ts"
import fc from "fast-check"
import { expect, test } from "vitest"
import { fileLimits } from "../../src/model/quirks/file-limits.ts"
import { compile } from "../../src/turn/compile.ts"
import { withinFileBudget } from "../../src/turn/file-budget.ts"
import { fileContent } from "../../src/turn/file-content.ts"
import { plain } from "../model/images.ts"
import { anyHistory, anyModel, modelOf } from "./history.ts"
import { broken } from "./rules.ts"

const anthropic = modelOf("@ai-sdk/anthropic")
const served = (npm: string): Model => ({ ...anthropic, api: { ...anthropic.api, npm } })

const owned = (number: number) => ({ id: `prt_${number}`, sessionID: "ses_a", messageID: `msg_${number}` })
/** As long as is said, and a PNG by its beginning. */
const image = (characters: number) => `data:image/png;base64,iVBORw0KGgo${"A".repeat(Math.max(0, characters - 12))}=`

/** One prompt for each file, in order. */
const history = (urls: string[], mime = "image/png"): MessageWithParts[] =>
  urls.map((url, number) => ({
    info: {
      id: `msg_${number}`,
      sessionID: "ses_a",
      role: "user",
      time: { created: 1 },
      agent: "build",
      model: { providerID: "mock", modelID: "large" },
    },
    parts: [{ ...owned(number), type: "file", mime, url }],
  }))

const files = (messages: MessageWithParts[]) =>
  messages.flatMap(({ parts }) => parts.filter((part): part is FilePart => part.type === "file"))
/** Which of them are still there. */
const kept = (messages: MessageWithParts[], model: Model): boolean[] =>
  files(withinFileBudget(messages, model)).map(({ url }) => url.startsWith("data:"))
const count = (all: boolean[]): number => all.filter(Boolean).length

test("a conversation whose files fit is handed on as it is", () => {
  const messages = history([image(100), image(100)])
  expect(withinFileBudget(messages, anthropic)).toBe(messages)
  expect(withinFileBudget([], anthropic)).toEqual([])
})

test.each([
  ["@ai-sdk/anthropic", 100],
  ["@ai-sdk/amazon-bedrock", 20],
  ["@ai-sdk/groq", 5],
  ["@ai-sdk/mistral", 8],
  ["@ai-sdk/openai", 500],
])("of more images than %s takes, the newest stay", (npm, most) => {
  const all = kept(history(Array(most + 1).fill(image(100))), served(npm))
  expect(count(all)).toBeLessThanOrEqual(most)
  expect(count(all)).toBeGreaterThanOrEqual(Math.floor(most * 0.8))
  expect(all.lastIndexOf(false)).toBeLessThan(all.indexOf(true))
})

test("of more documents than Bedrock takes, the newest stay", () => {
  const pdf = "data:application/pdf;base64,JVBERi0xLjQK"
  const all = kept(history(Array(7).fill(pdf), "application/pdf"), served("@ai-sdk/amazon-bedrock"))
  expect(all).toEqual([false, false, true, true, true, true, true])
})

test("files that are too large together make room from the oldest on, in groups", () => {
  const { totalCharacters } = fileLimits(anthropic)
  const one = image(totalCharacters / 20)
  const dropped = Array.from({ length: 40 }, (_, length) => {
    const all = kept(history(Array(length + 1).fill(one)), anthropic)
    expect(count(all) * one.length).toBeLessThanOrEqual(totalCharacters)
    expect(all.lastIndexOf(false)).toBeLessThan(all.indexOf(true))
    return all.length - count(all)
  })
  // The start of the conversation stays what the provider's cache knows, but for a few times.
  expect(new Set(dropped).size).toBeLessThanOrEqual(6)
})

test("with many images Claude takes smaller ones, and larger ones become notes", async () => {
  const url = async (width: number) =>
    `data:image/png;base64,${(await plain(width, 10).png().toBuffer()).toString("base64")}`
  const [small, wide] = [await url(2_000), await url(2_001)]
  expect(count(kept(history([wide, ...Array(19).fill(small)]), anthropic))).toBe(20)
  expect(kept(history([wide, ...Array(20).fill(small)]), anthropic)[0]).toBe(false)
  expect(count(kept(history(Array(21).fill(wide)), served("@ai-sdk/openai")))).toBe(21)
})

test("files that tools returned count, and those that were removed before do not", () => {
  const state = (compacted?: number) => ({
    status: "completed" as const,
    input: {},
    output: "",
    title: "",
    metadata: {},
    time: { start: 1, end: 1, ...(compacted === undefined ? {} : { compacted }) },
    attachments: Array.from({ length: 60 }, (_, number) => ({
      ...owned(number),
      type: "file" as const,
      mime: "image/png",
      url: image(50),
    })),
  })
  const call = (compacted?: number): MessageWithParts => ({
    info: { ...history([""])[0]!.info },
    parts: [{ ...owned(1), type: "tool", callID: "c", tool: "read", state: state(compacted) }],
  })
  const shown = (messages: MessageWithParts[]) =>
    withinFileBudget(messages, anthropic)
      .flatMap(({ parts }) => parts)
      .flatMap((part) =>
        part.type === "tool" && part.state.status === "completed" ? (part.state.attachments ?? []) : [],
      )
      .map(({ url }) => url.startsWith("data:"))
  expect(count(shown([call(), call()]))).toBe(100)
  expect(count(shown([call(1), call()]))).toBe(120)
})

test.each<[string, string, string, string]>([
  ["too many", "@ai-sdk/anthropic", "omitted:a request takes at most 100 images", "at most 100 images"],
  ["a GIF for Gemini", "@ai-sdk/google", `data:image/gif;base64,${"R0lGODlhAQABAAAAACw="}`, "does not take"],
  ["a WebP for Grok", "@ai-sdk/xai", "data:image/webp;base64,UklGRiQAAABXRUJQ", "does not take"],
  ["5 million characters for Claude", "@ai-sdk/anthropic", image(5_000_100), "too large"],
])("%s is a note", (_, npm, url, why) => {
  const content = fileContent({ mime: "image/png", url, filename: "a.png" }, served(npm))
  expect(content).toEqual({ note: expect.stringContaining(why) })
})

test("an image that is wider than a provider takes is a note", async () => {
  const url = `data:image/jpeg;base64,${(await plain(8_001, 4).jpeg().toBuffer()).toString("base64")}`
  expect(fileContent({ mime: "image/jpeg", url }, anthropic)).toEqual({ note: expect.stringContaining("8000 pixels") })
  const fits = `data:image/jpeg;base64,${(await plain(8_000, 4).jpeg().toBuffer()).toString("base64")}`
  expect(fileContent({ mime: "image/jpeg", url: fits }, anthropic)).toHaveProperty("base64")
})

test("any history within the budget compiles to what the provider accepts", () => {
  fc.assert(
    fc.property(anyHistory, anyModel, (messages, model) => {
      const within = withinFileBudget(messages, model)
      expect(within.map(({ parts }) => parts.length)).toEqual(messages.map(({ parts }) => parts.length))
      const options = compile({ system: [], messages: within, tools: [], model })
      expect(broken(options, model)).toEqual([])
    }),
    { numRuns: 200 },
  )
})
