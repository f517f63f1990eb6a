import { ApprovalID } from "@opencode/protocol/id.ts"
import { SavedApproval } from "@opencode/protocol/permission.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { z } from "zod"
import { route } from "../route.ts"

const list = route(
  "GET",
  "/permission/saved",
  {
    id: "permission.saved",
    tags: ["permission"],
    summary: "List saved approvals",
    description: "What was approved for good in the project of the folder, oldest first.",
    answers: "List of saved approvals",
    answer: inline(() => z.array(SavedApproval())),
  },
  async ({ engine }) => (await engine()).approvals.list(),
)

const remove = route(
  "DELETE",
  "/permission/saved/:approvalID",
  {
    id: "permission.forget",
    tags: ["permission"],
    summary: "Remove a saved approval",
    description: "From now on it is asked again, in every process.",
    answers: "Approval removed",
    params: inline(() => z.object({ approvalID: ApprovalID() })),
    answer: inline(() => z.boolean()),
    errors: ["NotFoundError"],
  },
  async ({ params: { approvalID }, engine }) => {
    await (await engine()).approvals.remove(approvalID)
    return true
  },
)

export const savedApprovalRoutes = [list, remove]
