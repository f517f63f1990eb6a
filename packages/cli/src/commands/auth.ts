import { isatty } from "node:tty"
import { didYouMean } from "@opencode/core/lib/text.ts"
import { isKeyVariable } from "@opencode/core/model/credential.ts"
import { byPreference } from "@opencode/core/model/choice.ts"
import { credentials, type Credentials } from "../compose.ts"
import { CommandFailure } from "../fail.ts"
import { out } from "../out.ts"
import { readInput } from "../standard-input.ts"

/**
 * The keys of providers. They work without a database or a project: who cannot log in cannot do anything. A key comes
 * from a hidden prompt or from standard input, never from the command line, where everybody on the machine could read
 * it; none is ever shown.
 */
export async function login(providerID: string | undefined): Promise<number> {
  const { auth, catalog, file } = credentials()
  if (providerID?.includes("://"))
    throw new CommandFailure("Logging in at the address of an organisation is not part of this version.")
  const id = providerID ?? (await askForProvider(catalog))
  if (!/^[^\s\p{Cc}]+$/u.test(id) || id === "__proto__")
    throw new CommandFailure("A provider id is one printable word.")
  const known = catalog.entries().get(id)
  if (!known) {
    const hint = didYouMean(id, catalog.entries().keys())
    out.note(
      `Note: the catalogue knows no provider ${id}.${hint} Name its address in provider.${id} of the configuration.`,
    )
  }
  const key = isTerminal() ? await askForKey(known?.name ?? id) : await readInput()
  if (!key) throw new CommandFailure(`There is no key: pipe it in, as in \`opencode auth login -p ${id} < file\`.`)
  if (/\s/.test(key)) throw new CommandFailure("A key is one word; this has several.")
  await auth.set(id, { type: "api", key })
  out.note(`Stored a key for ${known?.name ?? id} in ${file}.`)
  return 0
}

export function listCredentials(): void {
  const { auth, catalog, env, file } = credentials()
  const stored = Object.entries(auth.list()).toSorted(([a], [b]) => byPreference(a, b))
  const nameOf = (id: string): string => catalog.entries().get(id)?.name ?? id
  const variables = [...catalog.entries().values()]
    .toSorted((a, b) => byPreference(a.id, b.id))
    .flatMap(({ name, env: names }) =>
      names.filter((variable) => isKeyVariable(variable) && env[variable]).map((variable) => ({ name, variable })),
    )
  const lines = [
    ...stored.map(([id, type]) => `${id}  ${type}${nameOf(id) === id ? "" : `  ${nameOf(id)}`}`),
    counted(stored.length, "credential") + (stored.length ? ` in ${file}` : ""),
    ...(variables.length ? ["", ...variables.map(({ name, variable }) => `${variable}  ${name}`)] : []),
    ...(variables.length ? [counted(variables.length, "environment variable")] : []),
  ]
  out.line(lines.join("\n"))
}

export async function logout(providerID: string | undefined): Promise<number> {
  const { auth } = credentials()
  const ids = Object.keys(auth.list())
  const id = providerID ?? (await askForStored(ids))
  if (await auth.remove(id)) {
    out.note(`Removed the credential of ${id}.`)
    return 0
  }
  throw new CommandFailure(`There is no stored credential of ${id}.${didYouMean(id, ids)}`)
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`

const isTerminal = (): boolean => isatty(STDIN) && isatty(STDERR)
const STDIN = 0
const STDERR = 2

/** Prompts are no answer: they go to standard error. */
const TO_PERSON = { output: process.stderr }

async function askForProvider(catalog: Credentials["catalog"]): Promise<string> {
  if (!isTerminal()) throw new CommandFailure("Name the provider: `opencode auth login -p <provider>`.")
  const { autocomplete } = await import("@clack/prompts")
  const options = [...catalog.entries().values()]
    .toSorted((a, b) => byPreference(a.id, b.id))
    .map(({ id, name }) => ({ value: id, label: name, hint: id }))
  return answered(
    await autocomplete({ message: "Which provider is the key for?", options, maxItems: 10, ...TO_PERSON }),
  )
}

async function askForStored(ids: string[]): Promise<string> {
  if (ids.length === 0) throw new CommandFailure("There is no stored credential.")
  if (!isTerminal()) throw new CommandFailure("Name the provider: `opencode auth logout <provider>`.")
  const { select } = await import("@clack/prompts")
  const options = ids.map((id) => ({ value: id, label: id }))
  return answered(await select({ message: "Which credential should be removed?", options, ...TO_PERSON }))
}

async function askForKey(name: string): Promise<string> {
  const { password } = await import("@clack/prompts")
  const validate = (key = ""): string | undefined => (key.trim() ? undefined : "A key is needed.")
  return answered(await password({ message: `Key of ${name}`, validate, ...TO_PERSON })).trim()
}

/** Anything but a text: the person left. */
function answered(answer: unknown): string {
  if (typeof answer === "string") return answer
  throw new CommandFailure("Nothing was changed.", 130)
}
