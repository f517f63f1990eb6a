import { createOpencodeClient } from "@opencode-ai/sdk/v2/client.ts"
import { expect, test } from "vitest"
import { createFamily } from "../src/family.ts"
import type { OpenSession } from "../src/open-session.ts"

const PARENTS: Record<string, string | undefined> = { ses_child: "ses_parent", ses_parent: "ses_root" }

/** An API with these sessions. @param looking called with each that is looked up, before it is answered */
const api = (looking: (id: string) => void) =>
  createOpencodeClient({
    baseUrl: "http://sessions",
    async fetch(request: Request) {
      const id = new URL(request.url).pathname.split("/").at(-1)!
      looking(id)
      return Response.json({ id, parentID: PARENTS[id] })
    },
  })

const openSession = (id: string): OpenSession => ({ id }) as OpenSession

test("a subagent's session, at any depth, belongs to the one that the client has open; each is looked up once", async () => {
  const asked: string[] = []
  const open = new Map([["ses_root", openSession("ses_root")]])
  const family = createFamily(
    api((id) => void asked.push(id)),
    open,
  )
  expect(await family.rootOf("ses_child")).toBe(open.get("ses_root"))
  expect(await family.rootOf("ses_parent")).toBe(open.get("ses_root"))
  expect(await family.rootOf("ses_stranger")).toBeUndefined()
  expect(asked).toEqual(["ses_child", "ses_parent", "ses_stranger"])
})

test.each(["ses_stranger", "ses_child", "ses_root"])(
  "a session that is opened while %s is looked up is found",
  async (id) => {
    const open = new Map<string, OpenSession>()
    const family = createFamily(
      api(() => void open.set(id, openSession(id))),
      open,
    )
    expect(await family.rootOf(id)).toBe(open.get(id))
  },
)
