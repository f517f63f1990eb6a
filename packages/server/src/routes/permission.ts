import { fault } from "@opencode/core/lib/fault.ts"
import { PermissionID, SessionID } from "@opencode/protocol/id.ts"
import { PermissionAnswer, PermissionReply, PermissionRequest, replyOf } from "@opencode/protocol/permission.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { z } from "zod"
import { route } from "../route.ts"

const list = route(
  "GET",
  "/permission",
  {
    id: "permission.list",
    tags: ["permission"],
    summary: "List pending permissions",
    description: "The questions of all sessions of the folder that wait for an answer, oldest first.",
    answers: "List of pending permissions",
    answer: inline(() => z.array(PermissionRequest())),
  },
  async ({ engine, server }) => {
    const { gate, scope } = await engine()
    return [...gate.list(), ...(await server.peers.questions(scope.directory))]
  },
)

const reply = route(
  "POST",
  "/permission/:requestID/reply",
  {
    id: "permission.reply",
    tags: ["permission"],
    summary: "Respond to permission request",
    description: "Answers a question, whatever folder it comes from.",
    answers: "Permission processed successfully",
    params: inline(() => z.object({ requestID: PermissionID() })),
    body: PermissionAnswer,
    shownBody: inline(() =>
      z.object({ reply: PermissionReply(), message: z.string().optional(), save: z.boolean().optional() }),
    ),
    answer: inline(() => z.boolean()),
    errors: ["PermissionNotFoundError"],
  },
  async ({ params: { requestID }, body, server }) => {
    const open = await server.engines.open()
    const asking = open.find(({ gate }) => gate.list().some(({ id }) => id === requestID))
    if (asking) await asking.approvals.reply(requestID, replyOf(body))
    else if (!(await server.peers.reply(requestID, replyOf(body)))) {
      throw fault("permission_not_found", `Permission request not found: ${requestID}`, { requestID })
    }
    return true
  },
)

const respond = route(
  "POST",
  "/session/:sessionID/permissions/:permissionID",
  {
    id: "permission.respond",
    tags: ["session"],
    summary: "Respond to permission",
    description: "Answers a question of one session.",
    answers: "Permission processed successfully",
    deprecated: true,
    params: inline(() => z.object({ sessionID: SessionID(), permissionID: PermissionID() })),
    body: PermissionAnswer,
    shownBody: inline(() => z.object({ response: PermissionReply() })),
    answer: inline(() => z.boolean()),
    errors: ["NotFoundError", "PermissionNotFoundError"],
  },
  async ({ params: { sessionID, permissionID }, body, engine, server }) => {
    const { gate, approvals } = await engine()
    const isOurs = gate.list().some(({ id }) => id === permissionID)
    if (isOurs || !(await server.peers.reply(permissionID, replyOf(body), sessionID))) {
      await approvals.reply(permissionID, replyOf(body), sessionID)
    }
    return true
  },
)

export const permissionRoutes = [list, reply, respond]
