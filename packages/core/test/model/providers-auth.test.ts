import type { LanguageModelV3CallOptions } from "@ai-sdk/provider"
import type { Model, ProviderConfig } from "@opencode/protocol/provider.ts"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { modelServer } from "@opencode/testing/model-server.ts"
import { says } from "@opencode/testing/script.ts"
import { expect, onTestFinished, test } from "vitest"
import { isFault } from "@opencode/core/lib/fault.ts"
import { secret } from "@opencode/core/lib/secret.ts"
import { languages, type Access } from "@opencode/core/model/access.ts"
import type { CatalogProvider } from "@opencode/core/model/catalog.ts"
import { sendingObjection } from "@opencode/core/model/credential.ts"
import { addressOf, findsOwnCredentials, type AddressInput } from "@opencode/core/model/packages/address.ts"
import { awsCredentials, awsRegion } from "@opencode/core/model/packages/aws-credentials.ts"
import { googleCredentials } from "@opencode/core/model/packages/google-credentials.ts"
import { googleToken } from "@opencode/core/model/packages/google-token.ts"
import { createRequest } from "@opencode/core/model/request.ts"
import { modelOf } from "../turn/history.ts"
import { collect } from "./answers.ts"

const place = (npm: string, more: Partial<AddressInput> = {}): AddressInput => ({
  npm,
  providerID: "mock",
  url: "",
  options: {},
  env: {},
  hasKey: false,
  ...more,
})

function messageOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (isFault(error)) return `${error.code}: ${error.message}`
    throw error
  }
  throw new Error("no fault")
}

const VERTEX = "@ai-sdk/google-vertex"
const BEDROCK = "@ai-sdk/amazon-bedrock"
const AZURE = "@ai-sdk/azure"

test.each<[string, AddressInput, string]>([
  ["as configured", place("@ai-sdk/openai", { url: "http://a/v1" }), "http://a/v1"],
  ["the service's own", place("@ai-sdk/groq"), "https://api.groq.com/openai/v1"],
  ["none", place("@ai-sdk/openai-compatible"), ""],
  ["Bedrock's default", place(BEDROCK), "https://bedrock-runtime.us-east-1.amazonaws.com"],
  [
    "Bedrock by option",
    place(BEDROCK, { options: { region: "eu-west-3" } }),
    "https://bedrock-runtime.eu-west-3.amazonaws.com",
  ],
  [
    "Bedrock by variable",
    place(BEDROCK, { env: { AWS_REGION: "ap-south-1" } }),
    "https://bedrock-runtime.ap-south-1.amazonaws.com",
  ],
  [
    "Bedrock in China",
    place(BEDROCK, { options: { region: "cn-north-1" } }),
    "https://bedrock-runtime.cn-north-1.amazonaws.com.cn",
  ],
  [
    "Bedrock at an endpoint",
    place(BEDROCK, { options: { endpoint: "https://vpce-1.example/" } }),
    "https://vpce-1.example",
  ],
  [
    "Mantle",
    place(`${BEDROCK}/mantle`, { options: { region: "us-west-2" } }),
    "https://bedrock-mantle.us-west-2.api.aws/v1",
  ],
  [
    "Vertex everywhere",
    place(VERTEX, { env: { GOOGLE_CLOUD_PROJECT: "p" } }),
    "https://aiplatform.googleapis.com/v1beta1/projects/p/locations/global/publishers/google",
  ],
  [
    "Vertex in a region",
    place(VERTEX, { options: { project: "p", location: "us-east5" } }),
    "https://us-east5-aiplatform.googleapis.com/v1beta1/projects/p/locations/us-east5/publishers/google",
  ],
  [
    "Claude on Vertex in Europe",
    place(`${VERTEX}/anthropic`, { options: { project: "p" }, env: { VERTEX_LOCATION: "eu" } }),
    "https://aiplatform.eu.rep.googleapis.com/v1/projects/p/locations/eu/publishers/anthropic/models",
  ],
  ["Vertex with a key", place(VERTEX, { hasKey: true }), "https://aiplatform.googleapis.com/v1/publishers/google"],
  ["Azure", place(AZURE, { env: { AZURE_RESOURCE_NAME: "acme" } }), "https://acme.openai.azure.com/openai"],
  [
    "Azure's other service",
    place(AZURE, { providerID: "azure-cognitive-services", env: { AZURE_COGNITIVE_SERVICES_RESOURCE_NAME: "acme" } }),
    "https://acme.cognitiveservices.azure.com/openai",
  ],
  [
    "a catalogue's with a place to fill",
    place("@ai-sdk/anthropic", {
      url: "https://${AZURE_RESOURCE_NAME}.services.ai.azure.com/anthropic/v1",
      options: { resourceName: "acme" },
    }),
    "https://acme.services.ai.azure.com/anthropic/v1",
  ],
  [
    "Vertex for the models of others",
    place("@ai-sdk/openai-compatible", {
      url: "https://${GOOGLE_VERTEX_ENDPOINT}/v1/projects/${GOOGLE_VERTEX_PROJECT}/locations/${GOOGLE_VERTEX_LOCATION}/endpoints/openapi",
      env: { GOOGLE_VERTEX_PROJECT: "p", GOOGLE_VERTEX_LOCATION: "us-central1" },
    }),
    "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/endpoints/openapi",
  ],
  [
    "no other variable",
    place("@ai-sdk/openai-compatible", { url: "https://a/${OPENAI_API_KEY}", env: { OPENAI_API_KEY: "sk-1" } }),
    "https://a/${OPENAI_API_KEY}",
  ],
])("an address: %s", (_, input, expected) => {
  expect(addressOf(input)).toBe(expected)
})

