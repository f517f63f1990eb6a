import { fault } from "@opencode/core/lib/fault.ts"
import { QuestionID } from "@opencode/protocol/id.ts"
import { QuestionAnswer, QuestionRequest } from "@opencode/protocol/question.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { z } from "zod"
import { route, type ServerParts } from "../route.ts"

/** Answers go to the model as they are, and count there like any other text. */
const MAX_ANSWER_BYTES = 256 * 1024

const list = route(
  "GET",
  "/question",
  {
    id: "question.list",
    tags: ["question"],
    summary: "List pending questions",
    description: "What models want to know, in all sessions of the folder, oldest first.",
    answers: "List of pending questions",
    answer: inline(() => z.array(QuestionRequest())),
  },
  async ({ engine, server }) => {
    const { questions, scope } = await engine()
    return [...questions.list(), ...(await server.peers.questionRequests(scope.directory))]
  },
)

const reply = route(
  "POST",
  "/question/:requestID/reply",
  {
    id: "question.reply",
    tags: ["question"],
    summary: "Reply to question request",
    description: "Answers a request, whatever folder it comes from. An answer may be in the person's own words.",
    answers: "Question answered successfully",
    params: inline(() => z.object({ requestID: QuestionID() })),
    body: inline(() =>
      z.object({
        answers: z.array(QuestionAnswer()).describe("A list for each question: labels of options, or other words"),
      }),
    ),
    maxBodyBytes: MAX_ANSWER_BYTES,
    answer: inline(() => z.boolean()),
    errors: ["QuestionNotFoundError"],
  },
  ({ params: { requestID }, body: { answers }, server }) => answer(requestID, answers, server),
)

const reject = route(
  "POST",
  "/question/:requestID/reject",
  {
    id: "question.reject",
    tags: ["question"],
    summary: "Reject question request",
    description: "Dismisses a request, whatever folder it comes from. The turn ends.",
    answers: "Question rejected successfully",
    params: inline(() => z.object({ requestID: QuestionID() })),
    answer: inline(() => z.boolean()),
    errors: ["QuestionNotFoundError"],
  },
  ({ params: { requestID }, server }) => answer(requestID, undefined, server),
)

/** @param answers absent: dismissed */
async function answer(
  requestID: string,
  answers: string[][] | undefined,
  { engines, peers }: ServerParts,
): Promise<true> {
  const asking = (await engines.open()).find(({ questions }) => questions.list().some(({ id }) => id === requestID))
  if (asking) asking.questions.reply(requestID, answers)
  else if (!(await peers.answer(requestID, answers))) {
    throw fault("question_not_found", `Question request not found: ${requestID}`, { requestID })
  }
  return true
}

export const questionRoutes = [list, reply, reject]
