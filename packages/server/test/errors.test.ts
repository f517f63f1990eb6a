import { fault, type FaultCode } from "@opencode/core/lib/fault.ts"
import { silentLog } from "@opencode/core/lib/log.ts"
import { expect, test } from "vitest"
import { errorAnswer } from "../src/errors.ts"
import { dataOf, served } from "./served.ts"

const missing = (path: string) => ({
  name: "BadRequest",
  data: { message: `Missing key\n  at ${path}`, kind: "Payload" },
})
const badRequest = (kind: string) => ({ name: "BadRequest", data: { kind } })

test("what cannot be done is told in the contract's shapes", async () => {
  await using s = await served()
  const { id } = await dataOf(s.v2.session.create())
  const text = { type: "text", text: "hi" }
  const table: [method: string, path: string, body: string | undefined, status: number, answer: object][] = [
    ["GET", "/nowhere", undefined, 404, { name: "NotFoundError" }],
    ["PUT", "/session", "{}", 404, { name: "NotFoundError" }],
    [
      "GET",
      "/session/ses_nope",
      undefined,
      404,
      { name: "NotFoundError", data: { message: "Session not found: ses_nope" } },
    ],
    ["DELETE", "/session/ses_nope", undefined, 404, { name: "NotFoundError" }],
    ["PATCH", "/session/ses_nope", "{}", 404, { name: "NotFoundError" }],
    ["POST", "/session/ses_nope/abort", undefined, 404, { name: "NotFoundError" }],
    ["POST", "/session/ses_nope/message", JSON.stringify({ parts: [text] }), 404, { name: "NotFoundError" }],
    ["POST", "/session/ses_nope/prompt_async", JSON.stringify({ parts: [text] }), 404, { name: "NotFoundError" }],
    ["GET", `/session/${id}/message/msg_nope`, undefined, 404, { data: { message: "Message not found: msg_nope" } }],
    ["GET", `/session/${id}/message?limit=1&before=msg_nope`, undefined, 404, { name: "NotFoundError" }],
    ["GET", "/session/nope", undefined, 400, badRequest("Params")],
    ["GET", "/session/%E0%A4%A", undefined, 400, badRequest("Params")],
    ["GET", `/session/${id}/message/nope`, undefined, 400, badRequest("Params")],
    ["GET", "/session?roots=1", undefined, 400, badRequest("Query")],
    ["GET", "/session?limit=abc", undefined, 400, badRequest("Query")],
    ["GET", "/path?directory=%00", undefined, 400, badRequest("Query")],
    ["GET", "/path?directory=/does/not/exist", undefined, 400, { name: "BadRequest" }],
    ["POST", "/session", `{"title":5}`, 400, badRequest("Payload")],
    ["POST", "/session", `{"title"`, 400, badRequest("Body")],
    ["POST", `/session/${id}/message`, "{}", 400, missing(`["parts"]`)],
    ["POST", `/session/${id}/message`, undefined, 400, badRequest("Payload")],
    ["POST", `/session/${id}/message`, `{"parts":[{"type":"text"}]}`, 400, missing(`["parts"][0]["text"]`)],
    ["POST", `/session/${id}/message`, `{"parts":[{"type":"nope"}]}`, 400, badRequest("Payload")],
    ["POST", `/session/${id}/message`, JSON.stringify({ parts: [text], agent: "biuld" }), 400, { name: "BadRequest" }],
    [
      "POST",
      `/session/${id}/message`,
      JSON.stringify({ parts: [text], model: { providerID: "mock", modelID: "larg" } }),
      400,
      { name: "BadRequest" },
    ],
    [
      "POST",
      "/permission/per_nope/reply",
      `{"reply":"once"}`,
      404,
      { _tag: "PermissionNotFoundError", requestID: "per_nope", message: "Permission request not found: per_nope" },
    ],
    ["POST", `/session/${id}/permissions/per_nope`, `{"response":"once"}`, 404, { _tag: "PermissionNotFoundError" }],
    ["POST", "/permission/per_nope/reply", `{}`, 400, badRequest("Payload")],
    ["POST", "/permission/per_nope/reply", `{"reply":"maybe"}`, 400, badRequest("Payload")],
  ]
  for (const [method, path, body, status, answer] of table) {
    const sent = body === undefined ? {} : { headers: { "content-type": "application/json" }, body }
    const response = await s.fetch(path, { method, ...sent })
    const given: unknown = await response.json()
    expect({ path, body, status: response.status, given }).toMatchObject({ path, body, status, given: answer })
    expect(response.headers.get("content-type")).toBe("application/json")
  }
  expect(s.world.model.requests).toHaveLength(0)
})

