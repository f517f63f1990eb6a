import { readFileSync } from "node:fs"
import { events } from "@opencode/protocol/event.ts"
import { expect, test } from "vitest"
import { openapi } from "../src/openapi.ts"
import { routes } from "../src/routes/routes.ts"

const guide = readFileSync(new URL("../../../docs/guide/server.md", import.meta.url), "utf8").replaceAll(
  /^```[^]*?^```$/gm,
  "",
)
const section = (title: string): string => {
  const found = guide.split(/^## /m).find((text) => text.startsWith(title))
  if (!found) throw new Error(`The guide has no section "${title}".`)
  return found
}
const spans = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, span]) => span ?? "")

/** `GET`, `PATCH /a/b` are two routes. */
function described(): Set<string> {
  const rows = section("Routes")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
  const names = rows.flatMap((row) => {
    let methods: string[] = []
    return spans(row.split(" | ")[0] ?? "").flatMap((span) => {
      const [method = "", path] = span.split(" ")
      if (path === undefined && /^[A-Z]+$/.test(method)) {
        methods.push(method)
        return []
      }
      const all = [...methods, method]
      if (path !== undefined) methods = []
      return path === undefined ? [`GET ${method}`] : all.map((one) => `${one} ${path}`)
    })
  })
  return new Set(names)
}

test("the guide names every route and no other", () => {
  const paths = (openapi(routes) as { paths: Record<string, object> }).paths
  const ours = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(
      (method) => `${method.toUpperCase()} ${path.replace("{sessionID}", ":id").replaceAll(/\{(\w+)\}/g, ":$1")}`,
    ),
  )
  expect([...described()].sort()).toEqual(ours.sort())
})

test("the guide tells of every event that clients can hear", () => {
  const told = spans(section("Events"))
  expect(Object.keys(events).filter((type) => !told.includes(type))).toEqual([])
})
