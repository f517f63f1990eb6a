import { inline } from "@opencode/protocol/schema.ts"
import {
  KeptWork,
  Worktree,
  WorktreeCreateInput,
  WorktreeRemoveInput,
  WorktreeResetInput,
} from "@opencode/protocol/worktree.ts"
import { z } from "zod"
import { route } from "../route.ts"

const tags = ["experimental"]
/** Names what was kept of a worktree, for `git log` and `git branch`. */
const KEPT = "x-opencode-kept"

const list = route(
  "GET",
  "/experimental/worktree",
  {
    id: "worktree.list",
    tags,
    summary: "List worktrees",
    description: "The folders of the project's further working trees. Empty without git.",
    answers: "List of worktree directories",
    answer: inline(() => z.array(z.string()).describe("List of worktree directories")),
    errors: ["WorktreeError"],
  },
  ({ place, server }) => server.engines.worktrees.list(place.directory),
)

const create = route(
  "POST",
  "/experimental/worktree",
  {
    id: "worktree.create",
    tags,
    summary: "Create worktree",
    description:
      "Makes a working tree with a branch of its own. Answers when folder and branch are there; its files follow, and then `worktree.ready` or `worktree.failed`. The start command of the project runs in it, then the one that is given.",
    answers: "Worktree created",
    body: WorktreeCreateInput,
    isBodyOptional: true,
    answer: Worktree,
    errors: ["WorktreeError"],
  },
  ({ body, place, server }) => server.engines.worktrees.create(place.directory, body),
)

const remove = route(
  "DELETE",
  "/experimental/worktree",
  {
    id: "worktree.remove",
    tags,
    summary: "Remove worktree",
    description:
      "Removes a working tree that was made here, and its branch. What is in it and nowhere else is kept in the repository; the header `x-opencode-kept` names it.",
    answers: "Worktree removed",
    body: WorktreeRemoveInput,
    answer: inline(() => z.boolean().describe("Worktree removed")),
    errors: ["WorktreeError"],
  },
  async ({ body: { directory }, place, server, setHeader }) => {
    const kept = await server.engines.worktrees.remove(place.directory, directory)
    if (kept) setHeader(KEPT, kept)
    return true
  },
)

const reset = route(
  "POST",
  "/experimental/worktree/reset",
  {
    id: "worktree.reset",
    tags,
    summary: "Reset worktree",
    description:
      "Puts the branch of a working tree that was made here where the default branch is, and runs the start command of the project. What would be lost is kept, as with removal; files that git ignores stay.",
    answers: "Worktree reset",
    body: WorktreeResetInput,
    answer: inline(() => z.boolean().describe("Worktree reset")),
    errors: ["WorktreeError"],
  },
  async ({ body: { directory }, place, server, setHeader }) => {
    const kept = await server.engines.worktrees.reset(place.directory, directory)
    if (kept) setHeader(KEPT, kept)
    return true
  },
)

const kept = route(
  "GET",
  "/experimental/worktree/kept",
  {
    id: "worktree.kept",
    tags,
    summary: "List kept work",
    description:
      "What removed and reset worktrees of the project held and nothing else did, newest first: commits in the repository, each under a name of git.",
    answers: "What is kept",
    answer: inline(() => z.array(KeptWork()).describe("What is kept")),
  },
  ({ place, server }) => server.engines.worktrees.kept(place.directory),
)

export const worktreeRoutes = [list, create, remove, reset, kept]
