import { calls, callsMany, says } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { dataOf, served } from "./served.ts"

test("the published SDKs list the subagents of a session, and answer what one of them asks", async () => {
  await using s = await served({
    permission: { bash: "ask" },
    model: ({ messages }) => {
      const isChild = messages.some(({ text }) => text === "make it")
      const hasResult = messages.some(({ toolResults }) => toolResults.length > 0)
      if (isChild) return hasResult ? says("made") : calls("bash", { command: "touch made" })
      const input = { description: "make it", prompt: "make it", subagent_type: "general" }
      return hasResult ? says("done") : callsMany([{ name: "task", input }])
    },
  })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  expect(await dataOf(s.v2.session.children({ sessionID }))).toEqual([])
  const turn = s.v2.session.prompt({ sessionID, parts: [{ type: "text", text: "go" }] })
  await s.world.asked("bash")

  const [child] = await dataOf(s.v2.session.children({ sessionID }))
  expect(child).toMatchObject({ parentID: sessionID, title: "make it (@general subagent)" })
  expect(await dataOf(s.v1.session.children({ path: { id: sessionID } }))).toEqual([child])
  expect(Object.keys(await dataOf(s.v2.session.status())).sort()).toEqual([sessionID, child?.id].sort())
  const [question] = await dataOf(s.v2.permission.list())
  expect(question).toMatchObject({ sessionID: child?.id, permission: "bash" })
  await dataOf(s.v2.permission.reply({ requestID: question?.id ?? "", reply: "once" }))

  expect((await dataOf(turn)).info).toMatchObject({ endReason: "stop" })
  expect(s.world.files()).toEqual(["made"])
  expect((await dataOf(s.v2.session.list({ roots: true }))).map(({ id }) => id)).toEqual([sessionID])
  expect((await s.v2.session.children({ sessionID: "ses_none" })).error).toMatchObject({ name: "NotFoundError" })
})
