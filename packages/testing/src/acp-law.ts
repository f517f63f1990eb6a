import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { Validator, type Schema } from "@cfworker/json-schema"

/** What the protocol's own JSON schema says of each message that an agent sends. */
export interface AcpLaw {
  /** The agent has said this. */
  said(message: Record<string, unknown>): void
  /** The client has asked for this: answers carry no method. */
  asked(message: Record<string, unknown>): void
  /** One sentence for each message that is none of the protocol. */
  readonly breaches: string[]
}

const ANSWERS: Record<string, string> = {
  initialize: "InitializeResponse",
  authenticate: "AuthenticateResponse",
  "session/new": "NewSessionResponse",
  "session/load": "LoadSessionResponse",
  "session/list": "ListSessionsResponse",
  "session/resume": "ResumeSessionResponse",
  "session/fork": "ForkSessionResponse",
  "session/close": "CloseSessionResponse",
  "session/prompt": "PromptResponse",
  "session/set_mode": "SetSessionModeResponse",
  "session/set_config_option": "SetSessionConfigOptionResponse",
  // Of an earlier version, and shaped as that of the mode.
  "session/set_model": "SetSessionModeResponse",
}

const REQUESTS: Record<string, string> = {
  "session/update": "SessionNotification",
  "$/cancel_request": "CancelRequestNotification",
  "session/request_permission": "RequestPermissionRequest",
  "fs/write_text_file": "WriteTextFileRequest",
  "elicitation/create": "CreateElicitationRequest",
}

/** Parts of what clients know already; the rest is of the version that all of them speak. */
const DRAFTS = new Set(["ForkSessionResponse", "PromptResponse"])

const entry = createRequire(import.meta.url).resolve("@agentclientprotocol/sdk")
const read = (name: string): Schema =>
  JSON.parse(readFileSync(new URL(`../../../schema/v1/${name}`, `file://${entry}`), "utf8")) as Schema

const load = () => ({ stable: read("schema.json"), drafts: read("schema.unstable.json") })

export function acpLaw(): AcpLaw {
  const schemas = load()
  const validators = new Map<string, Validator>()
  const methods = new Map<unknown, string>()
  /** What the agent has asked, by its ids. */
  const requests = new Set<unknown>()
  const breaches: string[] = []

  function validator(name: string): Validator {
    const made = validators.get(name)
    if (made) return made
    const { $defs } = DRAFTS.has(name) ? schemas.drafts : schemas.stable
    // Members that nobody knows are what strict clients break on.
    const fresh = new Validator({ $defs: $defs!, $ref: `#/$defs/${name}`, unevaluatedProperties: false }, "2020-12")
    validators.set(name, fresh)
    return fresh
  }

  function check(name: string | undefined, value: unknown, what: string): void {
    if (name === undefined) return void breaches.push(`${what} is nothing of the protocol`)
    const { valid, errors } = validator(name).validate(value)
    const why = errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`).join("; ")
    if (!valid) breaches.push(`${what} is no ${name}: ${why} in ${JSON.stringify(value)}`)
  }

  return {
    breaches,
    asked: ({ id, method }) => void (typeof method === "string" && methods.set(id, method)),
    said(message) {
      const { id, method, params, result, error } = message
      if (message.jsonrpc !== "2.0") breaches.push(`no jsonrpc: ${JSON.stringify(message)}`)
      if (typeof method === "string") {
        check(REQUESTS[method], params, method)
        if (id !== undefined) requests.add(id)
        const taken = method === "$/cancel_request" ? (params as { requestId?: unknown }).requestId : undefined
        // Once at most, and only what it has asked.
        if (taken !== undefined && !requests.delete(taken)) breaches.push(`it takes back what it did not ask: ${taken}`)
      } else if (error !== undefined) check("Error", error, "an error")
      else check(ANSWERS[methods.get(id) ?? ""], result, `the answer to ${methods.get(id)}`)
    },
  }
}
