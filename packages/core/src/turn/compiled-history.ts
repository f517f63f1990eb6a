import type { LanguageModelV3Message } from "@ai-sdk/provider"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Model } from "@opencode/protocol/provider.ts"
import { callNames, type CallNames } from "./call-names.ts"
import { wellFormed } from "./well-formed.ts"

/**
 * What a history became when it was compiled before. Every step compiles the whole history, of which all but the last
 * messages are as they were: in a session of 2,000 messages that would be most of what a step costs.
 *
 * It changes nothing of what is compiled: values of a history are never changed in place, and what a message becomes
 * depends on it and on those before it. So a history that begins with the same values becomes the same messages.
 */
export interface Told {
  names: CallNames
  /** The agent of the prompt before. */
  agent: string | undefined
}

interface Compiled {
  model: Model
  withTools: boolean
  from: MessageWithParts[]
  told: Told
  to: LanguageModelV3Message[]
}

/** By the first message of a history; lives as long as that does. */
const compiled = new WeakMap<MessageWithParts, Compiled>()

/**
 * @param compile one message, given what those before it have told; may change `told`
 * @returns well-formed messages, which nobody may change
 */
export function compiledHistory(
  { messages, model, withTools }: { messages: MessageWithParts[]; model: Model; withTools: boolean },
  compile: (message: MessageWithParts, told: Told) => LanguageModelV3Message[],
): LanguageModelV3Message[] {
  const [first] = messages
  if (!first) return []
  const known = compiled.get(first)
  const isPrefix =
    known?.model === model &&
    known.withTools === withTools &&
    known.from.every((message, index) => message === messages[index])
  const state: Compiled =
    known && isPrefix ? known : { model, withTools, from: [], told: { names: callNames(), agent: undefined }, to: [] }
  for (const message of messages.slice(state.from.length)) {
    state.to.push(...wellFormed(compile(message, state.told)))
    state.from.push(message)
  }
  compiled.set(first, state)
  return [...state.to]
}
