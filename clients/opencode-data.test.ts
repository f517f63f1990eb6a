import { createOpencodeClient } from "@opencode-ai/sdk/v2/client.ts"
import { installation } from "@opencode/testing/command.ts"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { expect, test } from "vitest"
import { findPublished } from "../bench/published.mjs"
import { workOf } from "./opencode-work.ts"

/** OpenCode takes seconds for each prompt where other tests run beside it. */
const WORK_MS = 400_000

test(
  "what the published OpenCode just did in a folder is here as it tells of it itself, without having closed its database",
  { timeout: WORK_MS },
  async () => {
    const published = findPublished()
    if (published.path === undefined) throw new Error(published.why)
    using folder = tempFolder("opencode-work")
    const { sessions, messages } = await workOf(published.path, folder)
    expect(sessions).toHaveLength(9)

    await using ours = installation()
    const imported = await ours.run(["import", "--from", "opencode", folder.join("theirs"), "--format", "json"])
    expect(imported).toMatchObject({ code: 0, stderr: "" })
    const report = JSON.parse(imported.stdout) as { sessions: { state: string; problems?: string[] }[] }
    expect(report).toMatchObject({
      found: sessions.length,
      problems: [],
      credentials: { added: ["example"], kept: [] },
    })
    expect(report.sessions.filter(({ state, problems }) => state !== "added" || problems)).toEqual([])

    const { url } = await ours.serve()
    const client = createOpencodeClient({ baseUrl: url })
    for (const { project: _project, revert, ...session } of sessions) {
      const { data } = await client.session.get({ sessionID: session.id })
      expect({ ...data, revert: undefined, undo: undefined }).toEqual(session)
      expect(data?.revert === undefined).toBe(revert === undefined)
      expect((await client.session.messages({ sessionID: session.id })).data).toEqual(messages.get(session.id))
    }
  },
)