test.each([
  ["Azure without a resource", place(AZURE), "AZURE_RESOURCE_NAME"],
  ["Vertex without a project", place(VERTEX), "options.project"],
  [
    "a region that would leave the service",
    place(BEDROCK, { options: { region: "evil.example/#" } }),
    "not an AWS region",
  ],
  ["a resource that would", place(AZURE, { options: { resourceName: "evil.example/" } }), "not the name"],
  ["a location that would", place(VERTEX, { options: { project: "p", location: "x.evil.example/" } }), "not the name"],
  ["a project that would", place(VERTEX, { options: { project: "../p" } }), "not the name"],
])("no address: %s", (_, input, words) => {
  const said = messageOf(() => addressOf(input))
  expect(said).toMatch(/^config_invalid: /)
  expect(said).toContain(words)
})

function home(files: Record<string, string>) {
  const folder = tempFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  folder.write(files)
  return folder
}
const aws = (options: object, env: Record<string, string>) =>
  awsCredentials({ providerID: "bedrock", options: { ...options }, env })

const CONFIG = `[default]
region = eu-north-1

[profile work]
region = eu-central-1
sso_session = corp

[profile robot]
credential_process = /bin/steal

[profile other]
role_arn = arn:aws:iam::1:role/x
source_profile = default
`
const CREDENTIALS = `# mine
[default]
aws_access_key_id = AKIDEFAULT
aws_secret_access_key = s-default

[ci]
aws_access_key_id=AKICI
aws_secret_access_key=s-ci
aws_session_token=t-ci
`

test("AWS credentials: options, then variables, then the profile of the shared files", () => {
  const folder = home({ "home/.aws/config": CONFIG, "home/.aws/credentials": CREDENTIALS })
  const env = { HOME: folder.join("home") }
  const keys = { AWS_ACCESS_KEY_ID: "AKIENV", AWS_SECRET_ACCESS_KEY: "s-env" }
  const own = { accessKeyId: "AKIOWN", secretAccessKey: "s-own" }
  expect(aws(own, { ...env, ...keys })).toEqual(own)
  expect(aws({}, { ...env, ...keys })).toEqual({ accessKeyId: "AKIENV", secretAccessKey: "s-env" })
  expect(aws({}, { ...env, ...keys, AWS_SESSION_TOKEN: "t" })).toMatchObject({ sessionToken: "t" })
  expect(aws({ profile: "ci" }, { ...env, ...keys })).toEqual({
    accessKeyId: "AKICI",
    secretAccessKey: "s-ci",
    sessionToken: "t-ci",
  })
  expect(aws({}, env)).toEqual({ accessKeyId: "AKIDEFAULT", secretAccessKey: "s-default" })
  expect(aws({}, { ...env, AWS_PROFILE: "ci" })).toMatchObject({ accessKeyId: "AKICI" })
  expect(aws({}, { AWS_SHARED_CREDENTIALS_FILE: folder.join("home/.aws/credentials") })).toMatchObject({
    accessKeyId: "AKIDEFAULT",
  })
  expect(awsRegion({ options: {}, env })).toBe("eu-north-1")
  expect(awsRegion({ options: { profile: "work" }, env })).toBe("eu-central-1")
})

