import type { MessageWithParts, UserMessage } from "@opencode/protocol/message.ts"
import type { Model } from "@opencode/protocol/provider.ts"
import { fault } from "../lib/fault.ts"
import { cacheKeyOptions } from "../model/cache-key.ts"
import { boundBy } from "./bounds.ts"
import { compile } from "./compile.ts"
import { withinFileBudget } from "./file-budget.ts"
import { allowance } from "./governor.ts"
import { instructionsPrompt } from "./instructions.prompt.ts"
import { measure } from "./measure.ts"
import { referencesPrompt } from "./references.prompt.ts"
import { isCompaction, sinceCompaction } from "./since-compaction.ts"
import { rulesFor, userOf } from "./rules-for.ts"
import { forcingCall, formatOf, structuredLine, withComplaints, withStructuredTool } from "./structured.ts"
import { LAST_STEP, systemPrompt } from "./system.prompt.ts"
import type { Request, Step, Turn, TurnDeps } from "./turn.ts"
import { windowOf } from "./window.ts"

/** Gathers what one request is made of: the history with what arrived since, and the settings of the newest prompt. */
export async function gather(turn: Turn, deps: TurnDeps): Promise<Step> {
  takeArrivals(turn, deps)
  const prompt = newestPrompt(turn)
  const setting = boundBy(deps.agents.get(prompt.agent), turn.bounds)
  if (!setting) throw fault("agent_not_found", `The agent "${prompt.agent}" is no longer defined.`)
  const resolved = deps.models.resolve(prompt.model)
  const { workspace, hooks } = deps

  // Read once: who changes a file while a turn is at work is heard by the next one.
  turn.instructions ??= await deps.instructions.read(turn.sessionID)
  turn.brought.clear()
  const base = systemPrompt(setting.agent.prompt, {
    modelID: resolved.model.id,
    modelName: `${resolved.model.name} (${resolved.model.providerID}/${resolved.model.id})`,
    directory: turn.session.directory,
    worktree: workspace.worktree,
    git: workspace.vcs === "git",
    platform: deps.platform,
    isChild: turn.session.parentID !== undefined,
    sessionCreated: turn.session.time.created,
  })
  // In one message: some servers take no more.
  const system = [
    [...base, ...referencesPrompt(deps.references), ...instructionsPrompt(turn.instructions)].join("\n\n"),
  ]
  if (prompt.system?.trim()) system.push(prompt.system)
  const format = formatOf(prompt)
  if (format) system.push(structuredLine(format, resolved.model))
  await hooks.systemTransform({ sessionID: turn.sessionID, model: resolved.model }, { system })

  const gathered = { messages: await withComplaints(sinceCompaction(turn.history), resolved.model) }
  await hooks.messagesTransform(gathered)
  const last = allowance(turn.steps, setting.agent.steps, turn.budget.left(turn.isRoot)) === "last"
  const disabled = Object.entries(prompt.tools ?? {}).flatMap(([name, isOn]) => (isOn ? [] : [name]))
  const asked = askedCompaction(turn, deps)
  const { messages } = gathered
  return { prompt, setting, resolved, system, disabled, messages, last, ...(asked ? { asked } : {}) }
}

/** Prompts that were admitted meanwhile join the history. From here on this turn answers every prompt it shows. */
function takeArrivals(turn: Turn, { store }: TurnDeps): void {
  if (turn.signal.aborted && turn.aborted?.size) return leaveLater(turn, turn.aborted)
  const isKnown = (id: string): boolean => turn.history.findLast(({ info }) => info.id === id) !== undefined
  const arrived: MessageWithParts[] = []
  for (;;) {
    const before = arrived[0]?.info.id
    const [next] = store.messages.list(turn.sessionID, { limit: 1, ...(before === undefined ? {} : { before }) })
    if (!next || isKnown(next.info.id)) break
    arrived.unshift(next)
  }
  turn.history.push(...arrived)
  narrowBudget(turn, store)
  for (const { info } of turn.history) if (info.role === "user") turn.covered.add(info.id)
}

/** By the limits that come with prompts which this turn now takes up. Those of earlier prompts have had their turn. */
function narrowBudget({ history, covered, sessionID, budget }: Turn, { inbox }: TurnDeps["store"]): void {
  const limited = history.flatMap(({ info }) =>
    info.role === "user" && info.limits && !covered.has(info.id) ? [{ id: info.id, limits: info.limits }] : [],
  )
  if (!limited.length) return
  const waiting = new Set(inbox.unanswered(sessionID).map(({ messageID }) => messageID))
  for (const { id, limits } of limited) if (waiting.has(id)) budget.narrow(limits)
}

