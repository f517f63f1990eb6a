import type { Agent } from "@opencode/protocol/agent.ts"
import type { Provider } from "@opencode/protocol/provider.ts"
import { expect, test } from "vitest"
import { optionsOf, sentWith, withEffort, withMode, withModel, type Choice, type Offer } from "../src/choice.ts"

const agent = (name: string, more: Partial<Agent> = {}): Agent => ({
  name,
  mode: "primary",
  permission: [],
  options: {},
  ...more,
})
const model = (id: string, variants?: Record<string, object>) => ({ id, name: id.toUpperCase(), variants })

const offer: Offer = {
  providers: [
    { id: "p", name: "P", models: { plain: model("plain"), "deep/er": model("deep/er", { low: {}, high: {} }) } },
  ] as unknown as Provider[],
  agents: [
    agent("build"),
    agent("thinker", { model: { providerID: "p", modelID: "deep/er" }, variant: "high" }),
    agent("general", { mode: "subagent" }),
    agent("title", { hidden: true }),
  ],
  usualModel: { providerID: "p", modelID: "plain" },
  usualMode: "build",
}
const start: Choice = { mode: "build" }
const deeper = { providerID: "p", modelID: "deep/er" }

test.each<[string, Choice, object]>([
  ["nothing chosen", start, { agent: "build", model: offer.usualModel }],
  [
    "an agent with a model of its own",
    withMode(start, "thinker", offer),
    { agent: "thinker", model: deeper, variant: "high" },
  ],
  ["a model", withModel(start, "p/deep/er", offer), { agent: "build", model: deeper }],
  [
    "a model with its effort",
    withModel(start, "p/deep/er/low", offer),
    { agent: "build", model: deeper, variant: "low" },
  ],
  [
    "a chosen model stays with another agent",
    withMode(withModel(start, "p/plain", offer), "thinker", offer),
    { agent: "thinker", model: offer.usualModel },
  ],
  [
    "an effort goes with a model that does not have it",
    withModel(withModel(start, "p/deep/er/low", offer), "p/plain", offer),
    { agent: "build", model: offer.usualModel },
  ],
  [
    "the model as it is, with an agent that has an effort of its own",
    withEffort(withMode(start, "thinker", offer), "default", offer),
    { agent: "thinker", model: deeper },
  ],
])("%s is what the next prompt is sent with", (_, choice, expected) => {
  expect(sentWith(choice, offer)).toEqual(expected)
})

test("what is shown is what is sent, and only agents that a person talks to are modes", () => {
  const options = optionsOf(withMode(start, "thinker", offer), offer)
  expect(options.map(({ id, currentValue }) => [id, currentValue])).toEqual([
    ["model", "p/deep/er"],
    ["effort", "high"],
    ["mode", "thinker"],
  ])
  expect(options[2]).toMatchObject({ options: [{ value: "build" }, { value: "thinker" }] })
  expect(optionsOf(start, offer).map(({ id }) => id)).toEqual(["model", "mode"])
})

test.each([
  ["a mode of nobody", () => withMode(start, "nobody", offer)],
  ["a subagent", () => withMode(start, "general", offer)],
  ["a hidden agent", () => withMode(start, "title", offer)],
  ["a model of no provider", () => withModel(start, "q/plain", offer)],
  ["a word", () => withModel(start, "plain", offer)],
  ["a member that every object has", () => withModel(start, "p/constructor", offer)],
  ["an effort of a model without any", () => withEffort(start, "default", offer)],
  ["an effort that the model does not have", () => withEffort(withModel(start, "p/deep/er", offer), "max", offer)],
])("%s is refused", (_, choose) => {
  expect(choose).toThrow(/^Invalid params: .* not found/)
})
