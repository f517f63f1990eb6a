import type { KnownModel, ReasoningOption } from "./models-dev.ts"

/**
 * The named ways a model can be asked to think: option sets in the words of the provider's package. The catalogue says
 * what a model can; the table says how its family is told. What a package would refuse is not offered. Pure.
 */
export type Variants = Record<string, Record<string, unknown>>

interface Family {
  /** The package or packages, with the model where one package speaks several languages. */
  npm: RegExp
  model?: RegExp
  /** Which efforts the package takes; absent: any word. */
  efforts?: readonly string[]
  /** Models whose efforts do not reach this word are of the generation that has budgets. */
  reaching?: string
  effort?(value: string): Record<string, unknown>
  budget?(tokens: number): Record<string, unknown>
  /** What `none` is for a model whose reasoning can be switched off. */
  off?: Record<string, unknown>
}

const WIDE = ["low", "medium", "high", "xhigh", "max"]
const OPENAI = ["none", "minimal", ...WIDE]

const anthropic: Omit<Family, "npm"> = {
  efforts: WIDE,
  reaching: "max",
  // Models with efforts decide themselves how long they think.
  effort: (effort) => ({ thinking: { type: "adaptive" }, effort }),
  budget: (budgetTokens) => ({ thinking: { type: "enabled", budgetTokens } }),
  off: { thinking: { type: "disabled" } },
}
const google: Omit<Family, "npm"> = {
  efforts: ["minimal", "low", "medium", "high"],
  effort: (thinkingLevel) => ({ thinkingConfig: { thinkingLevel, includeThoughts: true } }),
  budget: (thinkingBudget) => ({ thinkingConfig: { thinkingBudget, includeThoughts: true } }),
  off: { thinkingConfig: { thinkingBudget: 0 } },
}
const openai: Omit<Family, "npm"> = {
  efforts: OPENAI,
  effort: (reasoningEffort) => ({
    reasoningEffort,
    ...(reasoningEffort === "none" ? {} : { reasoningSummary: "auto" }),
  }),
}

