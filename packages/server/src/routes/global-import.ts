import { ImportInput, ImportReport } from "@opencode/protocol/intake.ts"
import { slowJsonSource } from "../json-source.ts"
import { route } from "../route.ts"

const taken = route(
  "POST",
  "/global/import",
  {
    id: "global.import",
    tags: ["global"],
    summary: "Import from another program",
    description:
      "Takes over the sessions, projects and credentials that another program left on the machine of the server: those of OpenCode 1.x from its data folder, those of Claude Code and Codex from their transcripts. Nothing there is changed. What was taken over before is skipped, and what went on there since is added. The answer is sent a session at a time, each on a line of its own; who closes the connection ends the import, which the next one goes on with.",
    answers: "What became of each session",
    body: ImportInput,
    answer: ImportReport,
    errors: ["NotFoundError", "ServiceUnavailableError"],
    isGlobal: true,
  },
  async ({ body, server }) => {
    const { report, abort } = await server.engines.intake.start(body)
    return slowJsonSource(report, abort)
  },
)

export const globalImportRoutes = [taken]
