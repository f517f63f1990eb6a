import type { LanguageModelV3, LanguageModelV3CallOptions, LanguageModelV3Message } from "@ai-sdk/provider"
import { asList } from "../wire/json.ts"

type Body = Record<string, unknown>

/**
 * What messages became on the wire of chat completions when they were sent before. A request holds the whole
 * conversation, and the package makes all of it anew each time: after 2,000 messages 1.6 MB of objects that live no
 * longer than the request, which is most of what such a prompt makes V8 collect.
 *
 * It rests on two things: the package turns each message into its own, whatever stands around it, and nobody changes a
 * message in place. So the package is given only those it has not seen, and what it made of the others is put back.
 */
export interface SentMessages {
  /** The model, which is given only what it has not seen. */
  over(model: LanguageModelV3): LanguageModelV3
  /** The body with all messages of the request that it was made for. */
  complete(body: Body): Body
}

/** Handed through the package beside the provider's own options, which it copies into the body as they are. */
const REQUEST = "__request"

interface Request {
  prompt: LanguageModelV3Message[]
  /** What the package was given. */
  unseen: Set<LanguageModelV3Message>
}

export function sentMessages(providerID: string): SentMessages {
  const known = new WeakMap<LanguageModelV3Message, readonly unknown[]>()
  // As the package finds the options that are meant for it.
  const name = providerID.split(".")[0]?.trim() ?? ""

  function withoutKnown(options: LanguageModelV3CallOptions): LanguageModelV3CallOptions {
    const { prompt, providerOptions } = options
    const unseen = prompt.filter((message) => !known.has(message))
    const request: Request = { prompt, unseen: new Set(unseen) }
    const own = { ...providerOptions?.[name], [REQUEST]: request as never }
    return {
      ...options,
      prompt: unseen,
      providerOptions: { ...providerOptions, [name]: own },
    }
  }

  return {
    over(model) {
      const { provider, modelId, supportedUrls } = model
      return {
        specificationVersion: "v3",
        provider,
        modelId,
        supportedUrls,
        doGenerate: (options) => model.doGenerate(withoutKnown(options)),
        doStream: (options) => model.doStream(withoutKnown(options)),
      }
    },
    complete({ [REQUEST]: request, ...body }) {
      const made = asList(body.messages)
      let taken = 0
      const { prompt, unseen } = request as Request
      const messages = prompt.flatMap((message) => {
        const before = unseen.has(message) ? undefined : known.get(message)
        if (before) return before
        const own = made.slice(taken, taken + wireCount(message))
        taken += own.length
        if (!hasFiles(message)) known.set(message, own)
        return own
      })
      if (taken !== made.length) throw new Error("The package made another number of messages than expected.")
      return { ...body, messages }
    },
  }
}

/** A message is one on the wire too, and each result of a call is one of its own. */
const wireCount = ({ role, content }: LanguageModelV3Message): number =>
  role === "tool" ? content.filter(({ type }) => type === "tool-result").length : 1

/** On the wire a file is a second copy of its bytes, too large to be kept. */
const hasFiles = ({ content }: LanguageModelV3Message): boolean =>
  typeof content !== "string" && content.some(({ type }) => type === "file")
