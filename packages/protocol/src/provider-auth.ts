import { z } from "zod"
import { inline, schema, type Infer } from "./schema.ts"

/** Shown only where an earlier answer is (or is not) this. */
const when = () => z.object({ key: z.string(), op: z.enum(["eq", "neq"]), value: z.string() })

/** What a person is asked before a login begins. */
const prompt = () =>
  z.union([
    z.object({
      type: z.literal("text"),
      key: z.string(),
      message: z.string(),
      placeholder: z.string().optional(),
      when: when().optional(),
    }),
    z.object({
      type: z.literal("select"),
      key: z.string(),
      message: z.string(),
      options: z.array(z.object({ label: z.string(), value: z.string(), hint: z.string().optional() })),
      when: when().optional(),
    }),
  ])

/** One way to log in at a provider. Its place in the list is its number. */
export const ProviderAuthMethod = schema("ProviderAuthMethod", () =>
  z.object({ type: z.enum(["oauth", "api"]), label: z.string(), prompts: z.array(prompt()).optional() }),
)
export type ProviderAuthMethod = Infer<typeof ProviderAuthMethod>

export const ProviderAuthMethods = inline(() => z.record(z.string(), z.array(ProviderAuthMethod())))

/** `auto`: the login ends by itself once the person has agreed. `code`: the person is given one to bring back. */
export const ProviderAuthAuthorization = schema("ProviderAuthAuthorization", () =>
  z.object({ url: z.string(), method: z.enum(["auto", "code"]), instructions: z.string() }),
)
export type ProviderAuthAuthorization = Infer<typeof ProviderAuthAuthorization>

/** Of an answer to a prompt, or of a code. */
const MAX_ANSWER_CHARACTERS = 10_000
const answer = () => z.string().max(MAX_ANSWER_CHARACTERS)

export const ProviderAuthorizeInput = inline(() =>
  z.object({
    method: z.number().describe("Auth method index"),
    inputs: z.record(z.string(), answer()).optional(),
  }),
)

export const ProviderCallbackInput = inline(() =>
  z.object({ method: z.number().describe("Auth method index"), code: answer().optional() }),
)

/** What can go wrong with a login. */
export const PROVIDER_LOGIN_ERRORS = [
  "ProviderAuthOauthMissing",
  "ProviderAuthOauthCodeMissing",
  "ProviderAuthOauthCallbackFailed",
  "ProviderAuthValidationFailed",
] as const
export type ProviderLoginErrorName = (typeof PROVIDER_LOGIN_ERRORS)[number]
