import type { Below, RulesBefore } from "./layers.ts"
import { hasKeyVariable } from "./local-provider.ts"
import type { ReadOptions } from "./read-source.ts"

/** What a text is compared with that nobody trusts, or that cannot be read. */
export function belowProject({ env, folders, defaults, hasCredential, merged: config }: ReadOptions): Below {
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
