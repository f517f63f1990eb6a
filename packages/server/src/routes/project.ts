import { Project, ProjectChange, ProjectChangeGiven, ProjectDirectories } from "@opencode/protocol/project.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { z } from "zod"
import { route } from "../route.ts"

const params = inline(() => z.object({ projectID: z.string() }))

const list = route(
  "GET",
  "/project",
  {
    id: "project.list",
    tags: ["project"],
    summary: "List all projects",
    description: "All projects that were ever opened, newest first.",
    answers: "List of projects",
    answer: inline(() => z.array(Project())),
  },
  ({ server }) => server.engines.projects.list(),
)

const current = route(
  "GET",
  "/project/current",
  {
    id: "project.current",
    tags: ["project"],
    summary: "Get current project",
    description: "The project that the folder belongs to.",
    answers: "Current project information",
    answer: Project,
  },
  async ({ engine, server }) => {
    const { project } = await engine()
    return server.engines.projects.get(project.id) ?? project
  },
)

const initGit = route(
  "POST",
  "/project/git/init",
  {
    id: "project.initGit",
    tags: ["project"],
    summary: "Initialize git repository",
    description: "Makes a git repository of the folder, unless it is in one.",
    answers: "Project information after git initialization",
    answer: Project,
  },
  ({ place, server }) => server.engines.projects.initGit(place.directory),
)

const update = route(
  "PATCH",
  "/project/:projectID",
  {
    id: "project.update",
    tags: ["project"],
    summary: "Update project",
    description: "Changes what is given of name, icon and commands.",
    answers: "Updated project information",
    params,
    body: ProjectChangeGiven,
    shownBody: ProjectChange,
    answer: Project,
    errors: ["ProjectNotFoundError"],
  },
  ({ params: { projectID }, body, server }) => server.engines.projects.change(projectID, body),
)

const directories = route(
  "GET",
  "/project/:projectID/directories",
  {
    id: "project.directories",
    tags: ["project"],
    summary: "List project directories",
    description: "The folders in which the project was opened; none of a project that is not known.",
    answers: "Project directories",
    params,
    answer: ProjectDirectories,
  },
  ({ params: { projectID }, server }) => server.engines.projects.directories(projectID),
)

export const projectRoutes = [list, current, initGit, update, directories]
