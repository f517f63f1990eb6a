import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Part } from "@opencode/protocol/part.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { noTokens } from "@opencode/protocol/tokens.ts"
import type { World } from "@opencode/testing/world.ts"
import { ownedBy } from "../../src/store/part-store.ts"

/** Conversations that are put into the store as they are, without a turn. */

let count = 0
const next = (prefix: string): string => `${prefix}_${String(++count).padStart(26, "0")}`

/** Stores the messages under new ids of the session; ids that parts and answers name follow. */
export async function store(w: World, session: Session, messages: MessageWithParts[]): Promise<MessageWithParts[]> {
  const ids = messages.map(() => next("msg"))
  let prompt = ids[0] ?? ""
  const owned = messages.map(({ info, parts }, index): MessageWithParts => {
    const id = ids[index] ?? ""
    const own = { id, sessionID: session.id }
    if (info.role === "user") prompt = id
    return {
      info: info.role === "user" ? { ...info, ...own } : { ...info, ...own, parentID: prompt },
      parts: parts.map((part) => ownedBy(part, { id: next("prt"), sessionID: session.id, messageID: id })),
    }
  })
  await w.home.store.write((tx) => {
    for (const { info, parts } of owned) {
      w.home.store.messages.put(tx, info)
      for (const [index, part] of parts.entries()) w.home.store.parts.put(tx, part, index)
    }
  })
  return w.home.store.messages.list(session.id)
}

const owner = { id: "prt_x", sessionID: "ses_x", messageID: "msg_x" }
export const text = (words: string): Part => ({ ...owner, type: "text", text: words })
export const call = (tool: string, input: Record<string, unknown>, output: string): Part => ({
  ...owner,
  type: "tool",
  callID: "call_1",
  tool,
  state: { status: "completed", input, output, title: tool, metadata: {}, time: { start: 1, end: 2 } },
})

export const prompt = (...parts: Part[]): MessageWithParts => ({
  info: {
    id: "msg_x",
    sessionID: "ses_x",
    role: "user",
    time: { created: 1 },
    agent: "build",
    model: { providerID: "mock", modelID: "large" },
  },
  parts,
})

export const answer = (...parts: Part[]): MessageWithParts => ({
  info: {
    id: "msg_x",
    sessionID: "ses_x",
    role: "assistant",
    parentID: "msg_x",
    time: { created: 1, completed: 2 },
    providerID: "mock",
    modelID: "large",
    mode: "build",
    agent: "build",
    path: { cwd: "/", root: "/" },
    cost: 0,
    tokens: noTokens(),
    finish: "stop",
  },
  parts,
})
