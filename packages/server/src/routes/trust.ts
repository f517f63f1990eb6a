import { inline } from "@opencode/protocol/schema.ts"
import { Trust, TrustChange } from "@opencode/protocol/trust.ts"
import { z } from "zod"
import { route } from "../route.ts"

const list = route(
  "GET",
  "/trust",
  {
    id: "trust.list",
    tags: ["trust"],
    summary: "List what needs trust",
    description: "What the settings of the folder would run, send or loosen, and whether somebody has approved it.",
    answers: "What needs trust",
    answer: Trust,
  },
  async ({ engine }) => (await engine()).trust.list(),
)

const approve = route(
  "POST",
  "/trust",
  {
    id: "trust.approve",
    tags: ["trust"],
    summary: "Approve what needs trust",
    description: "Approves definitions as they were listed, for good. One that has changed since is not found.",
    answers: "What needs trust",
    body: TrustChange,
    answer: Trust,
    errors: ["NotFoundError"],
  },
  async ({ engine, body }) => (await engine()).trust.approve(body.ids),
)

const remove = route(
  "DELETE",
  "/trust",
  {
    id: "trust.remove",
    tags: ["trust"],
    summary: "Take approvals back",
    description: "Takes back one approval of the folder, or all of them.",
    answers: "What needs trust",
    query: inline(() => z.object({ id: z.string().optional() })),
    answer: Trust,
  },
  async ({ engine, query }) => (await engine()).trust.remove(query.id),
)

export const trustRoutes = [list, approve, remove]
