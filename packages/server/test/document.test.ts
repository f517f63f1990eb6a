import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { openapi } from "../src/openapi.ts"
import { routes } from "../src/routes/routes.ts"
import { served } from "./served.ts"

interface Operation {
  operationId: string
  parameters: { name: string; in: string; required: boolean }[]
  requestBody?: object
  responses: Record<string, object>
}
interface Document {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object> }
}
interface Call {
  id: string
  parameters: string[]
  body: boolean
  answers: string[]
}

/** Calls of OpenCode 1.18.33 as its own document lists them. */
const contract = JSON.parse(readFileSync(new URL("contract.json", import.meta.url), "utf8")) as Record<string, Call>

/** Where we differ on purpose. */
const DIFFERENCES: Record<string, { answers: string[]; reason: string }> = {
  "GET /event": { answers: ["200", "400"], reason: "a folder that does not exist is told, not watched in vain" },
  "GET /session/{sessionID}/diff": {
    answers: ["200", "400", "404"],
    reason: "a session or message that does not exist must not look like one that changed nothing",
  },
  "POST /session/{sessionID}/abort": {
    answers: ["200", "400", "404"],
    reason: "an abort that reached nothing must not look like one that did",
  },
  "DELETE /session/{sessionID}/message/{messageID}/part/{partID}": {
    answers: ["200", "400", "404", "409"],
    reason: "a part is not taken from under a running turn, as a message is not",
  },
  "PATCH /session/{sessionID}/message/{messageID}/part/{partID}": {
    answers: ["200", "400", "404", "409"],
    reason: "a part is not changed under a running turn",
  },
  "POST /experimental/session/{sessionID}/background": {
    answers: ["200", "400", "404"],
    reason: "a session that does not exist must not look like one that waits for nothing",
  },
  "GET /pty/{ptyID}/connect": {
    answers: ["200", "400", "403", "404"],
    reason: "a request that is no websocket, or whose id cannot be one, is told so",
  },
  "POST /session/{sessionID}/share": {
    answers: ["200", "400", "404", "503"],
    reason: "a share host that does not answer is a failure of its own, and is told in a sentence",
  },
  "DELETE /session/{sessionID}/share": {
    answers: ["200", "400", "404", "503"],
    reason: "a share host that does not answer is a failure of its own, and is told in a sentence",
  },
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

const document = openapi(routes) as Document
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
)

test.each(operations)("%s is described as published", (name, operation) => {
  const described: Call = {
    id: operation.operationId,
    parameters: operation.parameters.map((one) => `${one.in} ${one.name}${one.required ? "" : "?"}`).sort(),
    body: operation.requestBody !== undefined,
    answers: Object.keys(operation.responses).sort(),
  }
  const { reason: _, ...addition } = ADDITIONS[name] ?? { reason: "" }
  const difference = DIFFERENCES[name] && { answers: DIFFERENCES[name].answers }
  expect(described).toEqual({ ...contract[name], ...addition, ...difference })
})

test("every difference that is listed is one", () => {
  const names = operations.map(([name]) => name)
  for (const [name, { answers }] of Object.entries(DIFFERENCES)) {
    expect(names).toContain(name)
    expect(contract[name]?.answers).not.toEqual(answers)
  }
  for (const name of Object.keys(ADDITIONS)) {
    expect(names).toContain(name)
    expect(contract).not.toHaveProperty([name])
  }
})

/** Members that the published shapes do not have. A client of OpenCode may leave them out and need not know them. */
const OWN_MEMBERS: [schema: string, member: string, reason: string][] = [
  ["AssistantMessage", "endReason", "why the turn is over, on its last message"],
  ["SessionStatus", "reason", "the same, when the session is idle"],
  ["Session", "undo", "what the last revert or unrevert made of each file"],
]

test.each(OWN_MEMBERS)("%s has the member %s of our own, and nobody has to give it", (name, member) => {
  const schema = document.components.schemas[name] as Shape
  const shapes = [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].filter(
    ({ properties }) => properties?.[member],
  )
  expect(shapes).toHaveLength(1)
  expect(shapes[0]?.required).not.toContain(member)
})

/** Members that the published shapes have, none of them required, and that we have nothing true to fill with. */
const ABSENT_MEMBERS: [schema: string, path: string[], reason: string][] = [
  ["FileContent", ["diff"], "what has changed is told by `/vcs/diff`"],
  ["FileContent", ["patch"], "what has changed is told by `/vcs/diff`"],
  ["Model", ["cost", "tiers"], "one step of price, above 200,000 tokens, is known: `experimentalOver200K`"],
  ["SessionStatus", ["action"], "nobody has to do anything about a wait; `message` tells its reason"],
  ["ServiceUnavailableError", ["service"], "`message` says what is not available"],
]

test.each(ABSENT_MEMBERS)("%s is without the published %j", (name, path) => {
  const schema = document.components.schemas[name] as Shape
  const inside = (shapes: Shape[], member: string): Shape[] =>
    shapes.flatMap(({ properties }) => (properties?.[member] ? [properties[member] as Shape] : []))
  const shapes = [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
  const owners = path.slice(0, -1).reduce(inside, shapes)
  expect(owners.some(({ properties }) => properties)).toBe(true)
  expect(inside(owners, path.at(-1) ?? "")).toEqual([])
})

interface Shape {
  properties?: Record<string, object>
  required?: string[]
  anyOf?: Shape[]
  oneOf?: Shape[]
}

test("the body of an answer to a permission request takes `save`, a member of our own that nobody has to give", () => {
  const body = document.paths["/permission/{requestID}/reply"]?.["post"]?.requestBody as {
    content: Record<string, { schema: Shape }>
  }
  const { properties, required } = body.content["application/json"]!.schema
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
  expect(given).toEqual(JSON.parse(JSON.stringify(document)))
  expect(document.openapi).toMatch(/^3\.1/)
})
