// The scripted model in a process of its own, so that what it spends is nobody's. Its parent sends scripts, in the form
// of script files, and asks what was heard since.
import { modelServer } from "../packages/testing/src/model-server.ts"
import { parseScript } from "../packages/testing/src/script-file.ts"
import { says } from "../packages/testing/src/script.ts"

let replies = []
let isEach = false

const server = await modelServer({
  script: (request) => (isEach ? replies[answersIn(request) % replies.length] : replies.shift()),
  aside: (request) => (request.tools.length === 0 ? says("A measured session") : undefined),
})

process.on("message", ({ number, script, each, last }) => {
  if (last) return void process.send({ number, answer: server.requests.at(-1)?.body })
  if (script !== undefined) {
    replies = parseScript(JSON.stringify(script)).replies
    isEach = each === true
    // What was said before is of no use any more, and may be many megabytes.
    server.requests.length = 0
    server.unexpected.length = 0
  }
  process.send({ number, answer: script === undefined ? heard() : server.url })
})
process.on("disconnect", () => void server.close())
process.send({ number: 0, answer: server.url })

/** How many answers a conversation has had: where it stands in a script that each one plays for itself. */
const answersIn = ({ messages }) => messages.filter(({ role }) => role === "assistant").length

/** Of the requests with tools: those without are titles, which not every prompt asks for. */
function heard() {
  const requests = server.requests.filter((request) => request.tools.length > 0)
  return {
    requests: requests.length,
    bytes: requests.reduce((total, request) => total + request.bytes, 0),
    systemBytes: Buffer.byteLength(requests[0]?.system ?? ""),
    toolBytes: Buffer.byteLength(JSON.stringify(requests[0]?.body.tools ?? [])),
    unexpected: [...server.unexpected],
  }
}
