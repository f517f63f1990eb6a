import { inline } from "@opencode/protocol/schema.ts"
import { z } from "zod"
import { route } from "../route.ts"

const instance = route(
  "POST",
  "/instance/dispose",
  {
    id: "instance.dispose",
    tags: ["instance"],
    summary: "Dispose instance",
    description:
      "Reads the settings of the folder again, and has clients do so. Running turns keep those they began with.",
    answers: "Instance disposed",
    answer: inline(() => z.boolean()),
  },
  async ({ engine, server }) => {
    const { scope, settings } = await engine()
    const before = settings.current()
    // A new generation has told the clients already.
    if ((await settings.reload()) !== before) return true
    const properties = { directory: scope.directory }
    server.bus.publish(scope, { type: "server.instance.disposed", properties })
    return true
  },
)

const all = route(
  "POST",
  "/global/dispose",
  {
    id: "global.dispose",
    tags: ["global"],
    summary: "Dispose instance",
    description: "Reads the settings of every open folder again, and has clients do so.",
    answers: "Global disposed",
    answer: inline(() => z.boolean()),
    isGlobal: true,
  },
  async ({ server }) => {
    await Promise.all((await server.engines.open()).map(({ settings }) => settings.reload()))
    server.bus.publish(undefined, { type: "global.disposed", properties: {} })
    return true
  },
)

export const disposeRoutes = [instance, all]