test.each([
  ["work", "single sign-on"],
  ["robot", "running a program"],
  ["other", "taking a role"],
  ["missing", "no AWS credentials"],
])("AWS credentials: the profile %s is refused with what to do instead", (profile, why) => {
  const folder = home({ "home/.aws/config": CONFIG, "home/.aws/credentials": CREDENTIALS })
  const said = messageOf(() => aws({ profile }, { HOME: folder.join("home") }))
  expect(said).toMatch(/^provider_auth: /)
  expect(said).toContain(why)
  expect(said).toContain("AWS_BEARER_TOKEN_BEDROCK")
  expect(said).toContain("export-credentials")
})

const google = (options: object, env: Record<string, string>) => ({
  providerID: "vertex",
  options: { ...options },
  env,
})

test("Google credentials: options, then the variable, then what gcloud left", () => {
  const folder = home({
    "key.json": '{"type": "service_account", "project_id": "from-key"}',
    "home/.config/gcloud/application_default_credentials.json": '{"type": "authorized_user"}',
  })
  const env = { HOME: folder.join("home") }
  expect(googleCredentials(google({}, env))).toEqual({ type: "authorized_user" })
  const named = { ...env, GOOGLE_APPLICATION_CREDENTIALS: folder.join("key.json") }
  expect(googleCredentials(google({}, named))).toMatchObject({ project_id: "from-key" })
  expect(googleCredentials(google({ googleAuthOptions: { credentials: { a: 1 } } }, named))).toEqual({ a: 1 })
  expect(googleCredentials(google({}, {}))).toBeUndefined()
  expect(addressOf(place(VERTEX, { env: named }))).toContain("/projects/from-key/")
})

test.each([
  ["a file that is not there", { keyFile: "/nowhere/key.json" }, "ENOENT"],
  ["none at all", {}, "application-default login"],
  ["of another kind", { credentials: { type: "external_account" } }, "external_account"],
  ["half of them", { credentials: { type: "service_account", client_email: "a@b" } }, "print-access-token"],
])("Google credentials: %s is told with what to do", (_, options, words) => {
  const request = createRequest()
  onTestFinished(() => request.close())
  expect(messageOf(() => googleToken({ ...google(options, {}), request }))).toContain(words)
})

/** A request function that answers a token and remembers the form it got. */
function tokens(answer: { status?: number; body: object }) {
  const forms: Record<string, string>[] = []
  const request = Object.assign(
    async (_url: string | URL, init: { body?: unknown } = {}) => {
      forms.push(Object.fromEntries(new URLSearchParams(String(init.body))))
      const status = answer.status ?? 200
      const text = async () => JSON.stringify(answer.body)
      return { ok: status < 300, status, url: "https://oauth2.googleapis.com/token", text } as never
    },
    { close: () => {} },
  )
  return { request, forms }
}
const USER = { type: "authorized_user", client_id: "c", client_secret: "s", refresh_token: "r" }

test("Google's token of a person is refreshed when it runs out", async () => {
  let now = 1_000_000
  const { request, forms } = tokens({ body: { access_token: "t", expires_in: 3_600 } })
  const token = googleToken({ ...google({ credentials: USER }, {}), request, now: () => now })
  expect(await token()).toBe("t")
  now += 50 * 60_000
  expect(await token()).toBe("t")
  expect(forms).toHaveLength(1)
  now += 6 * 60_000
  await token()
  expect(forms[1]).toEqual({ grant_type: "refresh_token", client_id: "c", client_secret: "s", refresh_token: "r" })
})

test("a token that was refused is told, and asked for again the next time", async () => {
  const body = { error: "invalid_grant", error_description: "Token has been expired or revoked." }
  const { request, forms } = tokens({ status: 400, body })
  const token = googleToken({ ...google({ credentials: USER }, {}), request })
  await expect(token()).rejects.toMatchObject({ kind: "auth", message: expect.stringContaining("revoked") as unknown })
  await expect(token()).rejects.toThrow("revoked")
  expect(forms).toHaveLength(2)
})

const provider = (npm: string, more: Partial<CatalogProvider> = {}): { provider: CatalogProvider; model: Model } => {
  const model = modelOf("@ai-sdk/openai-compatible")
  const described = { ...model, api: { ...model.api, npm, url: "" } }
  const models = { large: described }
  return {
    provider: { id: "mock", name: "Mock", env: [], options: {}, models, isConfigured: true, ...more },
    model: described,
  }
}

