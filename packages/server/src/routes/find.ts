import { forClients } from "@opencode/core/workspace/asked-path.ts"
import { FoundText } from "@opencode/protocol/file.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { z } from "zod"
import { route } from "../route.ts"

/** Longer patterns are nobody's, and take long to compile. */
const MAX_PATTERN = 1_000
/** What a screen shows of one search. */
const MAX_MATCHES = 100
/** Each is a process that reads the whole project, on all processors. */
const SEARCHES_AT_ONCE = 4
const DEFAULT_FILES = 10
const MAX_FILES = 200

const text = route(
  "GET",
  "/find",
  {
    id: "find.text",
    tags: ["file"],
    summary: "Find text",
    description: `Lines that fit a regular expression, of the newest files first, at most ${MAX_MATCHES}.`,
    answers: "Matches",
    atOnce: SEARCHES_AT_ONCE,
    query: inline(() => z.object({ pattern: z.string().max(MAX_PATTERN) })),
    answer: inline(() => z.array(FoundText())),
  },
  async ({ query: { pattern }, engine, signal }) => {
    const { search, directory } = (await engine()).workspace
    return forClients(() => search.find({ cwd: directory, pattern, limit: MAX_MATCHES, signal: signal() }))
  },
)

const files = route(
  "GET",
  "/find/file",
  {
    id: "find.files",
    tags: ["file"],
    summary: "Find files",
    description: `Files and folders of which the path has these letters in this order, or fits a glob (with * or ?). \`type\` wins over \`dirs\`; ${DEFAULT_FILES} unless \`limit\` says otherwise.`,
    answers: "File paths",
    query: inline(() =>
      z.object({
        query: z.string().max(MAX_PATTERN),
        dirs: z.enum(["true", "false"]).optional(),
        type: z.enum(["file", "directory"]).optional(),
        limit: z.coerce.number().int().min(1).max(MAX_FILES).optional(),
      }),
    ),
    answer: inline(() => z.array(z.string())),
  },
  async ({ query: { query, dirs, type, limit = DEFAULT_FILES }, engine }) =>
    (await engine()).finder.find({ query, limit, kind: type ?? (dirs === "false" ? "file" : "any") }),
)

export const findRoutes = [text, files]
