import type { Agent } from "@opencode/protocol/agent.ts"
import type { PromptInput } from "@opencode/protocol/message.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { expect, test } from "vitest"
import { fault } from "../../src/lib/fault.ts"
import { promptMessage, type AdmitDeps } from "../../src/session/admit.ts"

const ref = (modelID: string) => ({ providerID: "p", modelID })
const agents: Record<string, Pick<Agent, "name" | "model" | "variant">> = {
  build: { name: "build" },
  review: { name: "review", model: ref("reviewer"), variant: "high" },
}

const deps: AdmitDeps = {
  host: { id: (prefix) => `${prefix}_new`, now: () => 5 },
  agents: {
    get: (name) => agents[name] as Agent | undefined,
    names: () => Object.keys(agents),
    default: () => "build",
  },
  models: {
    default: () => ref("default"),
    settle({ providerID, modelID }, variant) {
      if (modelID === "unknown") throw fault("model_not_found", "Model not found: p/unknown.")
      return { providerID, modelID, ...(variant === undefined || variant === "default" ? {} : { variant }) }
    },
    offers: (_, variant) => ["low", "high", "max"].includes(variant),
  },
  explain: async () => undefined,
  openAttachment: async ({ url, mime }) => ({ texts: [], url, mime }),
}

const session = (more: Partial<Session> = {}): Session => ({
  id: "ses_1",
  slug: "s",
  projectID: "p",
  directory: "/",
  title: "t",
  version: "1",
  time: { created: 1, updated: 1 },
  ...more,
})
const last = (id: string, variant = "default") => ({ id, providerID: "p", variant })
const parts: PromptInput["parts"] = [{ type: "text", text: "go" }]

test.each([
  ["the default, when nothing says another", {}, {}, "build"],
  ["the session's last", { agent: "review" }, {}, "review"],
  ["the prompt's, before all", { agent: "review" }, { agent: "build" }, "build"],
])("the agent is %s", async (_, of, input, expected) => {
  expect((await promptMessage(session(of), { parts, ...input }, deps)).info.agent).toBe(expected)
})

test.each([
  ["the default, when nothing says another", {}, {}, "default"],
  ["the session's last", { model: last("earlier") }, {}, "earlier"],
  ["the agent's, before the session's", { model: last("earlier") }, { agent: "review" }, "reviewer"],
  ["the agent's of the session's agent", { agent: "review", model: last("earlier") }, {}, "reviewer"],
  ["the prompt's, before all", { model: last("earlier") }, { agent: "review", model: ref("mine") }, "mine"],
])("the model is %s", async (_, of, input, expected) => {
  expect((await promptMessage(session(of), { parts, ...input }, deps)).info.model).toMatchObject(ref(expected))
})

test.each([
  ["none, when nothing says one", {}, {}, undefined],
  ["the session's last, with its model", { model: last("earlier", "low") }, {}, "low"],
  ["none for the word that means none", { model: last("earlier", "default") }, {}, undefined],
  ["the agent's", {}, { agent: "review" }, "high"],
  ["none of another model's", { model: last("earlier", "low") }, { model: ref("mine") }, undefined],
  ["the prompt's, before all", { model: last("earlier", "low") }, { agent: "review", variant: "max" }, "max"],
  ["none, when the prompt says so", {}, { agent: "review", variant: "default" }, undefined],
])("the variant is %s", async (_, of, input, expected) => {
  expect((await promptMessage(session(of), { parts, ...input }, deps)).info.model.variant).toBe(expected)
})

test("the agent's own model does not take over the variant of the session's", async () => {
  const given = { ...deps, agents: { ...deps.agents, get: () => ({ name: "a", model: ref("own") }) as Agent } }
  const { info } = await promptMessage(session({ model: last("earlier", "low") }), { parts }, given)
  expect(info.model).toEqual(ref("own"))
})

test.each([
  ["agent_not_found", { parts, agent: "biuld" }, /biuld.*build/],
  ["model_not_found", { parts, model: ref("unknown") }, /unknown/],
] as const)("refused with %s", async (code, input, message) => {
  const refused = promptMessage(session(), { ...input, parts: [...input.parts] }, deps)
  await expect(refused).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
})

test("what the prompt says stays as it said it, and ids it brought are kept", async () => {
  const input: PromptInput = {
    messageID: "msg_mine",
    system: "be brief",
    tools: { bash: false },
    parts: [
      { type: "text", text: "one", id: "prt_mine" },
      { type: "agent", name: "review" },
    ],
  }
  expect(await promptMessage(session(), input, deps)).toMatchObject({
    info: { id: "msg_mine", sessionID: "ses_1", role: "user", time: { created: 5 }, system: "be brief" },
    parts: [
      { id: "prt_mine", sessionID: "ses_1", messageID: "msg_mine", type: "text", text: "one" },
      { id: "prt_new", messageID: "msg_mine", type: "agent", name: "review" },
    ],
  })
})
