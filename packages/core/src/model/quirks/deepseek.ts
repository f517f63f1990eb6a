import { asList, asRecord } from "../wire/json.ts"
import type { BodyQuirk } from "./quirk.ts"

/**
 * While it thinks, each message of the model with calls has to carry its reasoning, also one that has none: of another
 * model, or of an answer without.
 */
export const reasoningWithCalls: BodyQuirk = {
  name: "calls carry reasoning, if only an empty one",
  source: "https://api-docs.deepseek.com/guides/thinking_mode#tool-calls",
  tried: false,
  applies: ({ modelID, baseURL }) => /deepseek/i.test(modelID) || baseURL.includes("://api.deepseek.com"),
  change(body) {
    const messages = asList(body.messages).map((message) => {
      const given = asRecord(message)
      return given?.tool_calls && given.reasoning_content === undefined ? { ...given, reasoning_content: "" } : message
    })
    return { ...body, messages }
  },
}
