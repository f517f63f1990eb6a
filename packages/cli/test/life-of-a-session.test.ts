import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { installation } from "@opencode/testing/command.ts"
import { createOpencodeClient } from "published-sdk/v2"
import { expect, test } from "vitest"
import { dataOf } from "../src/door.ts"
import { calls, modelScript, says } from "./shared.ts"

/** The same words, whatever the ids are. */
const told = (messages: { info: { role: string }; parts: { type: string }[] }[]): unknown[] =>
  messages.map(({ info, parts }) => [
    info.role,
    parts.map((part) => {
      const { id: _id, sessionID: _session, messageID: _message, ...rest } = part as unknown as Record<string, unknown>
      return rest
    }),
  ])

test("a session is killed inside a tool, goes on in another process, is forked, reverted, unreverted, and moves house", async () => {
  await using at = await modelScript(
    ({ messages }) => {
      const prompts = messages.filter((message) => message.role === "user")
      const asked = prompts.at(-1)?.text ?? ""
      const isAnswered = messages.at(-1)?.role === "tool"
      if (isAnswered) return says(`Done: ${asked}`)
      if (asked.includes("wait for")) return calls("bash", { command: "touch begun; sleep 30" })
      if (asked.includes("change")) return calls("edit", { filePath: "a.txt", oldString: "one", newString: "two" })
      return says("Fine.")
    },
    { files: { "a.txt": "one\n" }, config: { permission: "allow" } },
  )
  const text = (said: string) => ({ parts: [{ type: "text" as const, text: said }] })
  const connect = (baseUrl: string) => createOpencodeClient({ baseUrl, directory: at.project })

  const first = await at.serve()
  const before = connect(first.url)
  const session = dataOf(await before.session.create({}))
  const sessionID = session.id
  await before.session.promptAsync({ sessionID, ...text("wait for it") })
  await expect.poll(() => existsSync(join(at.project, "begun"))).toBe(true)
  first.child.kill("SIGKILL")
  await first.finished

  const second = await at.serve()
  const client = connect(second.url)
  const interrupted = dataOf(await client.session.messages({ sessionID }))
  expect(interrupted.at(-1)?.info).toMatchObject({ error: { name: "MessageAbortedError" } })
  const answer = dataOf(await client.session.prompt({ sessionID, ...text("now change it") }))
  expect(answer.info).toMatchObject({ finish: "stop" })
  expect(readFileSync(join(at.project, "a.txt"), "utf8")).toBe("two\n")

  const fork = dataOf(await client.session.fork({ sessionID }))
  const original = dataOf(await client.session.messages({ sessionID }))
  const copied = dataOf(await client.session.messages({ sessionID: fork.id }))
  expect(told(copied)).toEqual(told(original))

  const change = original.findLast(({ info }) => info.role === "user")
  const reverted = dataOf(await client.session.revert({ sessionID, messageID: change?.info.id ?? "" }))
  expect(reverted.revert).toMatchObject({ messageID: change?.info.id })
  expect(readFileSync(join(at.project, "a.txt"), "utf8")).toBe("one\n")
  const unreverted = dataOf(await client.session.unrevert({ sessionID }))
  expect(unreverted.revert).toBeUndefined()
  expect(readFileSync(join(at.project, "a.txt"), "utf8")).toBe("two\n")

  const exported = await at.run(["export", sessionID])
  expect(exported.code).toBe(0)
  await using elsewhere = installation({ config: { share: "disabled" } })
  const file = elsewhere.folder.join("session.json")
  writeFileSync(file, exported.stdout)
  const imported = await elsewhere.run(["import", file])
  expect(imported).toMatchObject({ code: 0, stdout: expect.stringContaining(sessionID) })
  const again = await elsewhere.run(["export", sessionID])
  const messagesOf = ({ stdout }: { stdout: string }) => (JSON.parse(stdout) as { messages: typeof original }).messages
  expect(messagesOf(again)).toEqual(messagesOf(exported))
  expect(messagesOf(again)).toEqual(original)
}, 60_000)
