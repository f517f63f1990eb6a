import type { LanguageModelV3CallOptions } from "@ai-sdk/provider"
import type { MessageWithParts, UserMessage } from "@opencode/protocol/message.ts"
import { fault } from "../lib/fault.ts"
import { compile } from "./compile.ts"
import { withinFileBudget } from "./file-budget.ts"
import { allowance } from "./governor.ts"
import { forcingCall, formatOf, structuredLine, withComplaints, withStructuredTool } from "./structured.ts"
import { LAST_STEP, systemPrompt } from "./system.prompt.ts"
import type { Step, Turn, TurnDeps } from "./turn.ts"

/** Gathers what one request is made of: the history with what arrived since, and the settings of the newest prompt. */
export async function gather(turn: Turn, deps: TurnDeps): Promise<Step> {
  takeArrivals(turn, deps)
  const prompt = newestPrompt(turn)
  const setting = deps.agents.get(prompt.agent)
  if (!setting) throw fault("agent_not_found", `The agent "${prompt.agent}" is no longer defined.`)
  const resolved = deps.models.resolve(prompt.model)
  const { workspace, hooks } = deps

  const system = systemPrompt(setting.agent.prompt, {
    modelID: resolved.model.id,
    modelName: `${resolved.model.name} (${resolved.model.providerID}/${resolved.model.id})`,
    directory: turn.session.directory,
    worktree: workspace.worktree,
    git: workspace.vcs === "git",
    platform: deps.platform,
    sessionCreated: turn.session.time.created,
  })
  if (prompt.system?.trim()) system.push(prompt.system)
  const format = formatOf(prompt)
  if (format) system.push(structuredLine(format, resolved.model))
  await hooks.systemTransform({ sessionID: turn.sessionID, model: resolved.model }, { system })

  const gathered = { messages: await withComplaints(turn.history, resolved.model) }
  await hooks.messagesTransform(gathered)
  const last = allowance(turn, setting.agent.steps) === "last"
  const disabled = Object.entries(prompt.tools ?? {}).flatMap(([name, isOn]) => (isOn ? [] : [name]))
  return { prompt, setting, resolved, system, disabled, messages: gathered.messages, last }
}

/** Prompts that were admitted meanwhile join the history. From here on this turn answers every prompt it shows. */
function takeArrivals(turn: Turn, { store }: TurnDeps): void {
  const known = new Set(turn.history.map(({ info }) => info.id))
  const arrived: MessageWithParts[] = []
  for (;;) {
    const before = arrived[0]?.info.id
    const [next] = store.messages.list(turn.sessionID, { limit: 1, ...(before === undefined ? {} : { before }) })
    if (!next || known.has(next.info.id)) break
    arrived.unshift(next)
  }
  turn.history.push(...arrived)
  for (const { info } of turn.history) if (info.role === "user") turn.covered.add(info.id)
}

function newestPrompt(turn: Turn): UserMessage {
  const prompt = turn.history.findLast(({ info }) => info.role === "user")?.info
  if (prompt?.role !== "user") throw fault("bad_request", "There is no prompt to answer.")
  return prompt
}

/** The request for this provider, after extensions had their say. */
export async function requestFor(step: Step, turn: Turn, deps: TurnDeps): Promise<LanguageModelV3CallOptions> {
  const { setting, resolved, prompt } = step
  const { model } = resolved
  const facts = { sessionID: turn.sessionID, agent: setting.agent.name, model, message: prompt }
  const variant = prompt.model.variant === undefined ? {} : (model.variants?.[prompt.model.variant] ?? {})
  const params = {
    ...(setting.agent.temperature === undefined ? {} : { temperature: setting.agent.temperature }),
    ...(setting.agent.topP === undefined ? {} : { topP: setting.agent.topP }),
    options: { ...model.options, ...setting.agent.options, ...variant },
  }
  await deps.hooks.chatParams(facts, params)
  const headers = {
    headers: { ...model.headers, "x-session-id": turn.sessionID, "x-session-affinity": turn.sessionID },
  }
  await deps.hooks.chatHeaders(facts, headers)

  const tools = deps.registry.offered({
    rules: [...setting.agent.permission, ...(turn.session.permission ?? [])],
    modelID: model.id,
    disabled: step.disabled,
  })
  const format = formatOf(prompt)
  const request = compile({
    system: step.system,
    messages: withinFileBudget(step.messages, model),
    tools: format ? withStructuredTool(tools, format, step.last) : tools,
    model,
    ...(step.last && !format ? { lastStep: LAST_STEP } : {}),
    params: { ...params, headers: headers.headers },
  })
  return format ? forcingCall(request, model) : request
}
