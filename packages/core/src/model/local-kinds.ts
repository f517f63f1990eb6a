import type { Ask } from "./local-ask.ts"
import { asList, asNumber, asRecord, asText, type Json } from "./wire/json.ts"

/**
 * The servers that people run models with: where they listen, how they are known for certain, and what they tell of their
 * models. Each `models` answers undefined unless what came back has the shape that only this kind of server gives.
 */
export interface LocalKind {
  id: string
  name: string
  /** Unless somebody moved it. */
  port: number
  models(ask: Ask): Promise<LocalModel[] | undefined>
  /** How to give a model more context, as the end of a sentence. */
  moreContext: string
}

/** What a server said; a member it did not speak of is absent. */
export interface LocalModel {
  id: string
  /** Tokens that a conversation may have there now, else what the model was made for. */
  context?: number
  tools?: boolean
  vision?: boolean
  reasoning?: boolean
  /** It is in memory: the next answer begins at once. */
  isLoaded?: boolean
  /** The server passes what it gets on to another machine. */
  isRemote?: boolean
}

/** Somebody with more models than this has a default in the configuration. */
const MAX_SHOWN_MODELS = 64

/**
 * `GET /api/tags` lists, `POST /api/show` tells: https://docs.ollama.com/api-reference/show-model-details (`parameters` is
 * text, `model_info` has `<architecture>.context_length`), `GET /api/ps` has the size that a loaded model really got.
 * A request cannot ask for more: https://docs.ollama.com/api/openai-compatibility. `remote_host` marks models of its cloud.
 */
const ollama: LocalKind = {
  id: "ollama",
  name: "Ollama",
  port: 11434,
  moreContext:
    "start it with OLLAMA_CONTEXT_LENGTH=32768 or more, or give the model `PARAMETER num_ctx 32768` in its Modelfile",
  async models(ask) {
    const [tags, running] = await Promise.all([ask("/api/tags"), ask("/api/ps")])
    const listed = records(tags?.models)
    if (!listed || !listed.every(({ name, digest }) => asText(name) && asText(digest))) return undefined
    const loaded = new Map((records(running?.models) ?? []).map((model) => [asText(model.name), model]))
    const models = await Promise.all(
      listed.slice(0, MAX_SHOWN_MODELS).map(async ({ name, remote_host: host }): Promise<LocalModel | undefined> => {
        const id = String(name)
        const shown = await ask("/api/show", { model: id })
        const can = abilities(shown?.capabilities)
        if (can && !can.has("completion")) return undefined
        const context = ollamaContext(shown, loaded.get(id))
        return {
          id,
          ...(context !== undefined && { context }),
          ...(can && { tools: can.has("tools"), vision: can.has("vision"), reasoning: can.has("thinking") }),
          isLoaded: loaded.has(id),
          isRemote: Boolean(host || shown?.remote_host),
        }
      }),
    )
    return models.filter((model) => model !== undefined)
  },
}

/** What it was loaded with, what its Modelfile sets, what it was made for. */
function ollamaContext(shown: Json | undefined, loaded: Json | undefined): number | undefined {
  const set = /^\s*num_ctx\s+(\d+)\s*$/m.exec(asText(shown?.parameters) ?? "")?.[1]
  const info = asRecord(shown?.model_info) ?? {}
  const made = Object.entries(info).find(([name]) => name.endsWith(".context_length"))?.[1]
  return tokens(loaded?.context_length) ?? tokens(Number(set)) ?? tokens(made)
}

/**
 * `GET /api/v0/models`: https://lmstudio.ai/docs/api/rest-api; the members of a loaded model as shown in
 * https://github.com/zed-industries/zed/pull/25606, `capabilities` in https://github.com/agustif/opencode-lmstudio/issues/21.
 * Its successor `GET /api/v1/models`: https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/1659, the loaded length as
 * in https://github.com/co-l/openfox/issues/49.
 */
const lmstudio: LocalKind = {
  id: "lmstudio",
  name: "LM Studio",
  port: 1234,
  moreContext: "load the model with a larger context length in LM Studio",
  async models(ask) {
    const [old, current] = await Promise.all([ask("/api/v0/models"), ask("/api/v1/models")])
    return lmstudioV0(records(old?.data)) ?? lmstudioV1(records(current?.models))
  },
}

