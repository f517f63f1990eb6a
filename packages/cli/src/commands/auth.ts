import { didYouMean } from "@opencode/core/lib/text.ts"
import { isKeyVariable } from "@opencode/core/model/credential.ts"
import { byPreference } from "@opencode/core/model/choice.ts"
import { isProviderID, type AuthEntry } from "@opencode/core/model/auth.ts"
import { credentials } from "../compose.ts"
import { CommandFailure } from "../fail.ts"
import { out } from "../out.ts"
import { readInput } from "../standard-input.ts"
import { askForKey, askForProvider, askForStored, askInputs, chooseMethod, isTerminal } from "./auth-prompts.ts"

/**
 * The credentials of providers. They work without a database or a project: who cannot log in cannot do anything. A key
 * comes from a hidden prompt or from standard input, never from the command line, where everybody on the machine could
 * read it; none is ever shown.
 */
export interface LoginOptions {
  provider?: string
  /** The label of a way to log in. */
  method?: string
  /** `name=value`, in place of questions. */
  input: string[]
  /** The person has decided that an organisation's own command may be run. */
  yes?: true
}

export async function login(named: string | undefined, options: LoginOptions): Promise<number> {
  if (named?.includes("://")) {
    const { loginAtOrganisation } = await import("./auth-organisation.ts")
    return loginAtOrganisation(named, { mayRun: options.yes ?? false })
  }
  const opened = credentials()
  const { auth, catalog, file } = opened
  const id = named ?? options.provider ?? (await askForProvider(catalog))
  if (!isProviderID(id)) throw new CommandFailure("A provider id is one printable word.")
  const known = catalog.entries().get(id)
  if (!known) {
    const hint = didYouMean(id, catalog.entries().keys())
    out.note(
      `Note: the catalogue knows no provider ${id}.${hint} Name its address in provider.${id} of the configuration.`,
    )
  }
  const name = known?.name ?? id
  const { logins, close } = opened.openLogins()
  try {
    const method = await chooseMethod(logins.methods()[id] ?? [], { name, wanted: options.method })
    const inputs = await askInputs(method?.prompts ?? [], options.input)
    if (method?.type === "oauth") {
      const { url, instructions, method: kind } = await logins.begin(id, { method: method.number, inputs })
      out.note(`Go to: ${url}\n${instructions}`)
      const code = kind === "code" ? await readCode() : undefined
      if (code === undefined) out.note("Waiting for you to agree there…")
      await logins.finish(id, { method: method.number, signal: new AbortController().signal, ...(code && { code }) })
      out.note(`Logged in at ${name}; stored in ${file}.`)
      return 0
    }
    await auth.set(id, await keyEntry({ id, name, inputs }))
    out.note(`Stored a key for ${name} in ${file}.`)
    return 0
  } finally {
    close()
  }
}

async function keyEntry(of: { id: string; name: string; inputs: Record<string, string> }): Promise<AuthEntry> {
  const key = isTerminal() ? await askForKey(`Key of ${of.name}`) : await readInput()
  if (!key) throw new CommandFailure(`There is no key: pipe it in, as in \`opencode auth login -p ${of.id} < file\`.`)
  if (/\s/.test(key)) throw new CommandFailure("A key is one word; this has several.")
  return { type: "api", key, ...(Object.keys(of.inputs).length ? { metadata: of.inputs } : {}) }
}

const readCode = (): Promise<string> => (isTerminal() ? askForKey("The code that you were given") : readInput())

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
