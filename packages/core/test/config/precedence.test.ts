import type { Config } from "@opencode/protocol/config.ts"
import { expect, test } from "vitest"
import { evaluate, rulesFromConfig } from "../../src/permission/rules.ts"
import { place, type Place } from "./place.ts"

/** Every place, lowest first. */
const PLACES = [
  "builtin",
  "organisation",
  "home/.config/opencode/config.json",
  "home/.config/opencode/opencode.json",
  "home/.config/opencode/opencode.jsonc",
  "home/.opencode/opencode.json",
  "OPENCODE_CONFIG",
  "project/.opencode.json",
  "project/opencode.json",
  "project/opencode.jsonc",
  "project/sub/opencode.json",
  "project/.opencode/config.json",
  "project/.opencode/opencode.json",
  "project/.opencode/opencode.jsonc",
  "project/sub/.opencode/opencode.json",
  "OPENCODE_CONFIG_DIR",
  "OPENCODE_CONFIG_CONTENT",
  "variables",
  "command line",
  "managed/opencode.json",
] as const
type Where = (typeof PLACES)[number]

/** Puts a configuration in each of some places, and reads all of them as a folder that is trusted. */
async function loaded(at: Place, said: Partial<Record<Where, object>>): Promise<Config> {
  const env: Record<string, string> = {}
  const texts: Record<string, string> = {}
  for (const [where, config] of Object.entries(said)) {
    const text = JSON.stringify(config)
    if (where === "OPENCODE_CONFIG") {
      await at.write({ "named.json": config })
      env.OPENCODE_CONFIG = `${at.root}/named.json`
    } else if (where === "OPENCODE_CONFIG_DIR") {
      await at.write({ "extra/opencode.json": config })
      env.OPENCODE_CONFIG_DIR = `${at.root}/extra`
    } else if (where === "OPENCODE_CONFIG_CONTENT") env.OPENCODE_CONFIG_CONTENT = text
    else if (where.includes("/")) await at.write({ [where]: config })
    else texts[where] = text
  }
  const { permission, share } = (said.variables as Config & { share?: string }) ?? {}
  if (permission) env.OPENCODE_PERMISSION = JSON.stringify(permission)
  if (share) env.OPENCODE_AUTO_SHARE = "1"
  const { builtin, organisation, "command line": commandLine } = texts
  const config = await at.load({
    env,
    trusted: true,
    ...(builtin ? { username: (JSON.parse(builtin) as { username: string }).username } : {}),
    ...(organisation ? { organisations: async () => [{ text: organisation, from: "org" }] } : {}),
    ...(commandLine ? { commandLine: { text: commandLine } } : {}),
  })
  expect(config.issues).toEqual([])
  return config.value
}

/** Of what a kind of setting is made of in each place, and which places can say it. */
const everywhere = (where: Where) => where !== "builtin" && where !== "variables"

