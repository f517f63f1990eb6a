import type { MessageWithParts, PromptInput, UserMessage } from "@opencode/protocol/message.ts"
import type { Part } from "@opencode/protocol/part.ts"
import type { Session } from "@opencode/protocol/session.ts"
import type { Hooks } from "../extension/hooks.ts"
import { fault } from "../lib/fault.ts"
import type { Host } from "../lib/host.ts"
import type { Store } from "../store/store.ts"
import type { Tx } from "../store/tx.ts"
import { promptMessage, type AdmitDeps } from "./admit.ts"
import { forwarding, type ForwardDeps, type Prompt } from "./forward.ts"
import { unlessEnded } from "./preparing.ts"
import type { Publish } from "./record.ts"
import { requireSession } from "./require.ts"
import { tellMessage } from "./tell-message.ts"
import type { Titles } from "./title-request.ts"
import { isDefaultTitle, titleFrom } from "./title.ts"

export interface PromptingDeps extends AdmitDeps, ForwardDeps {
  store: Store
  host: Host
  hooks: Pick<Hooks, "chatMessage">
  publish: Publish
  /** Does to its end what a crash left half undone: a prompt makes it final. */
  finishUndo(sessionID: string): Promise<void>
  /** What a prompt brings along that was owed to its session. */
  owed(tx: Tx, prompt: { sessionID: string; messageID: string }): Part[]
  /** Asks for a name for a session whose first prompt this is. */
  nameAfter: Titles["ask"]
}

/** From what somebody sends to a prompt on record, here or in the process that works on the session. */
export function createPrompting(deps: PromptingDeps): Prompt {
  const { store, host, lanes, publish } = deps

  const get = (sessionID: string): Session => requireSession(sessionID, store)

  /** The prompt as a whole message, as the hooks leave it. Nothing is stored yet. */
  async function prepare(session: Session, input: PromptInput, signal: AbortSignal) {
    const sessionID = session.id
    const own = { ...deps, host: host.lane(`prompts ${sessionID}`), signal }
    const { info, parts } = await promptMessage(session, input, own)
    if (store.messages.get(info.id)) {
      throw fault("conflict", `There is a message with the id ${info.id} already.`, { messageID: info.id })
    }
    const output = { message: info, parts }
    const about = { sessionID, agent: info.agent, messageID: info.id }
    await unlessEnded(signal, () => deps.hooks.chatMessage(about, output))
    signal.throwIfAborted()
    return { info: output.message, parts: output.parts }
  }

  async function prompt(sessionID: string, input: PromptInput, signal: AbortSignal) {
    const session = get(sessionID)
    await deps.recover(sessionID)
    await deps.finishUndo(sessionID)
    const { info, parts } = await prepare(session, input, signal)
    const message: MessageWithParts = { info, parts }
    const messageID = info.id

    const isUnnamed = isDefaultTitle(session.title) && session.parentID === undefined
    const { answer } = await lanes.admit(sessionID, {
      wantsAnswer: !input.noReply,
      write(tx) {
        message.parts = [...parts, ...deps.owed(tx, { sessionID, messageID })]
        store.messages.put(tx, info)
        for (const [index, part] of message.parts.entries()) store.parts.put(tx, part, index)
        if (!input.noReply) store.inbox.admit(tx, { sessionID, messageID, options: null, admitted: host.now() })
        store.sessions.replace(tx, admitted({ info, parts }, get(sessionID)))
        return message
      },
      announce() {
        publish("session.updated", { sessionID, info: get(sessionID) })
        tellMessage(message, deps)
      },
    })
    if (isUnnamed && answer) deps.nameAfter({ info, parts }, get(sessionID).title)
    return answer ? { message, answer } : { message }
  }

  /** A session has the agent and the model of its last prompt, and a name from its first. */
  function admitted({ info, parts }: { info: UserMessage; parts: Part[] }, session: Session): Session {
    const text = parts.find((part) => part.type === "text" && !part.synthetic)
    const title = isDefaultTitle(session.title) && text?.type === "text" ? titleFrom(text.text) : undefined
    const { providerID, modelID, variant } = info.model
    return {
      ...session,
      ...(title ? { title } : {}),
      agent: info.agent,
      model: { id: modelID, providerID, variant: variant ?? "default" },
      time: { ...session.time, updated: host.now() },
    }
  }

  return forwarding(prompt, deps)
}
