import type { MessageWithParts } from "@opencode/protocol/message.ts"
import { expect, test } from "vitest"
import { epochReason, type Shown } from "../../src/turn/epoch.ts"
import { tokensOfMessage, tokensOfText } from "../../src/turn/estimate.ts"
import { measure, type MeasureInput } from "../../src/turn/measure.ts"
import { modelOf } from "./history.ts"

const shown: Shown = { providerID: "mock", modelID: "large", agent: "build", prompts: "aa-bb", size: 10 }
const same = { compacted: false, pruned: false }

test.each<[string | undefined, Shown | undefined, Partial<Shown>, Partial<typeof same>]>([
  ["start", undefined, {}, {}],
  [undefined, shown, {}, {}],
  ["compaction", shown, { modelID: "small" }, { compacted: true }],
  ["pruning", shown, {}, { pruned: true }],
  ["model", shown, { modelID: "small" }, {}],
  ["model", shown, { providerID: "other", agent: "plan", prompts: "cc-dd" }, {}],
  ["agent", shown, { agent: "plan", prompts: "aa-dd" }, {}],
  // The words of an agent that shares the prompts are in the messages, and stay there.
  [undefined, shown, { agent: "plan" }, {}],
  ["tools", shown, { prompts: "aa-dd" }, {}],
  ["system", shown, { prompts: "cc-bb" }, {}],
  ["history", shown, { size: 9 }, {}],
])("an epoch begins for the reason %s", (reason, before, change, since) => {
  expect(epochReason(before, { ...shown, ...change }, { ...same, ...since })).toBe(reason)
})

const owned = (messageID: string) => ({ id: `prt_${messageID}`, sessionID: "ses_a", messageID })

function user(id: string, text: string): MessageWithParts {
  const model = { providerID: "mock", modelID: "large" }
  return {
    info: { id, sessionID: "ses_a", role: "user", time: { created: 1 }, agent: "build", model },
    parts: [{ ...owned(id), type: "text", text }],
  }
}

function answer(id: string, output: string): MessageWithParts {
  const state = { status: "completed" as const, input: {}, output, title: "", metadata: {}, time: { start: 1, end: 2 } }
  return {
    info: { ...user(id, "").info, role: "assistant" } as MessageWithParts["info"],
    parts: [
      { ...owned(id), type: "text", text: "a".repeat(4_000) },
      { ...owned(id), type: "tool", callID: "c", tool: "bash", state },
    ],
  }
}

const input = (messages: MessageWithParts[]): MeasureInput => ({
  messages,
  system: ["s".repeat(400)],
  tools: [],
  model: modelOf("@ai-sdk/openai"),
  agent: "build",
  last: undefined,
  since: same,
})

test("a request weighs what the provider counted last, and an estimate of what came since", () => {
  const messages = [user("msg_a", "go"), answer("msg_b", "b".repeat(400)), user("msg_c", "c".repeat(400))]
  const first = measure(input(messages.slice(0, 1)))
  const whole = measure(input(messages))
  expect(whole).toMatchObject({ epoch: "start", fixed: 102, expected: 102 + whole.size })
  const { prompts, size } = first
  const last = { messageID: "msg_b", providerID: "mock", modelID: "large", agent: "build", prompts, size, count: 1 }
  const counted = measure({ ...input(messages), last: { ...last, counted: 9_000 } })
  expect(counted).not.toHaveProperty("epoch")
  expect(counted.expected).toBe(9_000 + 100 + 108)
  // Not known, or not of this conversation: the estimate.
  expect(measure({ ...input(messages), last }).expected).toBe(whole.expected)
  const changed = [user("msg_a", "go on"), ...messages.slice(1)]
  expect(measure({ ...input(changed), last: { ...last, counted: 9_000 } })).toMatchObject({ epoch: "history" })
})

test("images and documents weigh what providers count, not their bytes", () => {
  const file = (mime: string, url: string): MessageWithParts => ({
    ...user("msg_a", ""),
    parts: [{ ...owned("msg_a"), type: "file", mime, url }],
  })
  expect(tokensOfMessage(file("image/png", `data:image/png;base64,${"A".repeat(400_000)}`))).toBe(1_608)
  expect(tokensOfMessage(file("application/pdf", `data:application/pdf;base64,${"A".repeat(400_000)}`))).toBe(18_008)
  expect(tokensOfMessage(file("application/pdf", `data:application/pdf;base64,${"A".repeat(40_000_000)}`))).toBe(
    300_008,
  )
  expect(tokensOfMessage(file("text/plain", "file:///etc/passwd"))).toBe(16)
  expect(tokensOfText("四个汉字")).toBe(3)
  expect(tokensOfText("four characters!")).toBe(4)
})
