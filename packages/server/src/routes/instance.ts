import { Agent } from "@opencode/protocol/agent.ts"
import { Path } from "@opencode/protocol/project.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { z } from "zod"
import { route } from "../route.ts"

const agents = route(
  "GET",
  "/agent",
  {
    id: "app.agents",
    tags: ["instance"],
    summary: "List agents",
    description: "The agents of the folder with the rules that hold for them.",
    answers: "List of agents",
    answer: inline(() => z.array(Agent())),
  },
  async ({ engine }) => (await (await engine()).settings.fresh()).agents.list(),
)

const path = route(
  "GET",
  "/path",
  {
    id: "path.get",
    tags: ["instance"],
    summary: "Get paths",
    description: "Where the folder lies and where things are kept.",
    answers: "Path",
    answer: Path,
  },
  async ({ engine, server: { folders } }) => {
    const { worktree, directory } = (await engine()).workspace
    return { home: folders.home, state: folders.state, config: folders.config, worktree, directory }
  },
)

export const instanceRoutes = [agents, path]
