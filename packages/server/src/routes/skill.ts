import { publicSkill } from "@opencode/core/extension/skill.ts"
import { Skill } from "@opencode/protocol/skill.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { z } from "zod"
import { route } from "../route.ts"

const list = route(
  "GET",
  "/skill",
  {
    id: "app.skills",
    tags: ["instance"],
    summary: "List skills",
    description: "The skills of the folder with their text, by their names.",
    answers: "List of skills",
    answer: inline(() => z.array(Skill())),
  },
  async ({ engine }) => {
    const { skills } = await (await engine()).settings.current().skills.list()
    return skills.map(publicSkill)
  },
)

export const skillRoutes = [list]
