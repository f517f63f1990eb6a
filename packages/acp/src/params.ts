import { inline, type Schema } from "@opencode/protocol/schema.ts"
import { z } from "zod"
import { invalidParams } from "./rpc-error.ts"

/**
 * What clients send, as far as it is used: further members and members of later versions are passed over. A member that
 * may be left out may also be null.
 */

const sessionId = () => z.string().min(1)
/** Whether it is absolute is said in words, where the folder is used. */
const cwd = () => z.string().min(1)
const mcpServers = () => z.array(z.looseObject({ name: z.string() }))
const flag = () => z.boolean().nullish()

export const Initialize = inline(() =>
  z
    .object({
      protocolVersion: z.number().int().min(0).nullish(),
      clientCapabilities: z
        .object({
          fs: z.object({ readTextFile: flag(), writeTextFile: flag() }).nullish(),
          elicitation: z.object({ form: z.looseObject({}).nullish() }).nullish(),
          _meta: z.record(z.string(), z.unknown()).nullish(),
        })
        .nullish(),
      _meta: z.record(z.string(), z.unknown()).nullish(),
    })
    .nullish(),
)

export const Authenticate = inline(() => z.object({ methodId: z.string() }))
export const NewSession = inline(() => z.object({ cwd: cwd(), mcpServers: mcpServers() }))
export const LoadSession = inline(() => z.object({ sessionId: sessionId(), cwd: cwd(), mcpServers: mcpServers() }))
/** In the protocol's drafts the servers may be left out of these. */
export const ReopenSession = inline(() =>
  z.object({ sessionId: sessionId(), cwd: cwd(), mcpServers: mcpServers().nullish() }),
)
export const ListSessions = inline(() => z.object({ cwd: cwd().nullish(), cursor: z.string().nullish() }).nullish())
export const OfSession = inline(() => z.object({ sessionId: sessionId() }))
export const SetMode = inline(() => z.object({ sessionId: sessionId(), modeId: z.string() }))
export const SetModel = inline(() => z.object({ sessionId: sessionId(), modelId: z.string() }))
export const SetConfigOption = inline(() =>
  z.object({ sessionId: sessionId(), configId: z.string(), value: z.string() }),
)

const text = () => z.object({ type: z.literal("text"), text: z.string() })
const binary = (type: "image" | "audio") =>
  z.object({ type: z.literal(type), data: z.string(), mimeType: z.string(), uri: z.string().nullish() })
const link = () =>
  z.object({
    type: z.literal("resource_link"),
    uri: z.string(),
    name: z.string(),
    mimeType: z.string().nullish(),
  })
const embedded = () =>
  z.object({
    type: z.literal("resource"),
    resource: z.union([
      z.object({ uri: z.string(), text: z.string(), mimeType: z.string().nullish() }),
      z.object({ uri: z.string(), blob: z.string(), mimeType: z.string().nullish() }),
    ]),
  })

const ContentBlock = inline(() =>
  z.discriminatedUnion("type", [text(), binary("image"), binary("audio"), link(), embedded()]),
)
export type Block = z.infer<ReturnType<typeof ContentBlock>>

export const Prompt = inline(() => z.object({ sessionId: sessionId(), prompt: z.array(ContentBlock()).min(1) }))

export const CancelRequest = inline(() => z.object({ requestId: z.union([z.string(), z.number(), z.null()]) }))

export const PermissionOutcome = inline(() =>
  z.object({
    outcome: z.union([
      z.object({ outcome: z.literal("selected"), optionId: z.string() }),
      z.object({ outcome: z.literal("cancelled") }),
    ]),
  }),
)

export const ElicitationAnswer = inline(() =>
  z.object({
    action: z.enum(["accept", "decline", "cancel"]),
    content: z.record(z.string(), z.unknown()).nullish(),
  }),
)

/** @throws RpcError that says of each member what is wrong with it */
export function parseParams<S extends Schema>(schema: S, value: unknown): z.infer<ReturnType<S>> {
  const result = schema().safeParse(value)
  if (!result.success) throw invalidParams("", z.formatError(result.error))
  return result.data as z.infer<ReturnType<S>>
}
