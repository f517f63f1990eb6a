import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { onTestFinished } from "vitest"

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void

/** Answers of `METHOD /path`; a function gets the body. What is not there is a 404. */
export type Answers = Record<string, unknown>

export interface FakeServer {
  port: number
  /** `METHOD /path` of every request so far. */
  asked: string[]
  /** The headers of the last request. */
  headers(): IncomingMessage["headers"]
}

/** A server on a free port of 127.0.0.1, until the test is over. */
export async function fakeServer(answers: Answers | Handler): Promise<FakeServer> {
  const asked: string[] = []
  let headers: IncomingMessage["headers"] = {}
  const server = createServer((request, response) => {
    const name = `${request.method} ${request.url}`
    asked.push(name)
    headers = request.headers
    let body = ""
    request.on("data", (data) => (body += data))
    request.on("end", () => {
      if (typeof answers === "function") return answers(request, response, body)
      const answer = answers[name]
      const value: unknown = typeof answer === "function" ? answer(JSON.parse(body)) : answer
      response
        .writeHead(value === undefined ? 404 : 200, { "content-type": "application/json; charset=utf-8" })
        .end(JSON.stringify(value ?? { error: "not found" }))
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, asked, headers: () => headers }
}

export interface OllamaModel {
  capabilities?: string[]
  parameters?: string
  context?: number
  /** What it was loaded with. */
  loaded?: number
  /** Where it really runs. */
  remote?: string
}

/** In the shapes that docs.ollama.com shows. */
export const ollama = (models: Record<string, OllamaModel>): Answers => ({
  "GET /api/tags": {
    models: Object.entries(models).map(([name, { remote }]) => ({
      name,
      model: name,
      ...(remote && { remote_model: name, remote_host: remote }),
      modified_at: "2025-10-03T23:34:03.409490317-07:00",
      size: 3338801804,
      digest: "a2af6cc3eb7fa8be8504abaf9b04e88f17a119ec3f04a3addf55f92841195f5a",
      details: { format: "gguf", family: "gemma", parameter_size: "4.3B", quantization_level: "Q4_K_M" },
    })),
  },
  "GET /api/ps": {
    models: Object.entries(models).flatMap(([name, { loaded }]) =>
      loaded ? [{ name, model: name, size: 6591830464, size_vram: 5333539264, context_length: loaded }] : [],
    ),
  },
  "POST /api/show": ({ model }: { model: string }) => {
    const { capabilities, parameters, context } = models[model] ?? {}
    return {
      ...(parameters && { parameters }),
      ...(capabilities && { capabilities }),
      license: "Terms of use",
      details: { format: "gguf", family: "gemma3" },
      model_info: {
        "general.architecture": "gemma3",
        "gemma3.attention.head_count": 8,
        ...(context && { "gemma3.context_length": context }),
      },
    }
  },
})

/** In the shapes that lmstudio.ai shows. */
export const lmstudio = (models: Record<string, object>): Answers => ({
  "GET /api/v0/models": {
    object: "list",
    data: Object.entries(models).map(([id, more]) => ({
      id,
      object: "model",
      type: "llm",
      publisher: "somebody",
      arch: "llama",
      state: "not-loaded",
      max_context_length: 131072,
      ...more,
    })),
  },
})

/** The same in the shapes of its newer API. */
export const lmstudioV1 = (models: Record<string, object>): Answers => ({
  "GET /api/v1/models": {
    models: Object.entries(models).map(([key, more]) => ({
      type: "llm",
      publisher: "somebody",
      key,
      display_name: key,
      loaded_instances: [],
      max_context_length: 131072,
      capabilities: { vision: false, trained_for_tool_use: true },
      ...more,
    })),
  },
})

/** In the shapes of llama-server. It knows some of Ollama's questions as well. */
export const llamacpp = (id: string, props: object): Answers => ({
  "GET /props": { total_slots: 4, model_alias: id, build_info: "b8681", ...props },
  "GET /v1/models": {
    object: "list",
    data: [{ id, object: "model", owned_by: "llamacpp", meta: { n_ctx_train: 262144 } }],
  },
  "GET /api/tags": { models: [{ name: id, model: id, digest: "" }] },
})

/** In the shape of vLLM. */
export const vllm = (models: Record<string, number>): Answers => ({
  "GET /v1/models": {
    object: "list",
    data: Object.entries(models).map(([id, length]) => ({
      id,
      object: "model",
      created: 1723770563,
      owned_by: "vllm",
      root: id,
      parent: null,
      max_model_len: length,
    })),
  },
})