test.each<[string, string, ProviderConfig["options"], string[], boolean]>([
  ["the user chose everything", BEDROCK, { region: "us-east-1" }, [], true],
  ["the project chose the region", BEDROCK, { region: "us-east-1" }, ["region"], false],
  ["the project chose the profile", BEDROCK, { profile: "prod" }, ["profile"], false],
  ["the project chose the endpoint", BEDROCK, { endpoint: "http://127.0.0.1:1" }, ["endpoint"], false],
  ["the project chose whose project it is", VERTEX, { project: "p" }, ["project"], false],
  ["the project chose the location", VERTEX, { project: "p", location: "eu" }, ["location"], false],
  ["the project names a key file", VERTEX, { keyFile: "/k.json", project: "p" }, ["keyFile"], false],
  [
    "the project hides one deeper",
    VERTEX,
    { project: "p", googleAuthOptions: { keyFile: "/k.json" } },
    ["googleAuthOptions", "keyFile"],
    false,
  ],
  ["the project chose the resource", AZURE, { resourceName: "theirs" }, ["resourceName"], false],
])("custody: %s", (_, npm, options, byProject, isAllowed) => {
  const config: ProviderConfig = { npm, options }
  const env = { AZURE_RESOURCE_NAME: "mine", GOOGLE_CLOUD_PROJECT: "p" }
  const baseURL = addressOf(place(npm, { options: { ...options }, env }))
  const origin = (path: readonly string[]) => ({
    layer: path.join(".") === ["provider", "mock", "options", ...byProject].join(".") ? "project" : "user",
  })
  const destination = {
    providerID: "mock",
    modelID: "large",
    url: new URL(baseURL),
    config,
    credential: npm === AZURE ? { key: secret("k"), source: "env" as const } : undefined,
    findsOwn: findsOwnCredentials(npm, baseURL),
  }
  const objection = sendingObjection(destination, { origin, isTrusted: false, isApproved: false, isServicesOwn: false })
  expect(objection === undefined).toBe(isAllowed)
  expect(
    sendingObjection(destination, { origin, isTrusted: true, isApproved: false, isServicesOwn: false }),
  ).toBeUndefined()
})

const access = (more: Partial<Access>): Access => {
  const request = createRequest()
  onTestFinished(() => request.close())
  return { config: {}, auth: { key: () => undefined }, env: {}, request, ...more }
}

test("Bedrock takes its bearer token from the variable before it signs", async () => {
  const { provider: described, model } = provider(BEDROCK, {
    env: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_BEARER_TOKEN_BEDROCK"],
  })
  const headers: Record<string, string>[] = []
  const request = Object.assign(
    async (_url: unknown, init: { headers?: unknown } = {}) => {
      headers.push(init.headers as Record<string, string>)
      throw new Error("far enough")
    },
    { close: () => {} },
  ) as never
  const env = { AWS_ACCESS_KEY_ID: "AKID", AWS_SECRET_ACCESS_KEY: "s", AWS_REGION: "eu-west-1" }
  const options: LanguageModelV3CallOptions = { prompt: [{ role: "user", content: [{ type: "text", text: "hi" }] }] }
  const allowed: string[] = []
  const allowHost = (host: string) => void allowed.push(host)
  for (const token of [{ AWS_BEARER_TOKEN_BEDROCK: "bearer" }, {}]) {
    const open = languages(access({ env: { ...env, ...token }, request, allowHost }))
    const language = await open(described, model)
    await expect(language.doStream(options)).rejects.toThrow()
  }
  expect(headers[0]?.Authorization ?? headers[0]?.authorization).toBe("Bearer bearer")
  expect(headers[1]?.authorization).toContain("Credential=AKID/")
  expect(new Set(allowed)).toEqual(new Set(["bedrock-runtime.eu-west-1.amazonaws.com"]))
})

test("a variable that only names a place is never sent as a key", async () => {
  await using server = await modelServer({ script: [says("hi")] })
  const { provider: described, model } = provider(AZURE, {
    env: ["AZURE_RESOURCE_NAME", "AZURE_API_KEY"],
    options: { baseURL: `${server.url}/openai/v1` },
  })
  const at = { ...model, api: { ...model.api, url: `${server.url}/openai/v1` } }
  const open = languages(access({ env: { AZURE_RESOURCE_NAME: "acme", AZURE_API_KEY: "sk-azure" } }))
  const language = await open(described, at)
  const { stream } = await language.doStream({ prompt: [{ role: "user", content: [{ type: "text", text: "hi" }] }] })
  await collect(stream)
  expect(server.requests[0]?.headers["api-key"]).toBe("sk-azure")
  expect(JSON.stringify(server.requests[0]?.headers)).not.toContain("acme")
})
