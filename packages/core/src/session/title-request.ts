import type { Agent } from "@opencode/protocol/agent.ts"
import type { MessageWithParts, UserMessage } from "@opencode/protocol/message.ts"
import { noTokens, type Tokens } from "@opencode/protocol/tokens.ts"
import type { Hooks } from "../extension/hooks.ts"
import { clip } from "../lib/text.ts"
import type { Log } from "../lib/log.ts"
import { unfinished } from "../model/billed.ts"
import { knownCost } from "../model/cost.ts"
import { paramOptions } from "../model/params.ts"
import { applyQuirks } from "../model/quirks/apply.ts"
import type { Models } from "../model/resolve.ts"
import { streamAnswer } from "../model/stream.ts"
import type { RequestRow } from "../store/ledger-store.ts"
import { titleFrom } from "./title.ts"

/**
 * A better name for a new session than the first line of its prompt: asked of the provider's small model, beside the
 * first turn. Nothing waits for it, and when it fails the session keeps the name it has.
 */
export interface Titles {
  /** @param from the name the session has now */
  ask(prompt: MessageWithParts & { info: UserMessage }, from: string): void
  /** Ends the requests that are under way. */
  close(): Promise<void>
}

export interface TitleDeps {
  models: Pick<Models, "small" | "resolve">
  /** The agent `title`; absent when it is switched off, and then nothing is asked. */
  agent(): Agent | undefined
  log: Log
  hooks: Pick<Hooks, "chatParams" | "chatHeaders">
  now(): number
  /** Gives the session its new name, and adds what asking cost. */
  rename(sessionID: string, found: FoundTitle): Promise<void>
  /** Adds a request of which no name came to the ledger, unless the session is gone. */
  count(request: RequestRow): Promise<void>
}

export interface FoundTitle {
  /** The name it replaces: a session that somebody has renamed meanwhile keeps its own. */
  from: string
  to: string
  /** Dollars. */
  cost: number
  tokens: Tokens
  /** What the ledger says of it. */
  request: Omit<RequestRow, "sessionID">
}

/** What a title needs of a prompt; a pasted log is not named better by all of it. */
const PROMPT_CHARACTERS = 4_000
/** A title that takes longer comes too late to be of use. */
const DEADLINE_MS = 30_000
/** A line, and what a small model may think before it. */
const MAX_OUTPUT_TOKENS = 1_000

export function createTitles({ models, agent: titleAgent, log, hooks, now, rename, count }: TitleDeps): Titles {
  const closing = new AbortController()
  const running = new Set<Promise<void>>()

  async function request(info: UserMessage, text: string, from: string): Promise<void> {
    const agent = titleAgent()
    const resolved = models.resolve(agent?.model ?? models.small(info.model))
    const { model, language, conceal } = resolved
    const started = now()
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(DEADLINE_MS)])
    const facts = { sessionID: info.sessionID, agent: agent?.name ?? "title", model, message: info }
    const params = {
      maxOutputTokens: MAX_OUTPUT_TOKENS,
      ...(agent?.temperature === undefined ? {} : { temperature: agent.temperature }),
      ...(agent?.topP === undefined ? {} : { topP: agent.topP }),
      options: { ...model.options, ...agent?.options },
    }
    await hooks.chatParams(facts, params)
    // Without the session's id: it shares no beginning with the conversation, and a recording counts it apart.
    const sent = { headers: { ...model.headers } }
    await hooks.chatHeaders(facts, sent)
    const options = {
      ...paramOptions({ ...params, ...sent }, model),
      prompt: [
        { role: "system" as const, content: agent?.prompt ?? "" },
        told("Generate a title for this conversation:\n"),
        told(clip(text, PROMPT_CHARACTERS)),
      ],
    }
    let answer = ""
    let tokens = noTokens()
    const suited = applyQuirks(options, model)
    const asked = { purpose: "title" as const, providerID: model.providerID, modelID: model.id, started }
    try {
      for await (const event of streamAnswer({ language: await language(), options: suited, signal, now, conceal })) {
        if (event.type === "text-delta") answer += event.delta
        if (event.type === "finish") tokens = event.usage
      }
    } catch (error) {
      const { outcome, tokens } = unfinished(error, answer !== "")
      const known = tokens ? { tokens, cost: 0 } : {}
      await count({ ...asked, ...known, sessionID: info.sessionID, duration: now() - started, outcome })
      throw error
    }
    const cost = knownCost(resolved, tokens)
    const request = { ...asked, duration: now() - started, outcome: "completed" as const, tokens, cost }
    await rename(info.sessionID, { from, to: cleanTitle(answer) ?? from, cost: cost ?? 0, tokens, request })
  }

  return {
    ask({ info, parts }, from) {
      const text = parts.flatMap((part) => (part.type === "text" && !part.synthetic ? [part.text] : [])).join("\n")
      if (!titleAgent() || !text.trim() || closing.signal.aborted) return
      const asked = request(info, text, from).catch((error: unknown) => {
        log.info("no title from the model", { sessionID: info.sessionID, error })
      })
      running.add(asked)
      void asked.finally(() => running.delete(asked))
    },
    async close() {
      closing.abort()
      await Promise.all(running)
    },
  }
}

const told = (text: string) => ({ role: "user" as const, content: [{ type: "text" as const, text }] })

/** The first line that says something, without the thinking, quotes and headings that models put around it. */
export function cleanTitle(answer: string): string | undefined {
  const said = answer.replaceAll(/<think(?:ing)?>[\s\S]*?(?:<\/think(?:ing)?>|$)/g, "")
  return titleFrom(said)
    ?.replace(/^(?:#+|title:)\s*/i, "")
    .replace(/^(["'`*_]+)(.*)\1\.?$/, "$2")
    .trim()
}
