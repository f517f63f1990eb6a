// What it costs to write a conversation in the provider's words, to send it and to read the answer, and nothing else: the
// least that any prompt of that size can cost. The parent sends the model's address and the body of a request; the answer
// is CPU per request, in ms.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible"
import { Agent, request } from "node:http"

/** The first ones warm the code up. */
const WARM = 20
const ROUNDS = 20

const agent = new Agent({ keepAlive: true })

process.on("message", async ({ url, body }) => {
  const sent = new Error("The request was sent.")
  const fetch = async (address, { headers, body }) => {
    await post(address, { headers, body })
    throw sent
  }
  const model = createOpenAICompatible({ name: "mock", baseURL: `${url}/v1`, apiKey: "mock-key", fetch })(body.model)
  const options = { prompt: promptOf(body), tools: toolsOf(body), maxOutputTokens: body.max_tokens }
  const send = () =>
    model.doStream({ ...options }).catch((error) => {
      if (error !== sent) throw error
    })
  for (let n = 0; n < WARM; n++) await send()
  const before = process.cpuUsage()
  for (let n = 0; n < ROUNDS; n++) await send()
  const { user, system } = process.cpuUsage(before)
  process.send((user + system) / 1_000 / ROUNDS)
})

function post(url, { headers, body }) {
  const sized = { ...headers, "content-length": Buffer.byteLength(body) }
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "POST", headers: sized, agent }, (answer) => {
      answer.on("error", reject).on("end", resolve)
      if (answer.statusCode !== 200) reject(new Error(`The model answered ${answer.statusCode}.`))
      answer.resume()
    })
    sent.on("error", reject).end(body)
  })
}

const promptOf = ({ messages }) =>
  messages.map(({ role, content, tool_calls: calls = [], tool_call_id: toolCallId }) => {
    if (role === "system") return { role, content }
    const text = { type: "text", text: content }
    if (role === "user") return { role, content: [text] }
    if (role === "tool")
      return {
        role,
        content: [{ type: "tool-result", toolCallId, toolName: "", output: { type: "text", value: content } }],
      }
    const made = calls.map(({ id, function: { name, arguments: input } }) => ({
      type: "tool-call",
      toolCallId: id,
      toolName: name,
      input: JSON.parse(input),
    }))
    return { role, content: [...(content ? [text] : []), ...made] }
  })

const toolsOf = ({ tools = [] }) =>
  tools.map(({ function: { name, description, parameters } }) => ({
    type: "function",
    name,
    description,
    inputSchema: parameters,
  }))
