import { relative } from "node:path"
import type { Session, SessionCreate } from "@opencode/protocol/session.ts"
import { noTokens } from "@opencode/protocol/tokens.ts"
import type { Host } from "../lib/host.ts"
import type { Workspace } from "../workspace/workspace.ts"
import { requireAgent, type AdmitDeps } from "./admit.ts"
import { slug } from "./slug.ts"
import { defaultTitle } from "./title.ts"

export interface NewSessionDeps {
  host: Pick<Host, "now" | "lane">
  workspace: Pick<Workspace, "projectID" | "directory" | "worktree">
  agents: AdmitDeps["agents"]
  models: AdmitDeps["models"]
  version: string
}

/** A session of which nothing was said yet. Nothing is stored. @throws fault `agent_not_found`, `model_not_found` */
export function newSession(
  input: SessionCreate,
  { host, workspace, agents, models, version }: NewSessionDeps,
): Session {
  const { parentID, agent, metadata, permission, workspaceID } = input
  if (agent !== undefined) requireAgent(agent, agents)
  const model = input.model && settled(input.model, models)
  const created = host.now()
  const own = host.lane(`sessions ${parentID ?? ""}`)
  return {
    id: own.id("ses"),
    slug: slug(own.random),
    projectID: workspace.projectID,
    directory: workspace.directory,
    path: relative(workspace.worktree, workspace.directory),
    cost: 0,
    tokens: noTokens(),
    title: input.title ?? defaultTitle(created, parentID !== undefined),
    version,
    time: { created, updated: created },
    ...(parentID === undefined ? {} : { parentID }),
    ...(agent === undefined ? {} : { agent }),
    ...(model ? { model } : {}),
    ...(metadata ? { metadata } : {}),
    ...(permission ? { permission } : {}),
    ...(workspaceID === undefined ? {} : { workspaceID }),
  }
}

/** The model as it is stored: what a name such as `model#variant` means is decided when it is given. */
function settled(
  given: NonNullable<SessionCreate["model"]>,
  models: AdmitDeps["models"],
): NonNullable<Session["model"]> {
  const { providerID, modelID, variant } = models.settle(
    { providerID: given.providerID, modelID: given.id },
    given.variant,
  )
  return { providerID, id: modelID, ...(variant === undefined ? {} : { variant }) }
}
