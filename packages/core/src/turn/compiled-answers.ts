import type { LanguageModelV3Message } from "@ai-sdk/provider"
import type { AssistantMessage, MessageWithParts } from "@opencode/protocol/message.ts"
import type { Model } from "@opencode/protocol/provider.ts"
import type { CallNames } from "./call-names.ts"
import { wellFormed } from "./well-formed.ts"

/**
 * What earlier answers became when they were compiled before. Every step compiles the whole history, of which all but
 * the last message is as it was: for a session of 2,000 messages that is most of what a step costs.
 *
 * It changes nothing of what is compiled: values of a history are never changed in place, so one that is the same array
 * of parts, for the same model and with the same names for its calls, becomes the same messages.
 */
export interface AnswerInput {
  info: AssistantMessage
  parts: MessageWithParts["parts"]
  model: Model
  withTools: boolean
  names: CallNames
}

interface Compiled extends Pick<AnswerInput, "info" | "model" | "withTools"> {
  /** As the model gave them, and the names that they got. */
  callIDs: string[]
  given: string[]
  messages: LanguageModelV3Message[]
}

/** Lives as long as the parts do. */
const compiled = new WeakMap<MessageWithParts["parts"], Compiled>()
const whole = new WeakSet<LanguageModelV3Message>()

/** @param make compiles the answer, taking the names of its calls in their order */
export function compiledAnswer(
  { info, parts, model, withTools, names }: AnswerInput,
  make: (names: CallNames) => LanguageModelV3Message[],
): LanguageModelV3Message[] {
  const known = compiled.get(parts)
  const isKnown = known?.info === info && known.model === model && known.withTools === withTools
  const callIDs = isKnown ? known.callIDs : withTools ? callIDsOf(parts) : []
  // Asked for in any case: which names are taken decides those of later calls.
  const given = callIDs.map(names.unique)
  if (isKnown && given.every((name, index) => name === known.given[index])) return known.messages
  let next = 0
  const messages = make({ unique: () => given[next++] ?? "" }).map(wellFormed)
  for (const message of messages) whole.add(message)
  compiled.set(parts, { info, model, withTools, callIDs, given, messages })
  return messages
}

const callIDsOf = (parts: MessageWithParts["parts"]): string[] =>
  parts.flatMap((part) => (part.type === "tool" ? [part.callID] : []))

/** `wellFormed`, which knows those that it has seen. */
export const wellFormedMessages = (messages: LanguageModelV3Message[]): LanguageModelV3Message[] =>
  messages.map((message) => (whole.has(message) ? message : wellFormed(message)))
