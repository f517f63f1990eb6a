import { Project } from "@opencode/protocol/project.ts"
import { route } from "../route.ts"

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
  async ({ engine }) => (await engine()).project,
)

export const projectRoutes = [current]
