import { SessionID } from "@opencode/protocol/id.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { z } from "zod"
import { route } from "../route.ts"

const summarize = route(
  "POST",
  "/session/:sessionID/summarize",
  {
    id: "session.summarize",
    tags: ["session"],
    summary: "Summarize session",
    description:
      "Has a model make notes of the conversation, which stand for it in later requests. A busy session does it at its next step. Answers whether there are notes: false when nothing was said yet, or when it failed.",
    answers: "Summarized session",
    params: inline(() => z.object({ sessionID: SessionID() })),
    body: inline(() => z.object({ providerID: z.string(), modelID: z.string(), auto: z.boolean().optional() })),
    mayTakeLong: true,
    answer: inline(() => z.boolean()),
    errors: ["NotFoundError"],
  },
  async ({ params: { sessionID }, body, engine }) => (await engine()).compaction.summarize(sessionID, body),
)

export const compactionRoutes = [summarize]
