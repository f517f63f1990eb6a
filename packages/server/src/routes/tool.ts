import { schema } from "@opencode/protocol/schema.ts"
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

export const toolRoutes = [ids]
