import { inline } from "@opencode/protocol/schema.ts"
import {
  ProviderAuthAuthorization,
  ProviderAuthMethods,
  ProviderAuthorizeInput,
  ProviderCallbackInput,
} from "@opencode/protocol/provider-auth.ts"
import { z } from "zod"
import { route } from "../route.ts"

const tags = ["provider"]
const params = inline(() => z.object({ providerID: z.string() }))

const methods = route(
  "GET",
  "/provider/auth",
  {
    id: "provider.auth",
    tags,
    summary: "Get provider auth methods",
    description: "The ways to log in at a provider. One that is not listed has a key and nothing else.",
    answers: "Provider auth methods",
    answer: ProviderAuthMethods,
  },
  ({ server }) => server.logins.methods(),
)

const authorize = route(
  "POST",
  "/provider/:providerID/oauth/authorize",
  {
    id: "provider.oauth.authorize",
    tags,
    summary: "Start OAuth authorization",
    description:
      "Begins a login. The person agrees at `url`; meanwhile the callback is asked for. A login that was begun before at the same provider is over.",
    answers: "Authorization URL and method",
    params,
    body: ProviderAuthorizeInput,
    answer: ProviderAuthAuthorization,
    errors: ["ProviderAuthError"],
  },
  ({ params: { providerID }, body: { method, inputs }, server }) =>
    server.logins.begin(providerID, { method, ...(inputs && { inputs }) }),
)

const callback = route(
  "POST",
  "/provider/:providerID/oauth/callback",
  {
    id: "provider.oauth.callback",
    tags,
    summary: "Handle OAuth callback",
    description:
      "Waits until the person has agreed, or takes the code that they bring, and stores what comes of it. Who stops waiting can ask again: the login goes on for 15 minutes.",
    answers: "OAuth callback processed successfully",
    params,
    body: ProviderCallbackInput,
    answer: inline(() => z.boolean().describe("OAuth callback processed successfully")),
    errors: ["ProviderAuthError"],
  },
  async ({ params: { providerID }, body: { method, code }, server, signal }) => {
    await server.logins.finish(providerID, { method, signal: signal(), ...(code === undefined ? {} : { code }) })
    return true
  },
)

export const providerAuthRoutes = [methods, authorize, callback]
