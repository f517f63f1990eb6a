import { z } from "zod"
import { inline, schema, type Infer } from "./schema.ts"

const named = <Name extends string, Data extends z.ZodType>(name: Name, data: Data) =>
  z.object({ name: z.literal(name), data })

const message = () => z.object({ message: z.string() })

// What can go wrong with an answer. These are stored in the assistant message.

export const ProviderAuthError = schema("ProviderAuthError", () =>
  named("ProviderAuthError", z.object({ providerID: z.string(), message: z.string() })),
)
export const UnknownError = schema("UnknownError", () =>
  named("UnknownError", z.object({ message: z.string(), ref: z.string().optional() })),
)
export const MessageOutputLengthError = schema("MessageOutputLengthError", () =>
  named("MessageOutputLengthError", z.object({ message: z.string().optional() })),
)
export const MessageAbortedError = schema("MessageAbortedError", () => named("MessageAbortedError", message()))
export const StructuredOutputError = schema("StructuredOutputError", () =>
  named("StructuredOutputError", z.object({ message: z.string(), retries: z.number().int().min(0) })),
)
export const ContextOverflowError = schema("ContextOverflowError", () =>
  named("ContextOverflowError", z.object({ message: z.string(), responseBody: z.string().optional() })),
)
export const ContentFilterError = schema("ContentFilterError", () => named("ContentFilterError", message()))
export const APIError = schema("APIError", () =>
  named(
    "APIError",
    z.object({
      message: z.string(),
      statusCode: z.number().int().min(0).optional(),
      isRetryable: z.boolean(),
      responseHeaders: z.record(z.string(), z.string()).optional(),
      responseBody: z.string().optional(),
      metadata: z.record(z.string(), z.string()).optional(),
    }),
  ),
)
export type APIError = Infer<typeof APIError>

export const MessageError = inline(() =>
  z.discriminatedUnion("name", [
    ProviderAuthError(),
    UnknownError(),
    MessageOutputLengthError(),
    MessageAbortedError(),
    StructuredOutputError(),
    ContextOverflowError(),
    ContentFilterError(),
    APIError(),
  ]),
)
export type MessageError = Infer<typeof MessageError>

// What the API answers instead of the thing that was asked for.

export const NotFoundError = schema("NotFoundError", () => named("NotFoundError", message()))

export const BadRequestError = schema("BadRequestError", () =>
  named("BadRequest", z.object({ message: z.string(), kind: z.string().optional() })),
)

export const PermissionNotFoundError = schema("PermissionNotFoundError", () =>
  z.object({ _tag: z.literal("PermissionNotFoundError"), requestID: z.string(), message: z.string() }),
)

export const SessionBusyError = schema("SessionBusyError", () =>
  z.object({ _tag: z.literal("SessionBusyError"), sessionID: z.string(), message: z.string() }),
)