test("members that nobody knows are left out, not refused", async () => {
  await using s = await served()
  const response = await s.post("/session", { title: "a", reasoning_effort: "high" })
  expect(response.status).toBe(200)
  expect(await response.json()).not.toHaveProperty("reasoning_effort")
})

test("a member that is null counts as left out, and one that is needed is then missing", async () => {
  await using s = await served()
  const { id } = await dataOf(s.v2.session.create())
  const path = `/session/${id}/message`
  const text = { type: "text", text: "hi", id: null, synthetic: null }
  const empty = { messageID: null, model: null, agent: null, tools: null, system: null, variant: null, format: null }
  const prompt = await s.post(path, { ...empty, noReply: true, parts: [text] })
  expect({ status: prompt.status, given: await prompt.json() }).toMatchObject({
    status: 200,
    given: { parts: [{ text: "hi" }] },
  })
  const auth = await s.fetch("/auth/mock", {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ type: "api", key: "k", metadata: null }),
  })
  expect(auth.status).toBe(200)
  for (const parts of [null, [{ type: "text", text: null }], [null]]) {
    const refused = await s.post(path, { noReply: true, parts })
    expect({ parts, status: refused.status }).toEqual({ parts, status: 400 })
  }
  const missed = await s.post(path, { parts: null })
  expect(await missed.json()).toEqual(missing(`["parts"]`))
})

test("what is wrong with one of several forms is told of the form that was meant", async () => {
  await using s = await served()
  const { id } = await dataOf(s.v2.session.create())
  const answer = await s.post(`/session/${id}/permissions/per_nope`, { response: "maybe" })
  expect(await answer.text()).toContain(String.raw`[\"response\"]`)
  const auth = await s.fetch("/auth/mock", {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ type: "key", key: "k" }),
  })
  const { data } = (await auth.json()) as { data: { message: string } }
  expect(data.message).toBe(`Invalid option: expected one of "oauth"|"api"|"wellknown"\n  at ["type"]`)
})

test("a name that is nearly right is answered with the right one", async () => {
  await using s = await served()
  const { id } = await dataOf(s.v2.session.create())
  const response = await s.post(`/session/${id}/prompt_async`, {
    agent: "biuld",
    parts: [{ type: "text", text: "hi" }],
  })
  expect(response.status).toBe(400)
  expect(await response.text()).toContain("Did you mean build?")
})

const STATUS: [code: FaultCode, status: number, body: object][] = [
  ["busy", 409, { _tag: "SessionBusyError", sessionID: "ses_1", message: "Sentence." }],
  ["conflict", 409, { _tag: "ConflictError" }],
  ["unavailable", 503, { _tag: "ServiceUnavailableError", message: "Sentence." }],
  ["limit", 503, { _tag: "ServiceUnavailableError" }],
  ["too_large", 413, { name: "BadRequest" }],
  ["storage", 500, { name: "UnknownError", data: { message: "Sentence." } }],
  ["provider_auth", 400, { name: "BadRequest", data: { message: "Sentence." } }],
  ["config_invalid", 400, { name: "BadRequest" }],
]
const told = { host: { id: () => "err_1" }, log: silentLog }

test.each(STATUS)("the fault %s is answered with %i", (code, status, body) => {
  expect(errorAnswer(fault(code, "Sentence.", { sessionID: "ses_1" }), told)).toMatchObject({ status, body })
})

test("a full disk is told apart from a broken one", () => {
  const full = Object.assign(new Error("no"), { errcode: 13 })
  expect(errorAnswer(fault("storage", "Full.", {}, full), told).status).toBe(507)
  expect(
    errorAnswer(fault("storage", "Full.", {}, Object.assign(new Error("no"), { code: "ENOSPC" })), told).status,
  ).toBe(507)
})

test("of a bug the client gets a reference, and the log the stack", () => {
  const lines: unknown[] = []
  const log = { ...silentLog, error: (_: string, facts?: Record<string, unknown>) => void lines.push(facts) }
  const bug = new Error("secret detail")
  expect(errorAnswer(bug, { ...told, log })).toEqual({
    status: 500,
    body: {
      name: "UnknownError",
      data: { message: "Unexpected server error. Check server logs for details.", ref: "err_1" },
    },
  })
  expect(lines).toEqual([{ ref: "err_1", error: bug }])
})
