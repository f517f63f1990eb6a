import type { Config } from "@opencode/protocol/config.ts"
import type { PermissionRuleset } from "@opencode/protocol/permission.ts"
import { rulesFromConfig } from "../permission/rules.ts"
import { SAYS_ASKED } from "./fail-closed.ts"
import type { ConfigIssue } from "./issue.ts"
import { restrictProject } from "./restrict-project.ts"
import { createMerge } from "./merge.ts"
import { askBeforeHarm } from "./never-looser.ts"

/**
 * Each rule of a project is compared with each below it, character by character where both are wildcards, so that files
 * made for it could keep a start from ever ending. This is a second at the worst, and a hundred times what people write.
 */
const MAX_WORK = 20_000_000

/** `restrictProject` for all files of one project, in bounded time. */
export type Restrict = typeof restrictProject

/** Rules beyond what anybody writes are not read, and harm is asked about instead. */
export function createRestrict(): Restrict {
  const budget = { left: MAX_WORK }
  return (config, below) => {
    const own = weightOf(config)
    const work = own * (weightOf(below.config) + weigh(below.defaults.base))
    if (own === 0 || work <= budget.left) {
      budget.left -= work
      return restrictProject(config, below)
    }
    const { value, issues, held } = restrictProject(withoutRules(config), below)
    const merge = createMerge()
    merge.add(value, { layer: "project" })
    merge.add(askBeforeHarm(below), { layer: "project" })
    const message = `There are too many rules to compare them before you trust this project; ${SAYS_ASKED}.`
    const issue: ConfigIssue = { severity: "error", kind: "held_back", message, path: ["permission"] }
    return { value: merge.value, issues: [...issues, issue], held }
  }
}

const weightOf = ({ permission, agent = {} }: Config): number =>
  [permission, ...Object.values(agent).map((one) => one.permission)].reduce(
    (weight, rules) => weight + weigh(rulesFromConfig(rules)),
    0,
  )

const weigh = (rules: PermissionRuleset): number =>
  rules.reduce((weight, { permission, pattern }) => weight + permission.length + pattern.length, 0)

const withoutRules = ({ permission: _, agent, ...config }: Config): Config => ({
  ...config,
  ...(agent
    ? { agent: Object.fromEntries(Object.entries(agent).map(([name, { permission: __, ...rest }]) => [name, rest])) }
    : {}),
})
