import { VcsFileDiff, VcsFileStatus, VcsInfo } from "@opencode/protocol/file.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { z } from "zod"
import { route } from "../route.ts"

const tags = ["instance"]
/** Each asks git for every file of the worktree. */
const LOOKS_AT_ONCE = 4

const info = route(
  "GET",
  "/vcs",
  {
    id: "vcs.get",
    tags,
    summary: "Get VCS info",
    description: "The branch that is checked out, and the default one. Empty without git.",
    answers: "VCS info",
    answer: VcsInfo,
  },
  async ({ engine }) => (await engine()).vcs.info(),
)

const status = route(
  "GET",
  "/vcs/status",
  {
    id: "vcs.status",
    tags,
    summary: "Get VCS status",
    description: "Files of the folder with changes that are not committed, new ones included.",
    atOnce: LOOKS_AT_ONCE,
    answers: "VCS status",
    answer: inline(() => z.array(VcsFileStatus())),
  },
  async ({ engine }) => (await engine()).vcs.status(),
)

const diff = route(
  "GET",
  "/vcs/diff",
  {
    id: "vcs.diff",
    tags,
    summary: "Get VCS diff",
    description:
      "The same with patches; with `mode=branch` all that has changed since the branch left the default branch. A file whose patch is too long for the answer comes without.",
    atOnce: LOOKS_AT_ONCE,
    answers: "VCS diff",
    query: inline(() =>
      z.object({ mode: z.enum(["git", "branch"]), context: z.coerce.number().int().min(0).optional() }),
    ),
    answer: inline(() => z.array(VcsFileDiff())),
  },
  async ({ query: { mode, context }, engine }) => (await engine()).vcs.diff(mode, context),
)

const raw = route(
  "GET",
  "/vcs/diff/raw",
  {
    id: "vcs.diff.raw",
    tags,
    summary: "Get raw VCS diff",
    description: "One patch of all that is not committed.",
    atOnce: LOOKS_AT_ONCE,
    answers: "Raw VCS diff",
    contentType: "text/x-diff; charset=utf-8",
    answer: inline(() => z.string()),
  },
  async ({ engine }) => (await engine()).vcs.raw(),
)

const apply = route(
  "POST",
  "/vcs/apply",
  {
    id: "vcs.apply",
    tags,
    summary: "Apply VCS patch",
    description: "Applies a patch to the files of the worktree: all of it, or nothing.",
    answers: "VCS patch applied",
    body: inline(() => z.object({ patch: z.string() })),
    answer: inline(() => z.object({ applied: z.boolean() })),
    errors: ["VcsApplyError"],
  },
  async ({ body: { patch }, engine }) => {
    await (await engine()).vcs.apply(patch)
    return { applied: true }
  },
)

export const vcsRoutes = [info, status, diff, raw, apply]
