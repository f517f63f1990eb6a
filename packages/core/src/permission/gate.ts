import type { EventProperties } from "@opencode/protocol/event.ts"
import type {
  PermissionReply,
  PermissionRequest,
  PermissionRule,
  PermissionRuleset,
} from "@opencode/protocol/permission.ts"
import { fault } from "../lib/fault.ts"
import { createPending } from "../lib/pending.ts"
import type { Ask } from "./ask.ts"
import { decide, type Decision, type RuleSources } from "./rules.ts"

/**
 * The one table of questions that wait for a person. A question leaves it exactly once, by whichever comes first of a
 * reply, an abort or the end of the gate; who comes later finds nothing and changes nothing.
 */
export interface Gate {
  /** Resolves when every ask is allowed, or one is not. Asks that need a person are put one after the other. */
  check(call: PermissionCheck): Promise<PermissionOutcome>
  /** Puts a question that no rule decides and no answer to another one: a person's own answer, or the end. */
  ask(question: PersonalQuestion): Promise<{ reply: PermissionReply }>
  /** Whether the rules and the answers so far allow it all; asks nobody. */
  allows(asks: readonly Ask[], sources: Pick<RuleSources, "rulesets" | "ceiling">): boolean
  /** Questions that wait, oldest first. */
  list(): PermissionRequest[]
  /**
   * @param sessionID when given, the question must be of this session
   * @returns what the answer allows from now on
   * @throws fault `permission_not_found` when no such question waits
   */
  reply(requestID: string, answer: Answer, sessionID?: string): PermissionRuleset
  /** The rules that answers of "always" have made, oldest first. */
  approved(): PermissionRuleset
  /** Takes back answers of "always"; what is kept elsewhere is not known here. */
  forget(rules: PermissionRuleset): void
  /** Settles what waits and is allowed by now, because something was approved elsewhere. */
  reconsider(): void
  /** Rejects everything that waits. */
  close(): void
}

export interface PermissionCheck {
  sessionID: string
  asks: readonly Ask[]
  /** Lowest layer first: built-in, configuration, agent, session. */
  rulesets: readonly PermissionRuleset[]
  ceiling?: PermissionRuleset | undefined
  /** The tool call that asks. */
  tool?: { messageID: string; callID: string } | undefined
  signal: AbortSignal
}

export interface PersonalQuestion extends Pick<PermissionCheck, "sessionID" | "signal"> {
  ask: Ask
}

export type PermissionOutcome =
  | { type: "allow" }
  /** A rule says no. The message is for the model, and the turn goes on. */
  | { type: "deny"; message: string }
  /** A person said no, or the turn ended. With a message the model hears it and goes on; without, the turn stops. */
  | { type: "reject"; message?: string }

export interface GateDeps {
  publish<Type extends "permission.asked" | "permission.replied">(type: Type, properties: EventProperties<Type>): void
  id(prefix: "per", sessionID: string): string
  /** The user's home folder, for `~` in rules. */
  home: string
  /** What was approved in earlier processes or in others, and kept. Default: nothing. */
  saved?: () => PermissionRuleset
}

interface Answer {
  reply: PermissionReply
  message?: string | undefined
}

/** What decides about an ask that waits. */
interface Facts {
  ask: Ask
  sources: Pick<RuleSources, "rulesets" | "ceiling">
  /** Neither rules nor other answers decide it, and its answer is no rule. */
  isPersonal: boolean
}

