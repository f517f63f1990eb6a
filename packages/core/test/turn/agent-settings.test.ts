import { join } from "node:path"
import { calls, says } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { describe, expect, test } from "vitest"
import { cast, childrenOf, starts, task } from "./cast.ts"

const VARIANTS = { large: { variants: { low: {}, high: {} } }, other: { variants: { high: {} } } }

describe("what an agent is set to", () => {
  test("reaches a provider of the OpenAI kind, unknown settings included", async () => {
    await using w = await world({
      files: {
        ".opencode/agent/docs.md":
          "---\ndescription: Writes\ntemperature: 0.25\ntop_p: 0.5\nreasoningEffort: high\noptions: {seed_note: 7}\n---\nYou write docs.\n",
      },
      model: [says("ok")],
    })
    await w.prompt("go", { agent: "docs" })
    const [request] = w.model.requests
    expect(request?.body).toMatchObject({ temperature: 0.25, top_p: 0.5, reasoning_effort: "high", seed_note: 7 })
    expect(request?.system).toContain("You write docs.")
    expect(request?.system).not.toContain("You are opencode")
  })

  test("reaches Anthropic's wire", async () => {
    const options = { thinking: { type: "enabled", budgetTokens: 1024 } }
    await using w = await world({
      wire: "anthropic",
      config: { agent: { cool: { temperature: 0.25 }, deep: { options } } },
      model: [says("ok"), says("ok")],
    })
    await w.prompt("go", { agent: "cool" })
    expect(w.model.requests[0]?.body).toMatchObject({ temperature: 0.25 })
    await w.prompt("go", { agent: "deep" })
    expect(w.model.requests[1]?.body).toMatchObject({ thinking: { type: "enabled", budget_tokens: 1024 } })
  })

  test("its steps are the most it takes, and it says how far it came", async () => {
    await using w = await world({
      config: { agent: { short: { steps: 2 } } },
      model: [calls("bash", { command: "echo 1" }), says("that far")],
    })
    await w.prompt("go", { agent: "short" })
    expect(w.model.requests).toHaveLength(2)
    expect(w.model.requests[1]?.body.tool_choice).toBe("none")
    expect(w.model.heard()).toContain("limit of steps")
  })

  test("its model counts more than the session's, and less than the prompt's", async () => {
    await using w = await world({
      models: { large: {}, other: {}, third: {} },
      config: { agent: { own: { model: "mock/other" } } },
      model: ["1", "2", "3", "4"].map((text) => says(text)),
    })
    await w.prompt("go", { model: { providerID: "mock", modelID: "third" } })
    await w.prompt("go", { agent: "own" })
    await w.prompt("go", { agent: "own", model: { providerID: "mock", modelID: "large" } })
    await w.prompt("go", { agent: "build" })
    expect(w.model.requests.map(({ model }) => model)).toEqual(["third", "other", "large", "large"])
  })
})

describe("a subagent's model and variant", () => {
  test.each([
    ["are its caller's", {}, "large", "low"],
    ["its own model comes without its caller's variant", { model: "mock/other" }, "other", undefined],
    ["its own variant holds for its caller's model", { variant: "high" }, "large", "high"],
    ["both are its own", { model: "mock/other", variant: "high" }, "other", "high"],
    ["a variant that the model has not is left out", { model: "mock/other", variant: "none-such" }, "other", undefined],
  ] as const)("%s", async (_, settings, model, variant) => {
    await using w = await world({
      models: VARIANTS,
      config: { agent: { helper: { mode: "subagent", description: "helps", ...settings } } },
      model: cast([starts(task("part", { subagent_type: "helper" })), says("ok")], { part: [says("done")] }),
    })
    await w.prompt("go", { model: { providerID: "mock", modelID: "large" }, variant: "low" })
    const [child] = await childrenOf(w)
    const [prompt] = await w.engine.sessions.messages(child?.id ?? "")
    expect(prompt?.info).toMatchObject({ agent: "helper", model: { modelID: model } })
    expect(prompt?.info.role === "user" && prompt.info.model.variant).toBe(variant)
  })
})

describe("an agent whose model there is not", () => {
  const FILE = "---\ndescription: Lost\nmode: all\nmodel: mock/larje\n---\nYou are lost.\n"

  test("is told with its file and line, and everything else works", async () => {
    await using w = await world({ files: { ".opencode/agent/lost.md": FILE }, model: [says("ok")] })
    const { issues } = w.engine.config
    expect(issues).toMatchObject([
      { kind: "agent", file: join(w.project, ".opencode/agent/lost.md"), line: 4, path: ["agent", "lost", "model"] },
    ])
    expect(issues[0]?.message).toContain("Did you mean mock/large?")
    await w.prompt("go")
  })

  test("is told with the line of a file of settings, however the setting is spelt there", async () => {
    await using w = await world({
      files: {
        "opencode.jsonc": '{\n  // old\n  "mode": {\n    "lost": {\n      "model": "mock/larje"\n    }\n  }\n}\n',
      },
    })
    expect(w.engine.config.issues).toMatchObject([{ file: join(w.project, "opencode.jsonc"), line: 5 }])
  })

  test("answers no prompt with another model, and says why; a prompt that names one is answered", async () => {
    await using w = await world({ files: { ".opencode/agent/lost.md": FILE }, model: [says("ok")] })
    await expect(w.prompt("go", { agent: "lost" })).rejects.toThrow(
      /agent lost is set to a model that is not there\. Model not found: mock\/larje\..*mock\/large/,
    )
    expect(await w.transcript()).toEqual([])
    await w.prompt("go", { agent: "lost", model: { providerID: "mock", modelID: "large" } })
    expect(w.model.requests).toHaveLength(1)
  })

  test("is told to the model that calls it, and no child is begun that could do nothing", async () => {
    await using w = await world({
      files: { ".opencode/agent/lost.md": FILE },
      model: cast([starts(task("part", { subagent_type: "lost" })), says("ok")], {}),
    })
    await w.prompt("go")
    expect(w.model.heard()).toContain("subagent lost is set to a model that is not there. Model not found: mock/larje")
    expect(w.model.requests).toHaveLength(2)
    expect(JSON.parse(w.engine.sessions.listText({}))).toHaveLength(1)
  })
})

test("a subagent is told whom it works for, whatever its prompt says; the one that started it is not", async () => {
  await using w = await world({
    config: { agent: { helper: { mode: "all", description: "helps", prompt: "You help." } } },
    model: cast([starts(task("part", { subagent_type: "helper" })), says("ok"), says("ok")], { part: [says("done")] }),
  })
  await w.prompt("go")
  await w.prompt("go", { agent: "helper" })
  const told = w.model.requests.map(({ system }) => system.includes("Another agent gave you one task"))
  expect(told).toEqual([false, true, false, false])
})
