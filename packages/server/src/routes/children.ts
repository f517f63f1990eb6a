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

const background = route(
  "POST",
  "/experimental/session/:sessionID/background",
  {
    id: "experimental.session.background",
    tags: ["experimental"],
    summary: "Background subagents",
    description:
      "Has the running turn wait for none of its subagents any longer: they go on, and the result of each comes as a prompt of its own. False when the turn waits for none.",
    answers: "Backgrounded subagents",
    params: inline(() => z.object({ sessionID: SessionID() })),
    answer: inline(() => z.boolean().describe("Backgrounded subagents")),
    errors: ["NotFoundError"],
  },
  async ({ params, engine }) => (await engine()).children.detach(params.sessionID),
)

export const childrenRoutes = [list, background]