/** The first row that fits. The words were read from the packages' own types. */
const FAMILIES: readonly Family[] = [
  { npm: /^@ai-sdk\/(?:anthropic|google-vertex\/anthropic)$/, ...anthropic },
  { npm: /^@ai-sdk\/google(?:-vertex)?$/, ...google },
  { npm: /^@ai-sdk\/(?:openai|azure)$/, ...openai },
  { npm: /^@ai-sdk\/amazon-bedrock\/mantle$/, ...openai },
  {
    npm: /^@ai-sdk\/amazon-bedrock$/,
    model: /anthropic/,
    efforts: WIDE,
    reaching: "max",
    effort: (maxReasoningEffort) => ({ reasoningConfig: { type: "adaptive", maxReasoningEffort } }),
    budget: (budgetTokens) => ({ reasoningConfig: { type: "enabled", budgetTokens } }),
    off: { reasoningConfig: { type: "disabled" } },
  },
  {
    npm: /^@ai-sdk\/amazon-bedrock$/,
    model: /openai/,
    efforts: WIDE,
    effort: (maxReasoningEffort) => ({ reasoningConfig: { maxReasoningEffort } }),
  },
  {
    npm: /^@ai-sdk\/amazon-bedrock$/,
    efforts: ["low", "medium", "high"],
    effort: (maxReasoningEffort) => ({ reasoningConfig: { type: "enabled", maxReasoningEffort } }),
  },
  {
    npm: /^@openrouter\/ai-sdk-provider$/,
    effort: (effort) => ({ reasoning: { effort } }),
    budget: (max_tokens) => ({ reasoning: { max_tokens } }),
    off: { reasoning: { enabled: false } },
  },
  { npm: /^@ai-sdk\/gateway$/, model: /^anthropic\//, ...anthropic },
  { npm: /^@ai-sdk\/gateway$/, model: /^google\//, ...google },
  { npm: /^@ai-sdk\/gateway$/, model: /^openai\//, ...openai },
  {
    npm: /^@ai-sdk\/xai$/,
    efforts: ["none", "low", "medium", "high", "xhigh"],
    effort: (reasoningEffort) => ({ reasoningEffort }),
  },
  {
    npm: /^@ai-sdk\/groq$/,
    efforts: ["none", "default", "low", "medium", "high"],
    effort: (reasoningEffort) => ({ reasoningEffort }),
  },
  { npm: /^@ai-sdk\/mistral$/, efforts: ["none", "high"], effort: (reasoningEffort) => ({ reasoningEffort }) },
  {
    npm: /^@ai-sdk\/cohere$/,
    budget: (tokenBudget) => ({ thinking: { type: "enabled", tokenBudget } }),
    off: { thinking: { type: "disabled" } },
  },
  // Chat completions as OpenAI has them; what the server does not know it is free to ignore.
  {
    npm: /^@ai-sdk\/(?:openai-compatible|gateway|cerebras|deepinfra|togetherai)$/,
    effort: (reasoningEffort) => ({ reasoningEffort }),
  },
]

/** Models that were named in the configuration alone: three words that every effort knows. */
const USUAL_EFFORTS: ReasoningOption = { type: "effort", values: ["low", "medium", "high"] }
/** Budgets in tokens. Beyond the larger one, gains are small and providers advise batches instead of waiting. */
const HIGH_BUDGET = 16_000
const MAX_BUDGET = 31_999

export interface ThinkingModel {
  npm: string
  /** As the API calls it. */
  apiID: string
  reasoning: boolean
  /** As the catalogue says; undefined for a model that it does not know. */
  options: KnownModel["reasoning_options"]
  isKnown: boolean
  /** Tokens; 0 is unknown. */
  outputLimit: number
}

/** Weakest first. */
export function variantsOf(model: ThinkingModel): Variants {
  if (!model.reasoning) return {}
  const family = FAMILIES.find(({ npm, model: id }) => npm.test(model.npm) && (!id || id.test(model.apiID)))
  const options = model.options ?? (model.isKnown ? [] : [USUAL_EFFORTS])
  if (!family || !options.length) return {}

  const efforts = options.find((option) => option.type === "effort")?.values ?? []
  const budget = options.find((option) => option.type === "budget_tokens")
  const isOlder = budget && family.budget && family.reaching && !efforts.includes(family.reaching)
  const taken = isOlder ? [] : efforts.filter((value) => family.effort && (family.efforts?.includes(value) ?? true))
  const isSwitch = options.some(({ type }) => type === "toggle") || efforts.includes("none") || budget?.min === 0
  const off: Variants = isSwitch && family.off && !taken.includes("none") ? { none: family.off } : {}
  // Efforts are the newer way: where a model has both, the older is for models before it.
  const ways: Variants = taken.length
    ? Object.fromEntries(inOrder(taken).map((value) => [value, family.effort?.(value) ?? {}]))
    : budget && family.budget
      ? budgets(budget, model.outputLimit, family.budget)
      : {}
  return { ...off, ...ways }
}

function budgets(
  { min = 0, max = MAX_BUDGET }: { min?: number; max?: number },
  outputLimit: number,
  family: (tokens: number) => Record<string, unknown>,
): Variants {
  // Thinking is part of the answer: something must be left to say.
  const most = Math.min(max, MAX_BUDGET, outputLimit > 0 ? outputLimit - 1 : MAX_BUDGET)
  const high = Math.max(min, Math.min(HIGH_BUDGET, Math.ceil(most / 2)))
  return high < most ? { high: family(high), max: family(most) } : {}
}

const ORDER = ["none", "default", "minimal", "low", "medium", "high", "xhigh", "max"]
const inOrder = (values: readonly string[]): string[] => values.toSorted((a, b) => place(a) - place(b))
const place = (value: string): number => (ORDER.includes(value) ? ORDER.indexOf(value) : ORDER.length)
