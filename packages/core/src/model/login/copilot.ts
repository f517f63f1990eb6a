import { isLoopback } from "../custody.ts"
import type { Request } from "../request.ts"
import { asRecord, asText, type Json } from "../wire/json.ts"
import { beginDeviceFlow } from "./device-flow.ts"
import { loginFault, type Login } from "./login.ts"

/**
 * GitHub Copilot, with the subscription of the person: GitHub's device flow, whose token authorizes requests as it is
 * and does not end. https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#device-flow
 */
export const copilotLogin: Login = {
  providerID: "github-copilot",
  methods: [
    {
      type: "oauth",
      label: "Login with GitHub Copilot",
      prompts: [
        {
          type: "select",
          key: "deploymentType",
          message: "Select GitHub deployment type",
          options: [
            { label: "GitHub.com", value: "github.com", hint: "Public" },
            { label: "GitHub Enterprise", value: "enterprise", hint: "Data residency or self-hosted" },
          ],
        },
        {
          type: "text",
          key: "enterpriseUrl",
          message: "Enter your GitHub Enterprise URL or domain",
          placeholder: "company.ghe.com or https://company.ghe.com",
          when: { key: "deploymentType", op: "eq", value: "enterprise" },
        },
      ],
      async begin(inputs, tools) {
        const enterprise = inputs.deploymentType === "enterprise" ? originOf(inputs.enterpriseUrl ?? "") : undefined
        const origin = enterprise ?? "https://github.com"
        const { url, userCode, token } = await beginDeviceFlow(
          {
            codeURL: `${origin}/login/device/code`,
            tokenURL: `${origin}/login/oauth/access_token`,
            clientID: CLIENT_ID,
            scope: "read:user",
          },
          tools,
        )
        return {
          url,
          method: "auto",
          instructions: `Enter code: ${userCode}`,
          async finish(_, signal) {
            const access = asText((await token(signal)).access_token) ?? ""
            const enterpriseUrl = enterprise && { enterpriseUrl: new URL(enterprise).host }
            return { type: "oauth", refresh: access, access, expires: 0, ...enterpriseUrl }
          },
        }
      },
    },
  ],
  use: {
    key: (entry) => asText(entry.refresh) || asText(entry.access),
    baseURL: ({ enterpriseUrl }) =>
      asText(enterpriseUrl) ? `https://copilot-api.${asText(enterpriseUrl)}` : undefined,
    send: sayingWhoAsks,
  },
}

/** The one that GitHub knows programs of this name by. It is no secret. */
const CLIENT_ID = "Ov23li8tweQw6odWQebz"

/** @throws fault: a token may only go over a secure line, or to this machine */
function originOf(given: string): string {
  const text = given.trim().replace(/\/+$/, "")
  const address = /^https?:\/\//.test(text) ? text : `https://${text}`
  const url = URL.canParse(address) ? new URL(address) : undefined
  const isGood = url && url.origin === address.toLowerCase() && (url.protocol === "https:" || isLoopback(url))
  if (isGood) return url.origin
  throw loginFault(
    "ProviderAuthValidationFailed",
    "Please enter a valid URL (e.g., company.ghe.com or https://company.ghe.com)",
    { providerID: "github-copilot", field: "enterpriseUrl" },
  )
}

/** What a person asks for counts against the subscription, what follows from it does not: Copilot wants to be told. */
function sayingWhoAsks(request: Request): Request {
  const send = (url: string | URL, init: Parameters<Request>[1] = {}) => {
    const said = typeof init.body === "string" ? factsOf(init.body) : {}
    return request(url, { ...init, headers: { ...Object.fromEntries(entriesOf(init.headers)), ...FIXED, ...said } })
  }
  return Object.assign(send, { close: request.close })
}

const FIXED = { "openai-intent": "conversation-edits", "x-github-api-version": "2026-06-01" }

const entriesOf = (headers: NonNullable<Parameters<Request>[1]>["headers"] = {}) =>
  Symbol.iterator in headers ? [...headers] : Object.entries(headers)

function factsOf(body: string): Record<string, string> {
  const { messages, input } = asRecord(JSON.parse(body)) ?? {}
  const turns = [messages, input].find((list): list is Json[] => Array.isArray(list)) ?? []
  const isPersons = asText(turns.at(-1)?.role) === "user"
  return {
    "x-initiator": isPersons ? "user" : "agent",
    ...(/"type":"(?:image_url|input_image)"/.test(body) ? { "copilot-vision-request": "true" } : {}),
  }
}