function lmstudioV0(listed: Json[] | undefined): LocalModel[] | undefined {
  if (!listed?.every(({ id, type, state }) => asText(id) && asText(type) && asText(state))) return undefined
  return listed
    .filter(({ type }) => type === "llm" || type === "vlm")
    .map((model) => {
      const isLoaded = model.state === "loaded"
      const context = (isLoaded ? tokens(model.loaded_context_length) : undefined) ?? tokens(model.max_context_length)
      const can = abilities(model.capabilities)
      return {
        id: String(model.id),
        ...(context !== undefined && { context }),
        ...(can && { tools: can.has("tool_use") }),
        vision: model.type === "vlm",
        isLoaded,
      }
    })
}

function lmstudioV1(listed: Json[] | undefined): LocalModel[] | undefined {
  if (!listed?.every(({ key, type, loaded_instances: loaded }) => asText(key) && asText(type) && Array.isArray(loaded)))
    return undefined
  return listed
    .filter(({ type }) => type === "llm")
    .map((model) => {
      const [instance] = records(model.loaded_instances) ?? []
      const context = tokens(asRecord(instance?.config)?.context_length) ?? tokens(model.max_context_length)
      const can = asRecord(model.capabilities)
      return {
        id: String(model.key),
        ...(context !== undefined && { context }),
        ...(can && { tools: can.trained_for_tool_use === true, vision: can.vision === true }),
        isLoaded: instance !== undefined,
      }
    })
}

/**
 * `GET /props` has the context of one conversation and what the chat template can do:
 * https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md, an answer in full at
 * https://mvysny.github.io/llama-server-endpoints/. `GET /v1/models` has the name.
 */
const llamacpp: LocalKind = {
  id: "llamacpp",
  name: "llama.cpp",
  port: 8080,
  moreContext: "start llama-server with --ctx-size 32768 or more",
  async models(ask) {
    const [props, list] = await Promise.all([ask("/props"), ask("/v1/models")])
    const context = tokens(asRecord(props?.default_generation_settings)?.n_ctx)
    const listed = records(list?.data)
    if (context === undefined || !listed?.every(({ id }) => asText(id))) return undefined
    const template = asRecord(props?.chat_template_caps)
    const tools = template && (template.supports_tools === true || template.supports_tool_calls === true)
    const vision = asRecord(props?.modalities)?.vision
    return listed.map(({ id }) => ({
      id: String(id),
      context,
      ...(tools !== undefined && { tools }),
      ...(typeof vision === "boolean" && { vision }),
      isLoaded: true,
    }))
  },
}

/**
 * `GET /v1/models`: an answer in full in https://github.com/modal-labs/modal-examples/issues/843. It does not say whether
 * the server was started with `--enable-auto-tool-choice`, which tools need.
 */
const vllm: LocalKind = {
  id: "vllm",
  name: "vLLM",
  port: 8000,
  moreContext: "start vLLM with a larger --max-model-len",
  async models(ask) {
    const listed = records((await ask("/v1/models"))?.data)
    if (!listed?.every(({ id, owned_by: owner }) => asText(id) && owner === "vllm")) return undefined
    return listed.map(({ id, max_model_len: length }) => {
      const context = tokens(length)
      return { id: String(id), ...(context !== undefined && { context }), isLoaded: true }
    })
  },
}

/** In the order in which they are preferred. */
export const LOCAL_KINDS: readonly LocalKind[] = [ollama, lmstudio, llamacpp, vllm]

/** A list of objects and nothing else. */
function records(value: unknown): Json[] | undefined {
  if (!Array.isArray(value)) return undefined
  const found = value.map(asRecord).filter((item) => item !== undefined)
  return found.length === value.length ? found : undefined
}

const abilities = (value: unknown): Set<unknown> | undefined =>
  Array.isArray(value) ? new Set(asList(value)) : undefined

function tokens(value: unknown): number | undefined {
  const number = asNumber(value)
  return number !== undefined && Number.isInteger(number) && number > 0 ? number : undefined
}
