import { INSTALLERS } from "@opencode/core/process/installer.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { z } from "zod"
import { GlobalEvent } from "../event-schema.ts"
import type { ApiDocument } from "../reference/document.ts"
import { route, streamRoute } from "../route.ts"
import { openEventStream } from "../stream.ts"

const health = route(
  "GET",
  "/global/health",
  {
    id: "global.health",
    tags: ["global"],
    summary: "Get health",
    description: "Tells that the server answers, and its version.",
    answers: "Health information",
    answer: inline(() => z.object({ healthy: z.literal(true), version: z.string() })),
    isGlobal: true,
  },
  ({ server }) => ({ healthy: true as const, version: server.version }),
)

const event = streamRoute(
  "/global/event",
  {
    id: "global.event",
    tags: ["global"],
    summary: "Get global events",
    description: "Everything that happens in any folder, as server-sent events.",
    answers: "Event stream",
    answer: GlobalEvent,
    isGlobal: true,
  },
  async ({ server: { engines, bus, host, peers }, header }) => {
    const open = await engines.open()
    await peers.follow()
    return openEventStream({
      bus,
      host,
      after: header("last-event-id"),
      openParts: () => [
        ...open.flatMap(({ scope, sessions }) => sessions.openParts().map((part) => ({ scope, part }))),
        ...peers.openParts(),
      ],
      wrap({ scope, type }, json) {
        if (type === "global.disposed" || type === "project.updated") return `{"directory":"global","payload":${json}}`
        if (!scope) return `{"payload":${json}}`
        const directory = JSON.stringify(scope.directory)
        return `{"directory":${directory},"project":${JSON.stringify(scope.projectID)},"payload":${json}}`
      },
    })
  },
)

const doc = route(
  "GET",
  "/doc",
  {
    id: "doc",
    tags: ["global"],
    summary: "Get the OpenAPI document",
    answer: inline(() => z.record(z.string(), z.unknown())),
    isGlobal: true,
    isHidden: true,
  },
  async ({ server, header, setHeader }) => {
    const document = await server.document()
    setHeader("vary", "Accept")
    if (!wantsPage(header("accept"))) return document as Record<string, unknown>
    const { apiPage } = await import("../reference/page.ts")
    const { html, policy } = apiPage(document as ApiDocument, server.version)
    setHeader("content-security-policy", policy)
    setHeader("referrer-policy", "no-referrer")
    setHeader("content-type", "text/html; charset=utf-8")
    return new TextEncoder().encode(html)
  },
)

/** Browsers name `text/html` first. Programs that would take both mean the document. */
function wantsPage(accept = ""): boolean {
  const types = accept
    .toLowerCase()
    .split(",")
    .map((type) => type.split(";")[0]?.trim())
  const page = types.indexOf("text/html")
  const json = types.indexOf("application/json")
  return page >= 0 && (json < 0 || page < json)
}

/** With what semver.org says may be in one. */
const VERSION = /^(?:latest|v?\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)$/
const MAX_VERSION_CHARACTERS = 256

const upgrade = route(
  "POST",
  "/global/upgrade",
  {
    id: "global.upgrade",
    tags: ["global"],
    summary: "Upgrade opencode",
    description:
      "Has whoever installed this program install the given version, or `latest`, in its place. It counts from the next start on. What goes wrong is told as `success: false`, with status 400.",
    answers: "Upgrade result",
    body: inline(() =>
      z.object({
        target: z.string().max(MAX_VERSION_CHARACTERS).regex(VERSION, "Expected a semantic version"),
        method: z.enum(INSTALLERS).optional(),
      }),
    ),
    answer: inline(() =>
      z.union([
        z.object({ success: z.literal(true), version: z.string() }),
        z.object({ success: z.literal(false), error: z.string() }),
      ]),
    ),
    isGlobal: true,
  },
  async ({ body: { target, method }, server }) => ({
    success: true as const,
    version: await server.engines.upgrade.to(target, method),
  }),
)

export const globalRoutes = [health, event, doc, upgrade]
