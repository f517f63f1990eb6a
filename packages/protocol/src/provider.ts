import { z } from "zod"
import { inline, schema, type Infer } from "./schema.ts"

const modalities = () =>
  z.object({ text: z.boolean(), audio: z.boolean(), image: z.boolean(), video: z.boolean(), pdf: z.boolean() })

/** US dollars per million tokens. */
const price = () =>
  z.object({
    input: z.number(),
    output: z.number(),
    cache: z.object({ read: z.number(), write: z.number() }),
  })

export const Model = schema("Model", () =>
  z.object({
    id: z.string(),
    providerID: z.string(),
    api: z.object({ id: z.string(), url: z.string(), npm: z.string() }),
    name: z.string(),
    family: z.string().optional(),
    capabilities: z.object({
      temperature: z.boolean(),
      reasoning: z.boolean(),
      attachment: z.boolean(),
      toolcall: z.boolean(),
      input: modalities(),
      output: modalities(),
      interleaved: z.union([z.boolean(), z.object({ field: z.string() })]),
    }),
    cost: price().extend({ experimentalOver200K: price().optional() }),
    /** Tokens. */
    limit: z.object({ context: z.number(), input: z.number().optional(), output: z.number() }),
    status: z.enum(["alpha", "beta", "deprecated", "active"]),
    options: z.record(z.string(), z.unknown()),
    headers: z.record(z.string(), z.string()),
    release_date: z.string(),
    variants: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  }),
)
export type Model = Infer<typeof Model>

export const Provider = schema("Provider", () =>
  z.object({
    id: z.string(),
    name: z.string(),
    source: z.enum(["env", "config", "custom", "api"]),
    env: z.array(z.string()),
    key: z.string().optional(),
    options: z.record(z.string(), z.unknown()),
    models: z.record(z.string(), Model()),
  }),
)
export type Provider = Infer<typeof Provider>

export const ConfigProviders = inline(() =>
  z.object({ providers: z.array(Provider()), default: z.record(z.string(), z.string()) }),
)

export const ProviderList = inline(() =>
  z.object({
    all: z.array(Provider()),
    default: z.record(z.string(), z.string()),
    connected: z.array(z.string()),
  }),
)

/** Milliseconds, or `false` for no limit. */
const deadline = () => z.union([z.number().int().positive(), z.literal(false)])
const modality = () => z.enum(["text", "audio", "image", "video", "pdf"])

const ModelCostConfig = inline(() =>
  z.object({
    input: z.number(),
    output: z.number(),
    cache_read: z.number().optional(),
    cache_write: z.number().optional(),
  }),
)

export const ModelConfig = inline(() =>
  z.object({
    id: z.string().optional(),
    name: z.string().optional(),
    family: z.string().optional(),
    release_date: z.string().optional(),
    attachment: z.boolean().optional(),
    reasoning: z.boolean().optional(),
    temperature: z.boolean().optional(),
    tool_call: z.boolean().optional(),
    interleaved: z.union([z.boolean(), z.string(), z.object({ field: z.string() })]).optional(),
    cost: ModelCostConfig().extend({ context_over_200k: ModelCostConfig().optional() }).optional(),
    limit: z.object({ context: z.number(), input: z.number().optional(), output: z.number() }).optional(),
    modalities: z.object({ input: z.array(modality()).optional(), output: z.array(modality()).optional() }).optional(),
    experimental: z.boolean().optional(),
    status: z.enum(["alpha", "beta", "deprecated", "active"]).optional(),
    provider: z.object({ npm: z.string().optional(), api: z.string().optional() }).optional(),
    options: z.record(z.string(), z.unknown()).optional(),
    headers: z.record(z.string(), z.string()).optional(),
    variants: z.record(z.string(), z.looseObject({ disabled: z.boolean().optional() })).optional(),
  }),
)
export type ModelConfig = Infer<typeof ModelConfig>

export const ProviderConfig = schema("ProviderConfig", () =>
  z.object({
    api: z.string().optional(),
    name: z.string().optional(),
    env: z.array(z.string()).optional(),
    id: z.string().optional(),
    npm: z.string().optional(),
    whitelist: z.array(z.string()).optional(),
    blacklist: z.array(z.string()).optional(),
    options: z
      .looseObject({
        apiKey: z.string().optional(),
        baseURL: z.string().optional(),
        enterpriseUrl: z.string().optional(),
        setCacheKey: z.boolean().optional(),
        /** For the whole answer. */
        timeout: deadline().optional(),
        /** Until the answer's headers (default 300,000). */
        headerTimeout: deadline().optional(),
        /** Between two pieces of a streamed answer (default 300,000). */
        chunkTimeout: deadline().optional(),
      })
      .optional(),
    models: z.record(z.string(), ModelConfig()).optional(),
  }),
)
export type ProviderConfig = Infer<typeof ProviderConfig>
