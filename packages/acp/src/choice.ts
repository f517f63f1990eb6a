import type { Agent } from "@opencode/protocol/agent.ts"
import { parseModelRef, type ModelRef } from "@opencode/protocol/model-ref.ts"
import type { Model, Provider } from "@opencode/protocol/provider.ts"
import { invalidParams } from "./rpc-error.ts"
import type { SessionConfigOption } from "./wire.ts"

/**
 * What a session is answered with: agent, model and effort, as editors show and set them. What is shown is what the next
 * prompt is sent with.
 */
export interface Choice {
  /** An agent; editors call it the mode. */
  mode: string
  /** Absent: the agent's own, else the usual one. */
  model?: ModelRef | undefined
  /** A variant of the model, or `default`. Absent: the agent's, with the agent's own model. */
  effort?: string | undefined
}

/** What can be chosen in a folder. */
export interface Offer {
  providers: Provider[]
  agents: Agent[]
  /** What is asked when nobody chose. */
  usualModel?: ModelRef | undefined
  /** Who is asked when nobody chose. */
  usualMode: string
}

const AS_IT_IS = "default"

/** Those that a person talks to. */
export const modesOf = ({ agents }: Offer): Agent[] =>
  agents.filter(({ mode, hidden }) => mode !== "subagent" && !hidden)

const modelOf = (choice: Choice, offer: Offer): ModelRef | undefined =>
  choice.model ?? offer.agents.find(({ name }) => name === choice.mode)?.model ?? offer.usualModel

function known({ providers }: Offer, ref: ModelRef | undefined): Model | undefined {
  const models = providers.find(({ id }) => id === ref?.providerID)?.models
  return ref && models && Object.hasOwn(models, ref.modelID) ? models[ref.modelID] : undefined
}

/** Tokens that fit into a model's context, where it is known. */
export const contextOf = (offer: Offer, ref: ModelRef): number | undefined => known(offer, ref)?.limit.context

const variantsOf = (model: Model | undefined): string[] => Object.keys(model?.variants ?? {})

/** How much the model thinks; `default` is the model as it is. */
export function effortOf(choice: Choice, offer: Offer): string {
  if (choice.effort !== undefined) return choice.effort
  const own = choice.model ? undefined : offer.agents.find(({ name }) => name === choice.mode)?.variant
  return own !== undefined && variantsOf(known(offer, modelOf(choice, offer))).includes(own) ? own : AS_IT_IS
}

/** What a prompt is sent with. */
export function sentWith(choice: Choice, offer: Offer) {
  const model = modelOf(choice, offer)
  const effort = effortOf(choice, offer)
  return { agent: choice.mode, ...(model ? { model } : {}), ...(effort === AS_IT_IS ? {} : { variant: effort }) }
}

const nameOf = ({ providerID, modelID }: ModelRef): string => `${providerID}/${modelID}`

export function optionsOf(choice: Choice, offer: Offer): SessionConfigOption[] {
  const ref = modelOf(choice, offer)
  const variants = variantsOf(known(offer, ref))
  const models = offer.providers.flatMap((provider) =>
    Object.values(provider.models).map((model) => ({
      value: nameOf({ providerID: provider.id, modelID: model.id }),
      name: `${provider.name}/${model.name}`,
    })),
  )
  const select = (option: { id: string; name: string; category: string; currentValue: string }) => ({
    ...option,
    type: "select" as const,
  })
  return [
    {
      ...select({ id: "model", name: "Model", category: "model", currentValue: ref ? nameOf(ref) : "" }),
      options: models,
    },
    ...(variants.length === 0
      ? []
      : [
          {
            ...select({
              id: "effort",
              name: "Effort",
              category: "thought_level",
              currentValue: effortOf(choice, offer),
            }),
            description: "How much this model thinks",
            options: [AS_IT_IS, ...variants.filter((name) => name !== AS_IT_IS)].map((value) => ({
              value,
              name: capitalized(value),
            })),
          },
        ]),
    {
      ...select({ id: "mode", name: "Session Mode", category: "mode", currentValue: choice.mode }),
      options: modesOf(offer).map(({ name, description }) => ({
        value: name,
        name,
        ...(description ? { description } : {}),
      })),
    },
  ]
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** @throws RpcError for what is not offered */
export function withMode(choice: Choice, mode: string, offer: Offer): Choice {
  if (!modesOf(offer).some(({ name }) => name === mode)) throw invalidParams(`mode not found: ${mode}`, { mode })
  return withEffortThatFits({ ...choice, mode }, offer)
}

/** @param name `provider/model`, or `provider/model/variant` */
export function withModel(choice: Choice, name: string, offer: Offer): Choice {
  const ref = parseModelRef(name)
  if (ref && known(offer, ref)) return withEffortThatFits({ ...choice, model: ref }, offer)
  const slash = name.lastIndexOf("/")
  const shorter = slash > 0 ? parseModelRef(name.slice(0, slash)) : undefined
  const effort = name.slice(slash + 1)
  if (shorter && variantsOf(known(offer, shorter)).includes(effort)) return { ...choice, model: shorter, effort }
  throw invalidParams(`model not found: ${name}`, { providerId: ref?.providerID ?? name, modelId: name })
}

export function withEffort(choice: Choice, effort: string, offer: Offer): Choice {
  const variants = variantsOf(known(offer, modelOf(choice, offer)))
  const isOffered = variants.includes(effort) || (variants.length > 0 && effort === AS_IT_IS)
  if (!isOffered) throw invalidParams(`effort not found: ${effort}`, { effort })
  return { ...choice, effort }
}

export function withOption(choice: Choice, { configId, value }: { configId: string; value: string }, offer: Offer) {
  if (configId === "mode") return withMode(choice, value, offer)
  if (configId === "model") return withModel(choice, value, offer)
  if (configId === "effort") return withEffort(choice, value, offer)
  throw invalidParams(`unknown config option: ${configId}`, { configId })
}

/** Another model may not have the variant that was chosen. */
function withEffortThatFits(choice: Choice, offer: Offer): Choice {
  const variants = variantsOf(known(offer, modelOf(choice, offer)))
  return choice.effort !== undefined && variants.includes(choice.effort) ? choice : { ...choice, effort: undefined }
}
