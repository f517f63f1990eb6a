import { z } from "zod"
import { inline, schema, type Infer } from "./schema.ts"

export const ProjectVcs = schema("ProjectVcs", () => z.literal("git"))

/** A picture may come as a data URL; the row of a project is read whole with each list of projects. */
const MAX_ICON_CHARACTERS = 100_000
const MAX_NAME_CHARACTERS = 1_000
/** A script that is longer belongs into a file. */
const MAX_COMMAND_CHARACTERS = 10_000

export const ProjectIcon = schema("ProjectIcon", () =>
  z.object({
    url: z.string().max(MAX_ICON_CHARACTERS).optional(),
    override: z.string().max(MAX_ICON_CHARACTERS).optional(),
    color: z.string().max(MAX_NAME_CHARACTERS).optional(),
  }),
)

export const ProjectCommands = schema("ProjectCommands", () =>
  z.object({
    start: z.string().max(MAX_COMMAND_CHARACTERS).optional(),
  }),
)

/** What a person can say of a project. */
const said = () => ({
  name: z.string().max(MAX_NAME_CHARACTERS).optional(),
  icon: ProjectIcon().optional(),
  commands: ProjectCommands().optional(),
})

/** A folder with a history. The id is its root commit; folders without one share the project `global`. */
export const Project = schema("Project", () =>
  z.object({
    id: z.string(),
    worktree: z.string(),
    vcs: ProjectVcs().optional(),
    ...said(),
    time: z.object({
      created: z.number().int().min(0),
      updated: z.number().int().min(0),
      initialized: z.number().int().min(0).optional(),
    }),
    sandboxes: z.array(z.string()),
  }),
)
export type Project = Infer<typeof Project>

export const ProjectChange = inline(() => z.object(said()))
export type ProjectChange = Infer<typeof ProjectChange>

/** As clients send it: some say null of what stays as it is. */
export const ProjectChangeGiven = inline(() =>
  z.preprocess(
    (given) =>
      typeof given === "object" && given !== null && !Array.isArray(given)
        ? Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
        : given,
    ProjectChange(),
  ),
)

export const ProjectDirectories = schema("ProjectDirectories", () =>
  z.array(z.object({ directory: z.string(), strategy: z.string().optional() })),
)
export type ProjectDirectories = Infer<typeof ProjectDirectories>

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
