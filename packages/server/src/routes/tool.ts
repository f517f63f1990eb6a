import { inline, schema } from "@opencode/protocol/schema.ts"
import { z } from "zod"
import { route } from "../route.ts"

const ToolIDs = schema("ToolIDs", () => z.array(z.string()))

const ids = route(
  "GET",
  "/experimental/tool/ids",
  {
    id: "tool.ids",
    tags: ["experimental"],
    summary: "List tool IDs",
    description: "The names of all tools, whether the rules allow them or not.",
    answers: "Tool IDs",
    answer: ToolIDs,
  },
  async ({ engine }) => (await engine()).registry.ids(),
)

const ToolList = schema("ToolList", () => z.array(ToolListItem()))
const ToolListItem = schema("ToolListItem", () =>
  z.object({ id: z.string(), description: z.string(), parameters: z.unknown() }),
)

const list = route(
  "GET",
  "/experimental/tool",
  {
    id: "tool.list",
    tags: ["experimental"],
    summary: "List tools",
    description: "The tools as this model would be told of them, where no rule denies one.",
    answers: "Tools",
    query: inline(() => z.object({ provider: z.string(), model: z.string() })),
    answer: ToolList,
  },
  async ({ query: { model }, engine }) =>
    (await engine()).registry
      .offered({ rules: [], modelID: model })
      .map(({ name, description, inputSchema }) => ({ id: name, description, parameters: inputSchema })),
)

const ExperimentalCapabilities = schema("ExperimentalCapabilities", () =>
  z.object({ backgroundSubagents: z.boolean() }),
)

const capabilities = route(
  "GET",
  "/experimental/capabilities",
  {
    id: "experimental.capabilities.get",
    tags: ["experimental"],
    summary: "Get experimental capabilities",
    description: "What of OpenCode's experiments there is: subagents can be sent to the background.",
    answers: "Experimental capabilities",
    answer: ExperimentalCapabilities,
  },
  () => ({ backgroundSubagents: true }),
)

export const toolRoutes = [ids, list, capabilities]
