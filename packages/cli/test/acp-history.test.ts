import { join } from "node:path"
import { writeFileSync } from "node:fs"
import { PassThrough } from "node:stream"
import { serveAcp } from "@opencode/acp/agent.ts"
import { calls, says, script } from "@opencode/testing/script.ts"
import { createOpencodeClient } from "@opencode-ai/sdk/v2/client.ts"
import { expect, test } from "vitest"
import { textIn } from "./acp-told.ts"
import { modelScript } from "./shared.ts"

/** A fetch that keeps answers back once it is told to, when they are whole. */
function slowReading() {
  const state = { isHeld: false, heldCount: 0 }
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return {
    state,
    open,
    async fetch(request: Request): Promise<Response> {
      const answer = await fetch(request)
      if (!state.isHeld || !/\/session\/[^/]+\/message$/.test(new URL(request.url).pathname)) return answer
      const body = await answer.arrayBuffer()
      state.heldCount++
      await opened
      return new Response(body, answer)
    },
  }
}

test("what happens in a session while its history is read is told after it", async () => {
  const waiting = "until [ -e go ]; do sleep 0.05; done; echo over"
  await using at = await modelScript(script(calls("bash", { command: waiting }), says("done")), {
    config: { permission: { bash: "allow" } },
  })
  const { url } = await at.serve()
  const owner = createOpencodeClient({ baseUrl: url, directory: at.project })
  const { data: session } = await owner.session.create({ directory: at.project })
  const turn = owner.session.prompt({
    sessionID: session!.id,
    directory: at.project,
    parts: [{ type: "text", text: "go" }],
  })
  await expect
    .poll(async () => JSON.stringify((await owner.session.messages({ sessionID: session!.id })).data))
    .toContain('"status":"running"')

  const reading = slowReading()
  const input = new PassThrough()
  const said: { id?: number; params?: { update: Record<string, unknown> } }[] = []
  const served = serveAcp({
    input,
    send: (line) => void said.push(JSON.parse(line) as (typeof said)[number]),
    open: async () => createOpencodeClient({ baseUrl: url, fetch: reading.fetch }),
    note: () => {},
    version: "1.20.0",
  })
  reading.state.isHeld = true
  const params = { sessionId: session!.id, cwd: at.project, mcpServers: [] }
  input.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "session/load", params })}\n`)
  await expect.poll(() => reading.state.heldCount).toBe(1)
  writeFileSync(join(at.project, "go"), "")
  await turn
  reading.open()
  await expect.poll(() => said.some(({ id }) => id === 1)).toBe(true)
  const updates = () => said.flatMap(({ params: about }) => (about?.update ? [about.update] : []))
  await expect.poll(() => textIn(updates())).toBe("done")
  const states = updates().flatMap(({ status }) => (status ? [status] : []))
  expect(states).toEqual(["pending", "in_progress", "completed"])
  input.end()
  await served
})
