// What it costs to send a body to the model and read its answer, and nothing else: the least that any prompt of that size
// can cost. The parent sends the model's address and a body of so many messages; the answer is CPU per request, in ms.
import { Agent, request } from "node:http"

/** The first ones warm the code up. */
const WARM = 10
const ROUNDS = 20

const agent = new Agent({ keepAlive: true })

process.on("message", async ({ url, body }) => {
  for (let n = 0; n < WARM; n++) await post(url, body)
  const before = process.cpuUsage()
  for (let n = 0; n < ROUNDS; n++) await post(url, body)
  const { user, system } = process.cpuUsage(before)
  process.send((user + system) / 1_000 / ROUNDS)
})

function post(url, body) {
  const text = JSON.stringify(body)
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) }
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/v1/chat/completions`, { method: "POST", headers, agent }, (answer) => {
      answer.on("error", reject).on("end", resolve)
      if (answer.statusCode !== 200) reject(new Error(`The model answered ${answer.statusCode}.`))
      answer.resume()
    })
    sent.on("error", reject).end(text)
  })
}
