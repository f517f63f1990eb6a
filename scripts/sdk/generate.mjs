// Writes the generated half of the SDK: types and calls of both generations, which share one way to send a request.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createClient } from "@hey-api/openapi-ts"
import { documentOfV1, documentOfV2, operations } from "./document.mjs"
import { withOptionalBodies } from "./optional-bodies.mjs"

/** Where `folder` is `src`: `gen` is v1, `v2/gen` is v2 and the sending of requests. */
export async function generateSdk({ folder, temp, ours, contract, contractOfV1 }) {
  const places = { v1: join(folder, "gen"), v2: join(folder, "v2/gen") }
  for (const place of Object.values(places)) mkdirSync(place, { recursive: true })
  await generate({ document: documentOfV2(ours, contract), place: places.v2, temp, calls: { paramsStructure: "flat" } })
  await generate({ document: documentOfV1(ours, contractOfV1), place: places.v1, temp, calls: {} })
  for (const name of ["client", "core"]) rmSync(join(places.v1, name), { recursive: true })
  rmSync(join(places.v2, "core/serverSentEvents.gen.ts"))
  rewrite(places.v1, [
    [/'\.\/client\//g, "'../v2/gen/client/"],
    // Plugins reach for the client under the name that it has in v1.
    [/\bthis\.client\b/g, "this._client"],
    [/protected client: Client/g, "protected _client: Client"],
  ])
  const calls = join(places.v2, "sdk.gen.ts")
  writeFileSync(
    calls,
    withOptionalBodies(
      readFileSync(calls, "utf8"),
      operations(contract).map(({ operation }) => operation.operationId),
    ),
  )
  rewrite(places.v2, [
    [/'\.\.\/core\/serverSentEvents\.gen\.ts'/g, "'../../../event-stream.ts'"],
    [/\| 'sseMaxRetryDelay'/g, "| 'sseMaxRetryDelay' | 'sseMaxSilence' | 'sseReconnectAtEnd'"],
    // A stream gives events and returns nothing: what went wrong is thrown or told to `onSseError`.
    [/ServerSentEventsResult<TData, TError>/g, "ServerSentEventsResult<TData>"],
  ])
}

async function generate({ document, place, temp, calls }) {
  const input = join(temp, "sdk.json")
  const path = join(temp, "sdk")
  writeFileSync(input, JSON.stringify(document))
  await createClient({
    input,
    output: { path, clean: true, importFileExtension: ".ts" },
    logs: { level: "silent" },
    plugins: [
      { name: "@hey-api/typescript", exportFromIndex: false },
      {
        name: "@hey-api/sdk",
        exportFromIndex: false,
        auth: false,
        operations: { strategy: "single", containerName: "OpencodeClient", methods: "instance" },
        ...calls,
      },
      { name: "@hey-api/client-fetch", exportFromIndex: false, baseUrl: "http://localhost:4096" },
    ],
  })
  rmSync(place, { recursive: true })
  renameSync(path, place)
}

function rewrite(place, changes) {
  for (const entry of readdirSync(place, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    const text = readFileSync(file, "utf8")
    const changed = changes.reduce((sum, [from, to]) => sum.replace(from, to), text)
    if (changed !== text) writeFileSync(file, changed)
  }
}
