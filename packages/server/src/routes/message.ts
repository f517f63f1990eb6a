import { MessageID, SessionID } from "@opencode/protocol/id.ts"
import { AnswerWithParts, MessageWithParts, PromptInput } from "@opencode/protocol/message.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { z } from "zod"
import { JsonText } from "../json-text.ts"
import { route, type Context } from "../route.ts"

const params = inline(() => z.object({ sessionID: SessionID() }))

const list = route(
  "GET",
  "/session/:sessionID/message",
  {
    id: "session.messages",
    tags: ["session"],
    summary: "Get session messages",
    description:
      "The messages of a session, oldest first. With `limit` the newest so many; the header `x-next-cursor` is the `before` of the page with older ones.",
    answers: "List of messages",
    params,
    query: inline(() => z.object({ limit: z.coerce.number().int().min(0).optional(), before: MessageID().optional() })),
    answer: inline(() => z.array(MessageWithParts())),
    errors: ["NotFoundError"],
  },
  async ({ params: { sessionID }, query: { limit, before }, engine, header, setHeader }) => {
    const { sessions } = await engine()
    if (!limit && before === undefined) return new JsonText(await sessions.messagesJson(sessionID))
    const page = before === undefined ? {} : { before }
    if (!limit) return sessions.messages(sessionID, page)
    const found = await sessions.messages(sessionID, { ...page, limit: limit + 1 })
    const shown = found.slice(-limit)
    const oldest = shown[0]
    if (found.length > limit && oldest) {
      const next = `/session/${sessionID}/message?limit=${limit}&before=${oldest.info.id}`
      setHeader("x-next-cursor", oldest.info.id)
      setHeader("link", `<http://${header("host")}${next}>; rel="next"`)
    }
    return shown
  },
)

const get = route(
  "GET",
  "/session/:sessionID/message/:messageID",
  {
    id: "session.message",
    tags: ["session"],
    summary: "Get message",
    description: "One message with its parts.",
    answers: "Message",
    params: inline(() => z.object({ sessionID: SessionID(), messageID: MessageID() })),
    answer: MessageWithParts,
    errors: ["NotFoundError"],
  },
  async ({ params, engine }) => (await engine()).sessions.message(params.sessionID, params.messageID),
)

const admit = async ({ params, body, engine }: Context<{ sessionID: string }, unknown, PromptInput>) =>
  (await engine()).sessions.prompt(params.sessionID, body)

const prompt = route(
  "POST",
  "/session/:sessionID/message",
  {
    id: "session.prompt",
    tags: ["session"],
    summary: "Send message",
    description:
      "Sends a prompt and answers with the last message of its turn, or with the prompt itself for `noReply`. The turn goes on when the client goes away.",
    answers: "Created message",
    params,
    body: PromptInput,
    mayTakeLong: true,
    answer: AnswerWithParts,
    errors: ["NotFoundError"],
  },
  async (context) => {
    const { message, answer } = await admit(context)
    return (await (answer ?? message)) as AnswerWithParts
  },
)

const promptAsync = route(
  "POST",
  "/session/:sessionID/prompt_async",
  {
    id: "session.prompt_async",
    tags: ["session"],
    summary: "Send async message",
    description: "Sends a prompt and answers as soon as it is stored; what becomes of it is told by events.",
    answers: "Prompt accepted",
    params,
    body: PromptInput,
    status: 204,
    answer: inline(() => z.void()),
    errors: ["NotFoundError"],
  },
  async (context) => void (await admit(context)),
)

const init = route(
  "POST",
  "/session/:sessionID/init",
  {
    id: "session.init",
    tags: ["session"],
    summary: "Initialize session",
    description:
      "Runs the command `init`: has the model look at the project and write or improve its `AGENTS.md`. Answers when the turn is over: whether it ended without an error.",
    answers: "Whether the turn ended without an error",
    params,
    body: inline(() => z.object({ modelID: z.string(), providerID: z.string(), messageID: MessageID() })),
    mayTakeLong: true,
    answer: inline(() => z.boolean()),
    errors: ["NotFoundError"],
  },
  async ({ params: { sessionID }, body: { messageID, providerID, modelID }, engine }) => {
    const { commands } = await engine()
    const model = `${providerID}/${modelID}`
    const last = await commands.run(sessionID, { command: "init", arguments: "", messageID, model })
    return !("error" in last.info && last.info.error)
  },
)

export const messageRoutes = [list, get, prompt, promptAsync, init]
