import { configMembers, type Config } from "@opencode/protocol/config.ts"
import type { ConfigExplanation } from "@opencode/protocol/config-report.ts"
import { fault } from "../lib/fault.ts"
import { didYouMean } from "../lib/text.ts"
import { aboutSetting } from "@opencode/protocol/config-about.ts"
import { isObject, valueAt } from "./json.ts"
import type { ConfigSnapshot, Said } from "./load.ts"
import { publicConfig } from "./public.ts"
import { SPELLINGS } from "./translate.ts"

/**
 * Why a setting is as it is: its value, who set it where, and what everybody below said. Values are shown as `/config`
 * shows them, without secrets.
 * @throws Fault `bad_request` for a key that is no setting
 */
export async function explainConfig(config: ConfigSnapshot, key: string): Promise<ConfigExplanation> {
  const path = pathOf(key, [config.value, ...config.said.map(({ wanted }) => wanted)])
  const origin = config.origin(path)
  const said = config.said.filter(({ wanted }) => valueAt(wanted, path) !== undefined)
  const setter = said.findLast(({ layer, file }) => layer === origin?.layer && file === origin.file)
  const about = aboutSetting(path)
  return {
    key: path.join("."),
    path,
    ...(about === undefined ? {} : { about }),
    ...(valueAt(config.value, path) === undefined ? {} : { value: shownAt(config.value, path) }),
    ...(origin && { layer: origin.layer }),
    ...(setter && (await placeOf(setter, path))),
    said: await Promise.all(
      said.map(async (one) => ({
        layer: one.layer,
        ...(one.name && !one.file ? { name: one.name } : {}),
        ...(await placeOf(one, path)),
        value: shownAt(one.wanted, path),
        heldBack: !isSame(valueAt(one.wanted, path), valueAt(one.value, path)),
      })),
    ),
    issues: config.issues.filter((issue) => path.every((name, at) => issue.path[at] === name)),
  }
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const shownAt = (value: Config, path: readonly string[]): unknown => valueAt(publicConfig({ value }), path)

async function placeOf({ file, locate }: Said, path: readonly string[]) {
  return { ...(file === undefined ? {} : { file }), ...(await locate([path]))[0] }
}

/**
 * `agent.build.model`. A member whose own name has dots in it (`provider.x.models.gpt-4.1.name`) is found where one of
 * the texts has it; a list of names as JSON (`["provider","x"]`) leaves no doubt.
 */
function pathOf(key: string, values: readonly unknown[]): string[] {
  const path = key.startsWith("[") ? listOf(key) : joined(key.split("."), values)
  const [first = "", ...rest] = path
  const canonical = SPELLINGS[first] ?? first
  const known = Object.keys(configMembers)
  if (path.length === 0 || !known.includes(canonical)) {
    const hint = didYouMean(first, known)
    throw fault("bad_request", `There is no setting \`${path.join(".")}\`.${hint}`, { kind: "Query" })
  }
  return [canonical, ...rest]
}

function listOf(key: string): string[] {
  try {
    const list: unknown = JSON.parse(key)
    if (Array.isArray(list) && list.every((name) => typeof name === "string")) return list
  } catch {
    // said below
  }
  throw fault("bad_request", "A key that begins with [ has to be a list of names as JSON.", { kind: "Query" })
}

function joined(names: string[], values: readonly unknown[]): string[] {
  if (names.length === 0) return []
  const around = values.filter((value) => isObject(value) || Array.isArray(value))
  for (let length = names.length; length > 1; length--) {
    const name = names.slice(0, length).join(".")
    const inside = around.filter((value) => valueAt(value, [name]) !== undefined)
    if (inside.length)
      return [
        name,
        ...joined(
          names.slice(length),
          inside.map((value) => valueAt(value, [name])),
        ),
      ]
  }
  const [name = "", ...rest] = names
  return [
    name,
    ...joined(
      rest,
      around.map((value) => valueAt(value, [name])),
    ),
  ]
}
