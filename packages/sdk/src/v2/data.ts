import type { Part, UserMessage } from "./client.ts"

/** Nobody has stored these yet, so they have no id of their own. */
const UNSTORED = "unstored"

type NewPart = Omit<Part, "id" | "sessionID" | "messageID">

/** Messages as a server would answer them, for a program that shows what it is about to send. */
export const message = {
  user(input: Omit<UserMessage, "role" | "time" | "id"> & { parts: NewPart[] }): { info: UserMessage; parts: Part[] } {
    const { parts, ...rest } = input
    const info: UserMessage = { ...rest, id: UNSTORED, role: "user", time: { created: Date.now() } }
    return { info, parts: parts.map((part) => asPart(part, info)) }
  },
}

// What is left out of a part is exactly what is added here; the type of a union of many cannot say so.
const asPart = (part: NewPart, { sessionID, id }: UserMessage) => ({ ...part, id, sessionID, messageID: id }) as Part
