import { LogEntry } from "@opencode/protocol/log.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { z } from "zod"
import { route } from "../route.ts"

const write = route(
  "POST",
  "/log",
  {
    id: "app.log",
    tags: ["control"],
    summary: "Write log",
    description: "Adds a line to the server's log.",
    answers: "Log entry written successfully",
    body: LogEntry,
    answer: inline(() => z.boolean()),
  },
  ({ body: { service, level, message, extra }, server }) => {
    server.log.child(service)[level](message, extra === undefined ? {} : { extra })
    return true
  },
)

export const logRoutes = [write]
