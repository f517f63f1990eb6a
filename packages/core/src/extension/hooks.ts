import type { Event } from "@opencode/protocol/event.ts"
import type { UserMessage, MessageWithParts } from "@opencode/protocol/message.ts"
import type { Part } from "@opencode/protocol/part.ts"
import type { Model } from "@opencode/protocol/provider.ts"

/**
 * The places where extensions look into a turn. Each is called at one point of the flow, one extension after the
 * other, with facts it may read and an output it may change in place. The program runs with all of them empty.
 *
 * Unless said otherwise a hook that throws is logged and skipped. A hook may prompt a session, its own too: the prompt
 * is admitted and runs when its lane is free; waiting for that inside the hook is the extension's own mistake.
 */
export interface Hooks {
  /** Before a prompt is admitted. May change the message and its parts. */
  chatMessage(
    input: { sessionID: string; agent: string; messageID: string; variant?: string },
    output: { message: UserMessage; parts: Part[] },
  ): Promise<void>
  /** Before each request to the model. */
  chatParams(
    input: StepFacts,
    output: {
      temperature?: number
      topP?: number
      topK?: number
      maxOutputTokens?: number
      options: Record<string, unknown>
    },
  ): Promise<void>
  /** Before each request to the model. */
  chatHeaders(input: StepFacts, output: { headers: Record<string, string> }): Promise<void>
  /** Before a call is prepared. May change the arguments; a throw blocks the call and the model hears why. */
  toolBefore(
    input: { tool: string; sessionID: string; callID: string },
    output: { args: Record<string, unknown> },
  ): Promise<void>
  /** After a call ended well. May change what the model gets. */
  toolAfter(
    input: { tool: string; sessionID: string; callID: string; args: Record<string, unknown> },
    output: { title: string; output: string; metadata: Record<string, unknown> },
  ): Promise<void>
  /** Before a child of a call is started. May add to its environment. */
  shellEnv(
    input: { cwd: string; sessionID?: string; callID?: string },
    output: { env: Record<string, string> },
  ): Promise<void>
  /**
   * After the history was gathered, before it is compiled. The list is of this step alone; the messages in it are shared
   * with later turns, so who changes one puts a changed copy in its place.
   */
  messagesTransform(output: { messages: MessageWithParts[] }): Promise<void>
  /** After the system prompt was put together. */
  systemTransform(input: { sessionID: string; model: Model }, output: { system: string[] }): Promise<void>
  /** When a text part is complete, before it is stored. */
  textComplete(input: { sessionID: string; messageID: string; partID: string }, output: { text: string }): Promise<void>
  /** Before a conversation is compacted. */
  compacting(input: { sessionID: string }, output: { context: string[]; prompt?: string }): Promise<void>
  /** After the rules were read, before anybody is asked. Can tighten; a deny of the rules stays a deny. */
  permissionAsk(
    input: { sessionID: string; permission: string; patterns: string[] },
    output: { status: "ask" | "deny" | "allow" },
  ): Promise<void>
  /** After an event was published. */
  event(input: { event: Event }): Promise<void>
}

export interface StepFacts {
  sessionID: string
  agent: string
  model: Model
  message: UserMessage
}
