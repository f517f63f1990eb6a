import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { OpencodeClient as PublishedV1 } from "published-sdk/client"
import { OpencodeClient as PublishedV2 } from "published-sdk/v2/client"
import { afterAll, expect, test } from "vitest"
import { installed } from "./installed.ts"
import { methodsOf } from "./methods.ts"
import { DIFFERENCES } from "./type-differences.ts"

const sdk = installed()
afterAll(() => sdk[Symbol.dispose]())

const generated = (file: string) =>
  [...read(`../../../node_modules/published-sdk/dist/${file}`).matchAll(/^export type (\w+)/gm)].map(
    ([, name]) => name ?? "",
  )

const read = (path: string) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), "utf8")

/** Every type that a program can import, by where it imports it from. */
const TYPES: Record<string, string[]> = {
  client: [...generated("gen/types.gen.d.ts"), "OpencodeClientConfig"],
  server: ["ServerOptions", "TuiOptions"],
  "v2/client": [...generated("v2/gen/types.gen.d.ts"), "OpencodeClientConfig", "LocationFileSystemEntry"],
  "v2/server": ["ServerOptions", "TuiOptions"],
  "v2/gen/client": [
    "Auth",
    "QuerySerializerOptions",
    "Client",
    "ClientOptions",
    "Config",
    "CreateClientConfig",
    "Options",
    "RequestOptions",
    "RequestResult",
    "ResolvedRequestOptions",
    "ResponseStyle",
    "TDataShape",
  ],
}

/** Two for each: one holds when ours can be read as the published one, one when ours takes what was made for that. */
const both = (about: string, published: string, ours: string) => [
  { about: `reads ${about}`, claim: `Fits<${published}, ${ours}>` },
  { about: `accepts ${about}`, claim: `Fits<${ours}, ${published}>` },
]

const imports = Object.keys(TYPES).flatMap((entry, at) => [
  `import type * as Published${at} from "published-sdk/${entry}"`,
  `import type * as Ours${at} from "@opencode-ai/sdk/${entry}"`,
])

/** What sends a single call has the type of v2 here, and a program cannot make a client of v1 without the package. */
const ASKED_OF_V1 = `type AskedOfV1<Method extends (...args: never[]) => unknown> = {
  [Key in keyof Parameters<Method>]: Omit<NonNullable<Parameters<Method>[Key]>, "fetch" | "client">
}`.replaceAll("\n", " ")

/** Tells which claims the compiler refuses. */
function refused(claims: { about: string; claim: string }[]): string[] {
  const lines = [
    "type Fits<Wanted, Given extends Wanted> = [Wanted, Given]",
    ASKED_OF_V1,
    ...imports,
    ...claims.map(({ claim }, at) => `export type Claim${at} = ${claim}`),
  ]
  const first = lines.length - claims.length
  const said = sdk.compile({ "claims.ts": lines.join("\n") }, { skipLibCheck: true })
  const places = said.flatMap((line) => /^(\S+)\((\d+),/.exec(line)?.slice(1, 3).join(" ") ?? [])
  return [...new Set(places)].map(
    (place) => claims[Number(place.replace("claims.ts ", "")) - 1 - first]?.about ?? place,
  )
}

/** The explained differences whose claims begin with one of these words. */
const explained = (...begin: string[]) =>
  DIFFERENCES.flatMap(({ claims }) => claims)
    .filter((claim) => begin.some((word) => claim.startsWith(word)))
    .sort()

test("every type of the published package is here under its name, and each difference in its shape stands explained", () => {
  const claims = Object.entries(TYPES).flatMap(([entry, names], at) =>
    names.flatMap((name) => both(`${entry} ${name}`, `Published${at}.${name}`, `Ours${at}.${name}`)),
  )
  expect(claims.length).toBeGreaterThan(3000)
  expect(refused(claims).sort()).toEqual(explained("reads", "accepts"))
})

test.each([
  ["client", new PublishedV1()],
  ["v2/client", new PublishedV2()],
])("every method of the published %s takes the same and answers the same", (entry, client) => {
  const at = Object.keys(TYPES).indexOf(entry)
  const claims = methodsOf(client).flatMap((path) => {
    const way = path.map((name) => `["${name}"]`).join("")
    const [published, ours] = [`Published${at}.OpencodeClient${way}`, `Ours${at}.OpencodeClient${way}`]
    const name = `${entry} ${path.join(".")}`
    const asked = entry === "client" ? "AskedOfV1" : "Parameters"
    return [
      { about: `takes ${name}`, claim: `Fits<${asked}<${ours}>, ${asked}<${published}>>` },
      { about: `answers ${name}`, claim: `Fits<Awaited<ReturnType<${published}>>, Awaited<ReturnType<${ours}>>>` },
    ]
  })
  expect(claims.length).toBeGreaterThan(150)
  expect(refused(claims).sort()).toEqual(explained(`takes ${entry}`, `answers ${entry}`))
})