export function createGate({ publish, id, home, saved = () => [] }: GateDeps): Gate {
  const pending = createPending<PermissionRequest, Answer, Facts>({
    withdrawn: { reply: "reject" },
    asked: (request) => publish("permission.asked", request),
    settled: ({ id: requestID, sessionID }, { reply }) =>
      publish("permission.replied", { sessionID, requestID, reply }),
  })
  // One gate serves one workspace, so an approval holds for its sessions and ends with the process.
  const approved: PermissionRuleset = []

  function judge(asks: readonly Ask[], sources: Facts["sources"]): Decision {
    const decision = decide(asks, { ...sources, approved, home })
    if (decision.type !== "ask") return decision
    // The saved ones are in the store, and looked up only where they may spare a question.
    const kept = saved()
    return kept.length > 0 ? decide(asks, { ...sources, approved: [...kept, ...approved], home }) : decision
  }

  async function check({ asks, signal, ...call }: PermissionCheck): Promise<PermissionOutcome> {
    const first = judge(asks, call)
    if (first.type === "deny") return { type: "deny", message: denial(first) }
    for (const ask of asks) {
      // An answer to an earlier question may have settled this one.
      if (judge([ask], call).type === "allow") continue
      const { reply, message } = await put(ask, call, signal)
      if (reply === "reject") return message ? { type: "reject", message } : { type: "reject" }
    }
    return { type: "allow" }
  }

  type Call = Omit<PermissionCheck, "asks" | "signal"> & { isPersonal?: true }

  function put(ask: Ask, call: Call, signal: AbortSignal): Promise<Answer> {
    if (signal.aborted) return Promise.resolve({ reply: "reject" })
    const { sessionID, tool, rulesets, ceiling, isPersonal = false } = call
    const { permission, patterns, metadata, always } = ask
    const request = { id: id("per", sessionID), sessionID, permission, patterns, metadata, always }
    return pending.put(
      { ...request, ...(tool && { tool }) },
      { ask, sources: { rulesets, ceiling }, isPersonal },
      signal,
    )
  }

  function approve({ permission, always }: Ask): PermissionRuleset {
    const rules = always.map((pattern): PermissionRule => ({ permission, pattern, action: "allow" }))
    for (const rule of rules) {
      if (!approved.some((known) => known.permission === permission && known.pattern === rule.pattern))
        approved.push(rule)
    }
    reconsider()
    return rules
  }

  function reconsider(): void {
    for (const { request, facts } of pending.all()) {
      const isAllowed = !facts.isPersonal && judge([facts.ask], facts.sources).type === "allow"
      if (isAllowed) pending.settle(request.id, { reply: "always" })
    }
  }

  return {
    check,
    ask: ({ ask, sessionID, signal }) => put(ask, { sessionID, rulesets: [], isPersonal: true }, signal),
    allows: (asks, sources) => judge(asks, sources).type === "allow",
    list: pending.list,
    approved: () => [...approved],
    forget(rules) {
      for (const { permission, pattern } of rules) {
        const at = approved.findIndex((known) => known.permission === permission && known.pattern === pattern)
        if (at >= 0) approved.splice(at, 1)
      }
    },
    reconsider,

    reply(requestID, answer, sessionID) {
      const entry = pending.find(requestID)
      if (!entry || (sessionID !== undefined && entry.request.sessionID !== sessionID)) {
        throw fault("permission_not_found", `Permission request not found: ${requestID}`, {
          requestID,
        })
      }
      pending.settle(requestID, answer)
      // A bare no stops the turn, so what its session asked besides has lost its purpose.
      if (answer.reply === "reject" && !answer.message && !entry.facts.isPersonal) {
        for (const { request } of pending.all()) {
          if (request.sessionID === entry.request.sessionID) pending.settle(request.id, { reply: "reject" })
        }
      }
      return answer.reply === "always" && !entry.facts.isPersonal ? approve(entry.facts.ask) : []
    },

    close: pending.close,
  }
}

function denial({ ask, pattern, rule, ceiling }: Extract<Decision, { type: "deny" }>): string {
  const what = `${ask.permission} "${pattern}" is denied by the rule ${JSON.stringify(rule)}`
  return ceiling
    ? `The user has specified a rule which prevents you from using this specific tool call: ${what}. It belongs to the current agent and no configuration can lift it.`
    : `The user has specified a rule which prevents you from using this specific tool call: ${what}.`
}
