import { SessionID } from "@opencode/protocol/id.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { Session } from "@opencode/protocol/session.ts"
import { z } from "zod"
import { route } from "../route.ts"

const list = route(
  "GET",
  "/session/:sessionID/children",
  {
    id: "session.children",
    tags: ["session"],
    summary: "Get session children",
    description: "The sessions right below one: its subagents, in the order in which they were started.",
    answers: "List of children",
    params: inline(() => z.object({ sessionID: SessionID() })),
    answer: inline(() => z.array(Session())),
    errors: ["NotFoundError"],
  },
  async ({ params, engine }) => (await engine()).children.list(params.sessionID),
)

export const childrenRoutes = [list]
