import { SessionID } from "@opencode/protocol/id.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { Usage } from "@opencode/protocol/usage.ts"
import { z } from "zod"
import { route } from "../route.ts"

const usage = route(
  "GET",
  "/session/:sessionID/usage",
  {
    id: "session.usage",
    tags: ["session"],
    summary: "Get session usage",
    description:
      "What the requests of a session to models took and cost, alone and with all sessions below it, in sum and by model. What is not known is counted apart.",
    params: inline(() => z.object({ sessionID: SessionID() })),
    answer: Usage,
    errors: ["NotFoundError"],
  },
  async ({ params: { sessionID }, engine }) => (await engine()).usage.get(sessionID),
)

export const usageRoutes = [usage]
