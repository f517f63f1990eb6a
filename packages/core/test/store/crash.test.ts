import { expect, test } from "vitest"
import { program, session, temporaryFolder } from "./world.ts"

const writesForEver = `
  import path from "node:path"
  import { createHost } from "core/lib/host.ts"
  import { openStore } from "core/store/store.ts"
  const [folder, round] = process.argv.slice(2)
  const store = await openStore({ folder, host: createHost() })
  const sessionID = "ses_a"
  for (let n = 0; ; n++) {
    const id = "msg_" + round + "_" + n
    const part = { id: "prt_" + round + "_" + n, sessionID, messageID: id, type: "text", text: "x".repeat(n % 20 === 0 ? 100_000 : 500) }
    await store.write((tx) => {
      store.messages.put(tx, { id, sessionID, role: "user", time: { created: n } })
      store.parts.put(tx, part)
    })
    await store.write((tx) => store.parts.appendTail(tx, part.id, "tail"), { durability: "process" })
    process.stdout.write(id + "\\n")
  }
`

test("kill -9 in the middle of writes loses nothing that was acknowledged", { timeout: 60_000 }, async () => {
  await using folder = await temporaryFolder()
  const store = await folder.open()
  await store.write((tx) => store.sessions.insert(tx, session("a")))
  await store.close()
  const start = await program(folder, writesForEver)

  const acknowledged: string[] = []
  for (const round of [1, 2, 3, 4]) {
    const child = start(`${folder.path}/data`, String(round))
    for (let n = 0; n < 30 * round; n++) {
      const line = await child.line()
      expect(line, child.errors()).toBeDefined()
      if (line !== undefined) acknowledged.push(line)
    }
    await child.kill()
    for (let line = await child.line(); line !== undefined; line = await child.line()) acknowledged.push(line)
  }

  const after = await folder.open()
  expect(after.integrityCheck()).toEqual([])
  const stored = new Map(after.messages.list("ses_a").map((one) => [one.info.id, one.parts]))
  for (const id of acknowledged) {
    const [part, ...others] = stored.get(id) ?? []
    expect(others).toEqual([])
    expect(part).toMatchObject({ type: "text", text: expect.stringMatching(/^x+tail$/) })
  }
  for (const [id, parts] of stored) expect(parts, id).toHaveLength(1)
})

test("two processes write to one folder at once and both keep everything", async () => {
  await using folder = await temporaryFolder()
  const store = await folder.open()
  await store.write((tx) => store.sessions.insert(tx, session("a")))
  const start = await program(folder, writesForEver)
  const children = ["left", "right"].map((name) => start(`${folder.path}/data`, name))
  const lines = await Promise.all(
    children.map(async (child) => {
      const own: (string | undefined)[] = []
      for (let n = 0; n < 60; n++) own.push(await child.line())
      await child.kill()
      return own
    }),
  )
  for (const line of lines.flat()) expect(store.messages.get(line ?? "nothing")).toBeDefined()
  expect(store.integrityCheck()).toEqual([])
})
