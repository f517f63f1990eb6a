import { expect, test } from "vitest"
import { openapi } from "../src/openapi.ts"
import { routes } from "../src/routes/routes.ts"
import { operationsOf, ours, published } from "./contract/documents.ts"
import { served } from "./served.ts"

interface Call {
  id: string
  parameters: string[]
  body: boolean
  answers: string[]
}

/** Calls of our own. */
const ADDITIONS: Record<string, Call & { reason: string }> = {
  "GET /config/explain": {
    id: "config.explain",
    parameters: ["query directory?", "query key", "query workspace?"],
    body: false,
    answers: ["200", "400"],
    reason: "`opencode config explain` goes through the API, as everything does",
  },
  "GET /config/issues": {
    id: "config.issues",
    parameters: ["query directory?", "query workspace?"],
    body: false,
    answers: ["200", "400"],
    reason: "what is wrong in the settings is told, and the rest starts",
  },
  "GET /config/tui": {
    id: "config.tui",
    parameters: ["query directory?", "query workspace?"],
    body: false,
    answers: ["200", "400"],
    reason: "screens are clients, and read the settings of theirs like everything else",
  },
  "GET /session/{sessionID}/export": {
    id: "session.export",
    parameters: ["path sessionID", "query directory?", "query sanitize?", "query workspace?"],
    body: false,
    answers: ["200", "400", "404"],
    reason: "`opencode export` goes through the API, as everything does",
  },
  "POST /session/import": {
    id: "session.import",
    parameters: ["query directory?", "query workspace?"],
    body: true,
    answers: ["200", "400"],
    reason: "`opencode import` goes through the API, as everything does",
  },
  "POST /global/import": {
    id: "global.import",
    parameters: [],
    body: true,
    answers: ["200", "400", "404", "503"],
    reason: "`opencode import --from` goes through the API, as everything does",
  },
  "GET /permission/saved": {
    id: "permission.saved",
    parameters: ["query directory?", "query workspace?"],
    body: false,
    answers: ["200", "400"],
    reason: "who approves something for good has to be able to see what it was",
  },
  "DELETE /permission/saved/{approvalID}": {
    id: "permission.forget",
    parameters: ["path approvalID", "query directory?", "query workspace?"],
    body: false,
    answers: ["200", "400", "404"],
    reason: "and to take it back",
  },
  "POST /permission/explain": {
    id: "permission.explain",
    parameters: ["query directory?", "query workspace?"],
    body: true,
    answers: ["200", "400", "404"],
    reason: "which rule decides about a call, and where it is written; the published document cannot be asked",
  },
  "GET /session/{sessionID}/usage": {
    id: "session.usage",
    parameters: ["path sessionID", "query directory?", "query workspace?"],
    body: false,
    answers: ["200", "400", "404"],
    reason: "what a session cost by request, with what is not known of it; the published document has sums only",
  },
  "GET /stats": {
    id: "stats.get",
    parameters: ["query days?", "query project?"],
    body: false,
    answers: ["200", "400"],
    reason: "`opencode stats` goes through the API, as everything does",
  },
  "GET /storage": {
    id: "storage.get",
    parameters: [],
    body: false,
    answers: ["200", "400"],
    reason: "what uses the disk can be looked at",
  },
  "POST /storage/clean": {
    id: "storage.clean",
    parameters: [],
    body: true,
    answers: ["200", "400"],
    reason: "and cleaned, without knowing which file is which",
  },
  "GET /find/session": {
    id: "find.sessions",
    parameters: ["query directory?", "query everywhere?", "query limit?", "query query", "query workspace?"],
    body: false,
    answers: ["200", "400"],
    reason: "the published search knows titles only",
  },
  "GET /session/{sessionID}/doctor": {
    id: "session.doctor",
    parameters: ["path sessionID", "query directory?", "query workspace?"],
    body: false,
    answers: ["200", "400", "404"],
    reason: "what is repaired in a conversation when it is sent can be looked at",
  },
  "GET /experimental/worktree/kept": {
    id: "worktree.kept",
    parameters: ["query directory?", "query workspace?"],
    body: false,
    answers: ["200", "400"],
    reason: "what was kept of a worktree can be found again",
  },
  "GET /trust": {
    id: "trust.list",
    parameters: ["query directory?", "query workspace?"],
    body: false,
    answers: ["200", "400"],
    reason: "what a project's settings would run or send is held back, and can be looked at",
  },
  "POST /trust": {
    id: "trust.approve",
    parameters: ["query directory?", "query workspace?"],
    body: true,
    answers: ["200", "400", "404"],
    reason: "the same, to be approved",
  },
  "DELETE /trust": {
    id: "trust.remove",
    parameters: ["query directory?", "query id?", "query workspace?"],
    body: false,
    answers: ["200", "400"],
    reason: "the same, to be taken back",
  },
}

const document = ours
const operations = operationsOf(document)

test.each(Object.entries(ADDITIONS))(
  "%s, a call of our own, is described as it is meant",
  (name, { reason, ...addition }) => {
    const operation = operations.get(name)
    expect(reason).not.toBe("")
    expect({
      id: operation?.operationId,
      parameters: (operation?.parameters ?? []).map((one) => `${one.in} ${one.name}${one.required ? "" : "?"}`).sort(),
      body: operation?.requestBody !== undefined,
      answers: Object.keys(operation?.responses ?? {}).sort(),
    }).toEqual(addition)
  },
)

test("every other call is a published one", () => {
  const others = [...operations.keys()].filter((name) => !(name in ADDITIONS))
  expect(others.filter((name) => !operationsOf(published).has(name))).toEqual([])
  expect(Object.keys(ADDITIONS).filter((name) => operationsOf(published).has(name))).toEqual([])
})

test("the body of an answer to a permission request takes `save`, a member of our own that nobody has to give", () => {
  const body = document.paths["/permission/{requestID}/reply"]?.["post"]?.requestBody
  const { properties, required } = body!.content["application/json"]!.schema
  expect(Object.keys(properties ?? {})).toEqual(["reply", "message", "save"])
  expect(required).toEqual(["reply"])
})

test("the document refers to nothing that it does not hold, and is the same each time", () => {
  const text = JSON.stringify(document)
  const named = Object.keys(document.components.schemas)
  for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) expect(named).toContain(name)
  expect(text).not.toContain("$defs")
  expect(text).toBe(JSON.stringify(openapi(routes)))
})

test("the server gives the document out", async () => {
  await using s = await served()
  const given: unknown = await (await s.fetch("/doc")).json()
  expect(given).toEqual(document)
  expect(document.openapi).toMatch(/^3\.1/)
})
