import type { PermissionAction } from "@opencode/protocol/permission.ts"
import type { PermissionExplainInput, PermissionExplanation } from "@opencode/protocol/permission-explanation.ts"
import { fault, isFault, ToolFailure } from "../lib/fault.ts"
import { didYouMean } from "../lib/text.ts"
import type { Ask } from "../permission/ask.ts"
import { explainAsk, type RuleSection } from "../permission/explain.ts"
import { isOffered } from "../permission/rules.ts"
import type { Store } from "../store/store.ts"
import type { Registry } from "../tool/registry.ts"
import { createSeenFiles } from "../tool/seen.ts"
import type { Tool, ToolContext } from "../tool/tool.ts"
import { fingerprint } from "../workspace/files.ts"
import type { Workspace } from "../workspace/workspace.ts"
import { boundBy } from "./bounds.ts"
import { unknownAccess } from "./call.ts"
import type { AgentSetting, TurnDeps } from "./turn.ts"

/** @throws fault `bad_request` for a tool or an input that cannot be, `agent_not_found`, `session_not_found` */
export type ExplainCall = (input: PermissionExplainInput) => Promise<PermissionExplanation>

export interface ExplainCallDeps {
  /** The tools as they are: nothing that is done here belongs into a recording. */
  registry: Registry
  agents: { get(name: string): AgentSetting | undefined; names(): string[]; default: string }
  store: Pick<Store, "children">
  session(sessionID: string): { agent?: string | undefined; permission?: RuleSection["rules"] | undefined }
  /** What the rules of an agent are made of. */
  sections(agent: string): Promise<RuleSection[]>
  approved(): RuleSection["rules"]
  saved(): RuleSection["rules"]
  context(): Promise<ExplainContext>
  /** The user's home folder, as rules name it. */
  home: string
}

type ExplainContext = Pick<TurnDeps, "workspace" | "environment" | "start" | "outputFolder"> &
  Pick<ToolContext, "limits" | "shell">

/** What would become of a call, and why: its own preparation and the gate's own rules, without asking anybody. */
export function createExplainCall(deps: ExplainCallDeps): ExplainCall {
  return async ({ tool: name, input, agent, sessionID }) => {
    const session = sessionID === undefined ? undefined : deps.session(sessionID)
    const setting = settingOf(agent ?? session?.agent ?? deps.agents.default, sessionID, deps)
    const { tool, given } = callOf(name, input, deps.registry)
    const { asks, refusal } = await prepare(tool, given, { setting, sessionID, deps })
    const rules = session?.permission ?? []
    const sources = {
      rulesets: [setting.agent.permission, rules],
      sections: [
        ...(await deps.sections(setting.agent.name)),
        { source: "session" as const, what: "a rule of the session", rules },
      ],
      ceiling: {
        source: "ceiling" as const,
        what: `the ceiling of the agent ${setting.agent.name}, or of who started it, which nothing lifts`,
        rules: setting.ceiling,
      },
      approvals: [
        { source: "saved" as const, what: "approved for this project", rules: deps.saved() },
        { source: "approved" as const, what: "approved in this process", rules: deps.approved() },
      ],
      home: deps.home,
    }
    const explained = asks.map((ask) => explainAsk(ask, sources))
    return {
      tool: deps.registry.get(name)?.name ?? tool.name,
      agent: setting.agent.name,
      action: refusal === undefined ? strictestOf(explained.map(({ action }) => action)) : "deny",
      offered: isOffered(tool.permission, sources.rulesets.flat(), setting.ceiling),
      ...(refusal === undefined ? {} : { refusal }),
      asks: explained,
    }
  }
}

const strictestOf = (actions: PermissionAction[]): PermissionAction =>
  actions.includes("deny") ? "deny" : actions.includes("ask") ? "ask" : "allow"

function settingOf(name: string, sessionID: string | undefined, { agents, store }: ExplainCallDeps): AgentSetting {
  const bounds = sessionID === undefined ? undefined : store.children.latest(sessionID)?.bounds
  const setting = boundBy(agents.get(name), bounds)
  if (setting) return setting
  throw fault("agent_not_found", `There is no agent "${name}".${didYouMean(name, agents.names())}`)
}

/** The argument that a bare text stands for. A path to change is taken as a file to be written anew. */
const MAIN: Record<string, string> = {
  bash: "command",
  read: "filePath",
  write: "filePath",
  glob: "pattern",
  grep: "pattern",
  webfetch: "url",
  skill: "name",
}

function callOf(
  name: string,
  input: PermissionExplainInput["input"],
  registry: Registry,
): { tool: Tool; given: unknown } {
  const isPath = typeof input === "string" && (name === "edit" || name === "write")
  const tool = registry.get(isPath ? "write" : name)
  if (!tool || tool.name === "invalid") throw fault("bad_request", registry.unknown(name))
  const { input: given, problem } = registry.validate(
    tool,
    typeof input === "string" ? argumentsOf(tool, input) : input,
  )
  if (problem !== undefined) throw fault("bad_request", problem)
  return { tool, given }
}

function argumentsOf({ name }: Tool, text: string): Record<string, unknown> {
  const main = MAIN[name]
  if (name === "task") return { description: "-", prompt: "-", subagent_type: text }
  if (main === undefined) throw fault("bad_request", `The tool ${name} takes its input as a JSON object.`)
  return { [main]: text, ...(name === "write" ? { content: "" } : {}) }
}

async function prepare(
  tool: Tool,
  given: unknown,
  around: { setting: AgentSetting; sessionID: string | undefined; deps: ExplainCallDeps },
): Promise<{ asks: Ask[]; refusal?: string }> {
  try {
    const { asks } = await tool.prepare(given, await contextOf(given, around))
    return { asks: asks === "unknown" ? [unknownAccess(tool, given as Record<string, unknown>)] : asks }
  } catch (error) {
    if (!(error instanceof ToolFailure || isFault(error))) throw error
    return { asks: [], refusal: error.message }
  }
}

/** Looking is all that is done with it. */
async function contextOf(
  given: unknown,
  { setting, sessionID = "ses_explained", deps }: Parameters<typeof prepare>[2],
): Promise<ToolContext> {
  const never = async (): Promise<never> => {
    throw new Error("A call that is explained is not run.")
  }
  const context = await deps.context()
  return {
    ...context,
    sessionID,
    messageID: "msg_explained",
    callID: "explained",
    agent: setting.agent.name,
    // No subagent is started, so it needs none that there is.
    model: { providerID: "", modelID: "" },
    readOnly: setting.readOnly,
    seen: await asIfRead(given, context.workspace),
    signal: new AbortController().signal,
    progress: () => {},
    todos: { get: () => [], set: never },
    ask: never,
    mayRead: () => true,
    instructionsNear: async () => [],
    journal: { changing: never },
    now: () => 0,
    id: () => "tool_explained",
  }
}

/** Whether a file has been read decides about writing it, and nothing about permission. */
async function asIfRead(given: unknown, { paths }: Workspace): Promise<ToolContext["seen"]> {
  const seen = createSeenFiles()
  const filePath = given && typeof given === "object" && "filePath" in given ? given.filePath : undefined
  if (typeof filePath !== "string") return seen
  const { real } = await paths.resolve(filePath)
  try {
    seen.set(real, await fingerprint(real))
  } catch {
    // there is none yet, or none that can be read: the preparation says what is to be said
  }
  return seen
}
