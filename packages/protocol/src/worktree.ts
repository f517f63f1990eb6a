import { z } from "zod"
import { schema, type Infer } from "./schema.ts"

/** Of what a person calls it; the folder and the branch are named by the words in it. */
const MAX_NAME_CHARACTERS = 1_000
/** A script that is longer belongs into a file. */
const MAX_COMMAND_CHARACTERS = 10_000
/** Systems do not take longer paths. */
const MAX_PATH_CHARACTERS = 4_096

/** A second working tree of the same repository, with a branch of its own. */
export const Worktree = schema("Worktree", () =>
  z.object({ name: z.string(), branch: z.string().optional(), directory: z.string() }),
)
export type Worktree = Infer<typeof Worktree>

export const WorktreeCreateInput = schema("WorktreeCreateInput", () =>
  z.object({
    name: z.string().max(MAX_NAME_CHARACTERS).optional(),
    startCommand: z
      .string()
      .max(MAX_COMMAND_CHARACTERS)
      .optional()
      .describe("Additional startup script to run after the project's start command"),
  }),
)
export type WorktreeCreateInput = Infer<typeof WorktreeCreateInput>

export const WorktreeRemoveInput = schema("WorktreeRemoveInput", () =>
  z.object({ directory: z.string().max(MAX_PATH_CHARACTERS) }),
)

export const WorktreeResetInput = schema("WorktreeResetInput", () =>
  z.object({ directory: z.string().max(MAX_PATH_CHARACTERS) }),
)

/** What a removed or reset worktree held and nothing else did: a commit in the repository, under a name of git. */
export const KeptWork = schema("KeptWork", () =>
  z.object({
    /** Of the worktree. */
    name: z.string(),
    ref: z.string(),
    commit: z.string(),
    /** When it was kept: milliseconds since the epoch. */
    time: z.number(),
  }),
)
export type KeptWork = Infer<typeof KeptWork>

/** What can go wrong with one. */
export const WORKTREE_ERRORS = [
  "WorktreeNotGitError",
  "WorktreeNameGenerationFailedError",
  "WorktreeCreateFailedError",
  "WorktreeStartCommandFailedError",
  "WorktreeRemoveFailedError",
  "WorktreeResetFailedError",
  "WorktreeListFailedError",
] as const
export type WorktreeErrorName = (typeof WORKTREE_ERRORS)[number]
