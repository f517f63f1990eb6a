/**
 * How providers say that a conversation is longer than the model's context. Most have no code for it, so this is the
 * one place that reads their sentences. Each line can go when its provider sends a code.
 */
const SENTENCES: readonly RegExp[] = [
  // Anthropic messages, HTTP 400: "prompt is too long: 214735 tokens > 200000 maximum"
  /prompt is too long/i,
  // Anthropic messages, HTTP 400: "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"
  /input length and .{1,40} exceed context limit/i,
  // OpenAI chat completions, and after it DeepSeek, vLLM, SGLang, OpenRouter ("This endpoint's maximum context length is")
  /maximum context length is/i,
  // OpenAI responses: "Your input exceeds the context window of this model"
  /exceeds the context window/i,
  // llama.cpp server: "request (4390 tokens) exceeds the available context size (4096 tokens), try increasing it"
  /exceeds the available context size/i,
  // llama.cpp server, HTTP 500 with the type server_error: "Context size has been exceeded."
  /context size has been exceeded/i,
  // LM Studio: "The number of tokens to keep from the initial prompt is greater than the context length"; before 0.4
  // "…the model is loaded with context length of only 32768 tokens"; since 0.4 also the third
  /(greater than the context length|context length of only|cannot truncate prompt with n_keep)/i,
  // MLX servers: "Prompt exceeds maximum context length"
  /exceeds (the )?maximum context length/i,
  // Google: "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)"
  /input token count.{0,40}exceeds the maximum number of tokens/i,
  // xAI: "This model's maximum prompt length is 131072 but the request contains 537812 tokens"
  /maximum prompt length is/i,
  // Amazon Bedrock: "Input is too long for requested model"
  /input is too long for requested model/i,
  // Groq: "Please reduce the length of the messages or completion"
  /reduce the length of the messages/i,
  // GitHub Copilot: "prompt token count of 130000 exceeds the limit of 128000"
  /prompt token count of \d+ exceeds the limit/i,
]

/** Codes and types that mean the same. */
const CODES = new Set([
  // OpenAI, and many after it.
  "context_length_exceeded",
  // llama.cpp server.
  "exceed_context_size_error",
  // GitHub Copilot.
  "model_max_prompt_tokens_exceeded",
  // Anthropic, HTTP 413: the body has too many bytes.
  "request_too_large",
])

export const isOverflow = (message: string, codes: readonly string[]): boolean =>
  codes.some((code) => CODES.has(code)) || SENTENCES.some((sentence) => sentence.test(message))