/** A kind of setting: what the n-th place says, and what is left when some of them said it, lowest first. */
const kinds: {
  kind: string
  can(where: Where): boolean
  say(n: number, where: Where): object
  left(config: Config): unknown
  want(said: number[]): unknown
}[] = [
  {
    kind: "a text: the last counts",
    can: (where) => where !== "variables",
    say: (n) => ({ username: `u${n}` }),
    left: ({ username }) => username,
    want: (said) => `u${said.at(-1)}`,
  },
  {
    kind: "an object: member by member",
    can: everywhere,
    say: (n) => ({ compaction: { reserved: n, ...(n % 2 ? { tail_turns: n } : { preserve_recent_tokens: n }) } }),
    left: ({ compaction }) => compaction,
    want: (said) => ({
      reserved: said.at(-1),
      ...(said.some((n) => n % 2) ? { tail_turns: said.findLast((n) => n % 2) } : {}),
      ...(said.some((n) => n % 2 === 0) ? { preserve_recent_tokens: said.findLast((n) => n % 2 === 0) } : {}),
    }),
  },
  {
    kind: "a list: the last one counts as a whole",
    can: everywhere,
    say: (n) => ({ disabled_providers: [`p${n}`, "all"] }),
    left: ({ disabled_providers }) => disabled_providers,
    want: (said) => [`p${said.at(-1)}`, "all"],
  },
  {
    kind: "a list that adds up, each text once",
    can: everywhere,
    say: (n) => ({ instructions: [`i${n}`, "all"] }),
    left: ({ instructions }) => instructions,
    want: (said) => said.flatMap((n, index) => (index === 0 ? [`i${n}`, "all"] : [`i${n}`])),
  },
  {
    kind: "a rule: the last that matches counts",
    can: (where) => where !== "builtin",
    say: (n) => ({ permission: { bash: { "*": n % 3 ? "ask" : "allow", [`c${n} *`]: "deny" } } }),
    left: ({ permission }) => evaluate("bash", "anything", rulesFromConfig(permission), { home: "/h" }).action,
    want: (said) => ((said.at(-1) ?? 0) % 3 ? "ask" : "allow"),
  },
  {
    kind: "an agent: field by field",
    can: everywhere,
    say: (n) => ({ agent: { x: { description: `d${n}`, ...(n % 2 ? { steps: n + 1 } : {}) } } }),
    left: ({ agent }) => agent?.x,
    want: (said) => ({
      description: `d${said.at(-1)}`,
      ...(said.some((n) => n % 2) ? { steps: (said.findLast((n) => n % 2) ?? 0) + 1 } : {}),
    }),
  },
  {
    kind: "a command: field by field",
    can: everywhere,
    say: (n) => ({ command: { x: { template: `t${n}` } } }),
    left: ({ command }) => command?.x,
    want: (said) => ({ template: `t${said.at(-1)}` }),
  },
]

test.each(kinds)("$kind, whichever places say it", async ({ can, say, left, want }) => {
  const places = PLACES.map((where, n) => ({ where, n })).filter(({ where }) => can(where))
  // Each place over all below it.
  await using at = await place()
  const said: Partial<Record<Where, object>> = {}
  for (const [index, { where, n }] of places.entries()) {
    said[where] = say(n, where)
    expect(left(await loaded(at, said)), where).toEqual(want(places.slice(0, index + 1).map((one) => one.n)))
  }
  // Each place over one that is below it.
  for (const [index, lower] of places.entries()) {
    const higher = places[index + 3] ?? places.at(-1)
    if (!higher || higher === lower) continue
    await using other = await place()
    const two = { [lower.where]: say(lower.n, lower.where), [higher.where]: say(higher.n, higher.where) }
    expect(left(await loaded(other, two)), `${lower.where} under ${higher.where}`).toEqual(want([lower.n, higher.n]))
  }
})

/** Markdown files come after the settings of their folder, and before the next folder's. */
test.each([
  ["home/.config/opencode", "home/.opencode"],
  ["home/.opencode", "project/.opencode"],
  ["project/.opencode", "project/sub/.opencode"],
  ["project/sub/.opencode", "extra"],
  ["extra", "managed"],
])(
  "agents and commands in Markdown files of %s count over its settings, and under those of %s",
  async (below, above) => {
    await using at = await place({
      [`${below}/opencode.json`]: {
        agent: { x: { description: "settings below", steps: 3 } },
        command: { y: { template: "settings below" } },
      },
      [`${below}/agent/x.md`]: "---\ndescription: file below\n---\nfile below",
      [`${below}/command/y.md`]: "file below",
    })
    const load = () => at.load({ trusted: true, env: { OPENCODE_CONFIG_DIR: `${at.root}/extra` } })
    expect((await load()).value).toMatchObject({
      agent: { x: { description: "file below", steps: 3, prompt: "file below" } },
      command: { y: { template: "file below" } },
    })
    await at.write({ [`${above}/opencode.json`]: { agent: { x: { description: "settings above" } } } })
    expect((await load()).value).toMatchObject({
      agent: { x: { description: "settings above", steps: 3, prompt: "file below" } },
    })
    await at.write({ [`${above}/agents/x.md`]: "file above", [`${above}/commands/y.md`]: "file above" })
    expect((await load()).value).toMatchObject({
      agent: { x: { description: "settings above", prompt: "file above" } },
      command: { y: { template: "file above" } },
    })
  },
)
