import { z } from "zod"
import { schema, type Infer } from "./schema.ts"

/** Milliseconds since the epoch in `expires`. */
export const OAuth = schema("OAuth", () =>
  z.object({
    type: z.literal("oauth"),
    refresh: z.string(),
    access: z.string(),
    expires: z.number().int().min(0),
    accountId: z.string().optional(),
    enterpriseUrl: z.string().optional(),
  }),
)

export const ApiAuth = schema("ApiAuth", () =>
  z.object({
    type: z.literal("api"),
    key: z.string().min(1),
    metadata: z.record(z.string(), z.string()).optional(),
  }),
)

export const WellKnownAuth = schema("WellKnownAuth", () =>
  z.object({ type: z.literal("wellknown"), key: z.string(), token: z.string() }),
)

/** A credential, as it is stored. */
export const Auth = schema("Auth", () => z.union([OAuth(), ApiAuth(), WellKnownAuth()]))
export type Auth = Infer<typeof Auth>
