import type { Config } from "@opencode/protocol/config.ts"
import type { TrustItem } from "@opencode/protocol/trust.ts"
import { canonicalPath } from "../workspace/canonical.ts"
import { trustItem } from "./held-item.ts"
import type { ConfigIssue } from "./issue.ts"
import type { Below, RulesBefore } from "./layers.ts"
import type { LoadOptions, ReadOptions } from "./load.ts"
import { hasKeyVariable } from "./local-provider.ts"
import { localFiles } from "./local-files.ts"
import { isPlain, projectLevels, type Source } from "./sources.ts"
import { settleUntrusted, type SettledItems } from "./untrusted.ts"

/** Why a file of a project is left out that is not in the project. */
export const LINK = "it is a link to something outside of this project, which is followed once you trust it"

/** With its line, as the issue about it tells it. */
export function withLine(item: TrustItem, place: readonly string[], issues: readonly ConfigIssue[]): TrustItem {
  const name = JSON.stringify(place)
  const line = issues.find(({ kind, path }) => kind === "held_back" && JSON.stringify(path) === name)?.line
  return line === undefined ? item : { ...item, line }
}

export async function linkItem(
  source: Source & { text: string },
  { folders, seen, budget }: ReadOptions,
): Promise<TrustItem | undefined> {
  const { file = "", level = "", leadsTo = "" } = source
  const within = await canonicalPath(level)
  const held = { kind: "link" as const, path: [], why: "reads", definition: leadsTo }
  const files = await localFiles(`{file:${leadsTo}}`, { bases: [within], within, home: folders.home, seen, budget })
  return trustItem(held, { file, folder: within }, files)
}

/** @returns what settles the text of a source of the project */
export async function untrustedText(
  source: Source,
  options: ReadOptions,
): Promise<(value: unknown) => Promise<SettledItems>> {
  const { env, folders, seen, merged, directory, trust, budget } = options
  const { file = "", level = directory } = source
  const input = {
    file,
    bound: await canonicalPath(level),
    within: await canonicalPath(projectLevels(options)[0] ?? level),
    directory,
    below: belowProject(options, merged),
    variables: { env, home: folders.home, folder: source.folder, seen, isPlain: isPlain(source) },
    budget,
    trust: trust ?? { allows: () => false },
  }
  return (value: unknown) => settleUntrusted(value, input)
}

function belowProject({ env, folders, defaults, hasCredential }: LoadOptions, config: Config): Below {
  return {
    config,
    defaults: defaults ?? USUAL_RULES,
    home: folders.home,
    hasCredential: hasCredential ?? ((id) => hasKeyVariable(env, id)),
  }
}

/** Stands in for the program's own rules where the caller gives none: what they ask about must stay asked about. */
const USUAL_RULES: RulesBefore = {
  base: [
    { permission: "*", pattern: "*", action: "allow" },
    { permission: "doom_loop", pattern: "*", action: "ask" },
    { permission: "external_directory", pattern: "*", action: "ask" },
    { permission: "private_address", pattern: "*", action: "ask" },
    { permission: "control_file", pattern: "*", action: "ask" },
    { permission: "read", pattern: "*.env", action: "ask" },
    { permission: "read", pattern: "*.env.*", action: "ask" },
  ],
  agents: {},
}
