import { afterAll, beforeAll, expect, test } from "vitest"
import { LEFT_OUT, MISSING } from "./contract/absent-calls.ts"
import { operationsOf, published } from "./contract/documents.ts"
import { fits } from "./contract/fits.ts"
import { CASES, type Case } from "./conformance/cases.ts"
import { callable, createClient, methodsOf, type Method, type Sdk } from "./conformance/methods.ts"
import { faultsOf } from "./conformance/published-shape.ts"
import { scene, type Scene } from "./conformance/scene.ts"

// Every method of the published SDK, unmodified, against this server. What it answers is valid by the published document.

const all: { sdk: Sdk; method: Method }[] = []
for (const sdk of ["v1", "v2"] as const) for (const method of await methodsOf(sdk)) all.push({ sdk, method })

const isAbsent = (call: string): boolean =>
  call in MISSING || LEFT_OUT.some((one) => fits(call.split(" ")[1] ?? "", one.replaceAll(/:(\w+)/g, "{$1}")))
const present = all.filter(({ method }) => !isAbsent(method.call))

let s: Scene
beforeAll(async () => void (s = await scene()))
afterAll(() => s[Symbol.asyncDispose]())

test("the walk finds the methods of both versions", () => {
  const found = (sdk: Sdk): string[] => all.filter((one) => one.sdk === sdk).map(({ method }) => method.name)
  expect(found("v1")).toEqual(expect.arrayContaining(["session.prompt", "postSessionIdPermissionsPermissionId"]))
  expect(found("v2")).toEqual(expect.arrayContaining(["session.prompt", "experimental.session.list", "vcs.diff2.raw"]))
  expect(found("v1").length).toBeGreaterThan(80)
  expect(found("v2").length).toBeGreaterThan(180)
})

test("every call that is not on the shrinking list has a case, and every case a method that makes it", () => {
  const made = new Set(present.map(({ method }) => method.call))
  expect([...made].sort()).toEqual(Object.keys(CASES).sort())
})

test.each(present.map(({ sdk, method }) => [sdk, method.name, method.call] as const))(
  "%s %s works",
  async (sdk, name, call) => {
    const given = await CASES[call]!(s)
    const client = createClient[sdk]({ baseUrl: s.url })
    const answer = await callable(client, name)(...parametersOf(sdk, given))
    if (answer.stream) return expectEvents(answer.stream)
    const success = Object.keys(operationsOf(published).get(call)!.responses).find((status) => status < "300")
    expect({ status: answer.response?.status, error: given.status ? undefined : answer.error }).toEqual({
      status: given.status ?? Number(success),
      error: undefined,
    })
    if (!given.status) expect(faultsOf(call, answer.data)).toEqual([])
  },
)

/** As each version of the SDK takes it: v1 in three records, the id of what it is about as `id`; v2 in one. */
function parametersOf(sdk: Sdk, { path = {}, query = {}, body, bodyName, headers }: Case): unknown[] {
  const options = headers ? { headers } : {}
  if (sdk === "v2") return [{ ...path, ...query, ...(bodyName ? { [bodyName]: body } : (body as object)) }, options]
  const id = path.sessionID ?? path.ptyID ?? path.providerID
  return [
    { path: id === undefined ? path : { ...path, id }, query, ...(body === undefined ? {} : { body }), ...options },
  ]
}

async function expectEvents(stream: AsyncGenerator<unknown>): Promise<void> {
  const first = (await stream.next()).value as { type?: string; payload?: { type: string } }
  expect(first.payload?.type ?? first.type).toBe("server.connected")
  await stream.return(undefined)
}
