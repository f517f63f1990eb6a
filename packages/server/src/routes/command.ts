import { Command, CommandInput } from "@opencode/protocol/command.ts"
import { SessionID } from "@opencode/protocol/id.ts"
import { AnswerWithParts } from "@opencode/protocol/message.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { z } from "zod"
import { route } from "../route.ts"

const list = route(
  "GET",
  "/command",
  {
    id: "command.list",
    tags: ["instance"],
    summary: "List commands",
    description: "The commands of the folder: those that come with the program, those of its settings, and its skills.",
    answers: "List of commands",
    answer: inline(() => z.array(Command())),
  },
  async ({ engine }) => (await engine()).commands.list(),
)

const run = route(
  "POST",
  "/session/:sessionID/command",
  {
    id: "session.command",
    tags: ["session"],
    summary: "Send command",
    description:
      "Sends what a command stands for, filled with the arguments, as a prompt. Answers with the last message of its turn. An abort of the session also ends what its template runs.",
    answers: "Created message",
    params: inline(() => z.object({ sessionID: SessionID() })),
    body: CommandInput,
    mayTakeLong: true,
    answer: AnswerWithParts,
    errors: ["NotFoundError"],
  },
  async ({ params, body, engine }) => (await (await engine()).commands.run(params.sessionID, body)) as AnswerWithParts,
)

export const commandRoutes = [list, run]
