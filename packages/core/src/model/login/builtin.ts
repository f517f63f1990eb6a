import { copilotLogin } from "./copilot.ts"
import type { Login } from "./login.ts"

/** Logins that our packages can use. A provider that is not listed has a key and nothing else. */
export const builtinLogins: readonly Login[] = [
  copilotLogin,
  {
    providerID: "cloudflare-workers-ai",
    methods: [
      {
        type: "api",
        label: "API key",
        prompts: [
          {
            type: "text",
            key: "accountId",
            message: "Enter your Cloudflare Account ID",
            placeholder: "e.g. 1234567890abcdef1234567890abcdef",
          },
        ],
      },
    ],
  },
  {
    providerID: "azure",
    methods: [
      {
        type: "api",
        label: "API key",
        prompts: [
          {
            type: "text",
            key: "resourceName",
            message: "Enter Azure Resource Name",
            placeholder: "e.g. my-models",
          },
        ],
      },
    ],
  },
]
