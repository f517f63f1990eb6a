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
    const { skills } = await (await engine()).skills.list()
    return skills.map(({ name, description, location, content }) => ({
      name,
      ...(description === undefined ? {} : { description }),
      location,
      content,
    }))
  },
)

export const skillRoutes = [list]
