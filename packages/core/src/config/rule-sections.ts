import type { RuleSection } from "../permission/explain.ts"
import { placedRules } from "../permission/rules.ts"
import { dotted } from "./issue.ts"
import type { RulesBefore } from "./layers.ts"
import { agentOf, type WrittenRules } from "./written-rules.ts"

/**
 * The rules of an agent by where they come from, in the order in which `resolveAgents` puts them together. Layers stand
 * apart here that are merged there.
 */
export async function ruleSections(
  agent: string,
  { defaults, written }: { defaults: RulesBefore; written: readonly WrittenRules[] },
): Promise<RuleSection[]> {
  const own = defaults.agents[agent]?.rules ?? []
  return [
    { source: "built-in", what: "built in", rules: defaults.base },
    { source: "agent", what: `built in for the agent ${agent}`, rules: own },
    ...(await Promise.all(written.filter((source) => agentOf(source) === undefined).map(sectionOf))),
    ...(await Promise.all(written.filter((source) => agentOf(source) === agent).map(sectionOf))),
  ]
}

async function sectionOf({ layer, file, name, path, config, locate }: WrittenRules): Promise<RuleSection> {
  const placed = placedRules(config)
  const members = placed.map((one) => [...path, ...one.path])
  const positions = file ? await locate(members) : []
  return {
    source: "config",
    what: `${dotted(path)} of ${name ?? `the layer ${layer}`}`,
    rules: placed.map(({ rule }) => rule),
    written: (index) => ({
      layer,
      ...(file ? { file } : {}),
      member: (members[index] ?? path).join("."),
      ...positions[index],
    }),
  }
}