/** An aborted turn ends what was aborted: prompts that came afterwards are answered by the next one. */
function leaveLater(turn: Turn, aborted: ReadonlySet<string>): void {
  const last = turn.history.findLastIndex(({ info }) => aborted.has(info.id))
  if (last >= 0) turn.history = turn.history.filter(({ info }, at) => at <= last || info.role !== "user")
  for (const { info } of turn.history) if (info.role === "user") turn.covered.add(info.id)
}

/** A compaction that was accepted like a prompt and has no answer. One that was tried and failed is not tried again. */
function askedCompaction({ history, sessionID }: Turn, { store }: TurnDeps): MessageWithParts | undefined {
  const last = history.findLast(isCompaction)
  if (!last || history.some(({ info }) => info.role === "assistant" && info.parentID === last.info.id)) return undefined
  return store.inbox.unanswered(sessionID).some(({ messageID }) => messageID === last.info.id) ? last : undefined
}

function newestPrompt(turn: Turn): UserMessage {
  const prompt = turn.history.findLast((message) => message.info.role === "user" && !isCompaction(message))?.info
  if (prompt?.role !== "user") throw fault("bad_request", "There is no prompt to answer.")
  return prompt
}

/** The request for this provider, after extensions had their say. */
export async function requestFor(step: Step, turn: Turn, deps: TurnDeps): Promise<Request> {
  const { setting, resolved, prompt } = step
  const { model } = resolved
  const facts = { sessionID: turn.sessionID, agent: setting.agent.name, model, message: prompt }
  const variant = prompt.model.variant === undefined ? {} : (model.variants?.[prompt.model.variant] ?? {})
  const params = {
    ...(setting.agent.temperature === undefined ? {} : { temperature: setting.agent.temperature }),
    ...(setting.agent.topP === undefined ? {} : { topP: setting.agent.topP }),
    ...longestAnswer(model, deps.config.maxOutputTokens),
    options: {
      ...(resolved.hasCacheKey ? cacheKeyOptions(model, turn.sessionID) : {}),
      ...model.options,
      ...setting.agent.options,
      ...variant,
    },
  }
  await deps.hooks.chatParams(facts, params)
  const headers = {
    headers: { ...model.headers, "x-session-id": turn.sessionID, "x-session-affinity": turn.sessionID },
  }
  await deps.hooks.chatHeaders(facts, headers)

  const { rulesets, ceiling } = rulesFor({ turn, step })
  const tools = deps.registry.offered({
    rules: rulesets.flat(),
    ceiling,
    modelID: model.id,
    disabled: step.disabled,
    user: userOf(step, turn, deps),
  })
  const format = formatOf(prompt)
  const offered = format ? withStructuredTool(tools, format, step.last) : tools
  const compiled = compile({
    system: step.system,
    messages: step.messages,
    tools: offered,
    model,
    planFile: deps.planFile(turn.session),
    ...(step.last && !format ? { lastStep: LAST_STEP } : {}),
    params: { ...params, headers: headers.headers },
  })
  const options = format ? forcingCall(compiled, model) : compiled
  const last = deps.store.ledger.lastStep(turn.sessionID)
  const weighed = measure({
    model,
    agent: setting.agent.name,
    last,
    tools: offered,
    system: step.system,
    messages: withinFileBudget(step.messages, model),
    since: { compacted: isCompactedSince(last?.messageID, step, turn), pruned: turn.pruned },
  })
  const { epoch, prompts, size } = weighed
  return {
    ...step,
    options,
    prompts,
    measure: weighed,
    room: windowOf(model, deps.config.compaction.reserved, options.maxOutputTokens),
    facts: { purpose: "step", agent: setting.agent.name, prompts, size, shown: step.messages.length, epoch },
    attempts: [],
  }
}

/** Nothing where nobody limits it: then the request says what the model can. */
const longestAnswer = ({ limit }: Model, most: number | undefined): { maxOutputTokens?: number } =>
  most === undefined ? {} : { maxOutputTokens: limit.output > 0 ? Math.min(limit.output, most) : most }

/** Whether the notes that the model is shown were made after the last answer. */
function isCompactedSince(answerID: string | undefined, { messages }: Step, { history }: Turn): boolean {
  const at = history.findIndex(({ info }) => info.id === messages[0]?.info.id)
  const first = history[at]
  return first !== undefined && isCompaction(first) && at > history.findIndex(({ info }) => info.id === answerID)
}
