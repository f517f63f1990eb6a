/** What a child never needs to know: our own passwords and stored credentials. */
const OWN_SECRETS = [
  "OPENCODE_SERVER_PASSWORD",
  "OPENCODE_SERVER_USERNAME",
  "OPENCODE_AUTH_CONTENT",
  // It may hold the keys of providers.
  "OPENCODE_CONFIG_CONTENT",
  "OPENCODE_API_KEY",
  "OPENCODE_CONSOLE_TOKEN",
]

/** Where `cd` would go that says nothing of it: what was asked for is where the words of a command lead. */
const ASTRAY = ["OLDPWD", "CDPATH"]

/**
 * The environment of a child: the user's own minus our secrets and the names in `drop` (the keys of the providers in
 * use). What `add` sets wins over both, because hooks and settings of the user may give a child back what it needs.
 */
export function childEnvironment(
  base: Readonly<Record<string, string | undefined>>,
  changes: { drop?: Iterable<string>; add?: Readonly<Record<string, string | undefined>> } = {},
): Record<string, string> {
  const dropped = new Set([...OWN_SECRETS, ...ASTRAY, ...(changes.drop ?? [])])
  const kept = Object.entries(base).filter(([name]) => !dropped.has(name))
  const all = [...kept, ...Object.entries(changes.add ?? {})]
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined))
}
