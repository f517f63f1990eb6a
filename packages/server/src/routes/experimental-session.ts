import { inline } from "@opencode/protocol/schema.ts"
import { GlobalSession } from "@opencode/protocol/session.ts"
import { z } from "zod"
import { queryBoolean } from "../query.ts"
import { route } from "../route.ts"

/** As many as a list on a screen has any use for. */
const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1_000

const list = route(
  "GET",
  "/experimental/session",
  {
    id: "experimental.session.list",
    tags: ["experimental"],
    summary: "List sessions",
    description:
      "The sessions of all projects, newest updated first. A `directory` in the query narrows them to that folder. Archived ones only with `archived`. The header `x-next-cursor` is the `cursor` of the next page.",
    answers: "List of sessions",
    query: inline(() =>
      z.object({
        roots: queryBoolean().optional(),
        start: z.coerce.number().optional(),
        /** Only those updated before this moment. */
        cursor: z.coerce.number().optional(),
        search: z.string().optional(),
        limit: z.coerce.number().int().min(1).max(MAX_LIMIT).optional(),
        archived: queryBoolean().optional(),
      }),
    ),
    answer: inline(() => z.array(GlobalSession())),
  },
  async ({ query: { cursor, archived, limit = DEFAULT_LIMIT, ...filter }, place, engine, setHeader }) => {
    const { listEverywhere, workspace } = await engine()
    const found = listEverywhere({
      ...filter,
      ...(place.isExplicit ? { directory: workspace.directory } : {}),
      // `?cursor=` is what programs write that have none yet.
      ...(cursor ? { before: cursor } : {}),
      ...(archived ? {} : { unarchived: true }),
      limit: limit + 1,
    })
    const shown = found.slice(0, limit)
    const oldest = shown.at(-1)
    if (found.length > limit && oldest) setHeader("x-next-cursor", String(oldest.time.updated))
    return shown
  },
)

export const experimentalSessionRoutes = [list]
