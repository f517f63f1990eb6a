import type { EventProperties } from "@opencode/protocol/event.ts"
import type {
  PermissionReply,
  PermissionRequest,
  PermissionRule,
  PermissionRuleset,
} from "@opencode/protocol/permission.ts"
import { fault } from "../lib/fault.ts"
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
   * @throws fault `permission_not_found` when no such question waits
   */
  reply(requestID: string, answer: { reply: PermissionReply; message?: string }, sessionID?: string): void
  /** The rules that answers of "always" have made, oldest first. */
  approved(): PermissionRuleset
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
}

interface Answer {
  reply: PermissionReply
  message?: string | undefined
}

interface Pending {
  request: PermissionRequest
  ask: Ask
  sources: Pick<RuleSources, "rulesets" | "ceiling">
  settle(answer: Answer): void
  /** Neither rules nor other answers decide it, and its answer is no rule. */
  isPersonal: boolean
}

export function createGate({ publish, id, home }: GateDeps): Gate {
  const pending = new Map<string, Pending>()
  // One gate serves one workspace, so an approval holds for its sessions and ends with the process.
  const approved: PermissionRuleset = []

  const judge = (asks: readonly Ask[], sources: Pending["sources"]) => decide(asks, { ...sources, approved, home })

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
    const request: PermissionRequest = {
      id: id("per", sessionID),
      sessionID,
      permission,
      patterns,
      metadata,
      always,
      ...(tool && { tool }),
    }
    return new Promise((resolve) => {
      const abort = () => settle(request.id, { reply: "reject" })
      signal.addEventListener("abort", abort, { once: true })
      pending.set(request.id, {
        request,
        ask,
        sources: { rulesets, ceiling },
        isPersonal,
        settle(answer) {
          signal.removeEventListener("abort", abort)
          resolve(answer)
        },
      })
      publish("permission.asked", request)
    })
  }

  /** Takes the question out of the table; the first caller wins. */
  function settle(requestID: string, answer: Answer) {
    const entry = pending.get(requestID)
    if (!entry || !pending.delete(requestID)) return
    publish("permission.replied", {
      sessionID: entry.request.sessionID,
      requestID,
      reply: answer.reply,
    })
    entry.settle(answer)
  }

  function approve({ permission, always }: Ask) {
    for (const pattern of always) {
      const rule: PermissionRule = { permission, pattern, action: "allow" }
      if (!approved.some((known) => known.permission === permission && known.pattern === pattern)) approved.push(rule)
    }
    for (const { request, ask, sources, isPersonal } of [...pending.values()]) {
      if (!isPersonal && judge([ask], sources).type === "allow") settle(request.id, { reply: "always" })
    }
  }

  return {
    check,
    ask: ({ ask, sessionID, signal }) => put(ask, { sessionID, rulesets: [], isPersonal: true }, signal),
    allows: (asks, sources) => judge(asks, sources).type === "allow",
    list: () => [...pending.values()].map((entry) => entry.request),
    approved: () => [...approved],

    reply(requestID, answer, sessionID) {
      const entry = pending.get(requestID)
      if (!entry || (sessionID !== undefined && entry.request.sessionID !== sessionID)) {
        throw fault("permission_not_found", `Permission request not found: ${requestID}`, {
          requestID,
        })
      }
      settle(requestID, answer)
      if (answer.reply === "always" && !entry.isPersonal) approve(entry.ask)
      // A bare no stops the turn, so what its session asked besides has lost its purpose.
      if (answer.reply === "reject" && !answer.message && !entry.isPersonal) {
        for (const { request } of [...pending.values()]) {
          if (request.sessionID === entry.request.sessionID) settle(request.id, { reply: "reject" })
        }
      }
    },

    close() {
      for (const requestID of [...pending.keys()]) settle(requestID, { reply: "reject" })
    },
  }
}

function denial({ ask, pattern, rule, ceiling }: Extract<Decision, { type: "deny" }>): string {
  const what = `${ask.permission} "${pattern}" is denied by the rule ${JSON.stringify(rule)}`
  return ceiling
    ? `The user has specified a rule which prevents you from using this specific tool call: ${what}. It belongs to the current agent and no configuration can lift it.`
    : `The user has specified a rule which prevents you from using this specific tool call: ${what}.`
}
