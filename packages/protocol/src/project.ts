import { z } from "zod"
import { schema, type Infer } from "./schema.ts"

export const ProjectVcs = schema("ProjectVcs", () => z.literal("git"))

/** A folder with a history. The id is its root commit; folders without one share the project `global`. */
export const Project = schema("Project", () =>
  z.object({
    id: z.string(),
    worktree: z.string(),
    vcs: ProjectVcs().optional(),
    name: z.string().optional(),
    time: z.object({
      created: z.number().int().min(0),
      updated: z.number().int().min(0),
      initialized: z.number().int().min(0).optional(),
    }),
    sandboxes: z.array(z.string()),
  }),
)
export type Project = Infer<typeof Project>

export const Path = schema("Path", () =>
  z.object({
    home: z.string(),
    state: z.string(),
    config: z.string(),
    worktree: z.string(),
    directory: z.string(),
  }),
)
export type Path = Infer<typeof Path>
