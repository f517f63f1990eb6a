// The scripted model server as a program: `model-server <script.json> [--port <number>]`. Ends on SIGINT and SIGTERM.
import { readFile } from "node:fs/promises"
import { parseArgs } from "node:util"
import { modelServer } from "./model-server.ts"
import { parseScript } from "./script-file.ts"
import { says } from "./script.ts"

const USAGE = "usage: model-server <script.json> [--port <number>]"

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { port: { type: "string" } } })
  const [path] = positionals
  if (path === undefined || positionals.length > 1) throw new Error(USAGE)
  const port = Number(values.port ?? 0)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`A port is a number up to 65535. ${USAGE}`)

  const { replies, repeat, title } = parseScript(await readFile(path, "utf8"))
  const server = await modelServer({
    script: replies,
    repeat,
    port,
    aside: (request) => (title !== undefined && request.tools.length === 0 ? says(title) : undefined),
  })
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.close())
  process.stdout.write(`model server listening on ${server.url}\n`)
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
})
