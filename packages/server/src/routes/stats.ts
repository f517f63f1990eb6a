import { inline } from "@opencode/protocol/schema.ts"
import { Stats } from "@opencode/protocol/stats.ts"
import { z } from "zod"
import { route } from "../route.ts"

/** A century: beyond it a number is a mistake. */
const MAX_DAYS = 36_500

const stats = route(
  "GET",
  "/stats",
  {
    id: "stats.get",
    tags: ["stats"],
    summary: "Get statistics",
    description:
      "What sessions took, in sum and by model and tool: of all projects, or of `project`. `days` counts the last so many days, 0 is today. What a fork copied is not counted again.",
    answers: "Statistics",
    query: inline(() =>
      z.object({ days: z.coerce.number().int().min(0).max(MAX_DAYS).optional(), project: z.string().optional() }),
    ),
    answer: Stats,
    isGlobal: true,
  },
  async ({ query: { days, project }, server: { engines }, signal }) =>
    engines.stats({ days, projectID: project, signal: signal() }),
)

export const statsRoutes = [stats]
