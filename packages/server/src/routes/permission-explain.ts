import { PermissionExplainInput, PermissionExplanation } from "@opencode/protocol/permission-explanation.ts"
import { route } from "../route.ts"

/** The input is in the body, because addresses end up in logs. */
const explain = route(
  "POST",
  "/permission/explain",
  {
    id: "permission.explain",
    tags: ["permission"],
    summary: "Explain a permission decision",
    description: "What would become of a call and which rules decide it. Nothing is run and nobody is asked.",
    answers: "The decision, with the rule of each pattern",
    body: PermissionExplainInput,
    answer: PermissionExplanation,
    errors: ["NotFoundError"],
  },
  async ({ body, engine, server }) => {
    const of = body.sessionID === undefined ? engine() : server.engines.of(body.sessionID)
    return (await of).explain(body)
  },
)

export const permissionExplainRoutes = [explain]
