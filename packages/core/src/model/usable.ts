import type { Provider } from "@opencode/protocol/provider.ts"
import type { Access } from "./access.ts"
import type { Auth } from "./auth.ts"
import type { Catalog, CatalogInput, CatalogProvider } from "./catalog.ts"
import type { CatalogData } from "./catalog-data.ts"
import { byPreference } from "./choice.ts"
import { credentialOf, isKeyVariable, type Credential } from "./credential.ts"
import { isShared } from "./shared-variables.ts"

/** A provider that can be used: it is configured, there is a credential for it, or it was found on this machine. */
export interface Usable {
  provider: CatalogProvider
  source: Provider["source"]
  /** Whether somebody meant it for this. What is not is never chosen without being named. */
  isDeliberate: boolean
}

interface UsableInput extends Pick<Access, "config" | "env">, Pick<CatalogInput, "known" | "found"> {
  auth: Pick<Auth, "key" | "list">
}

/**
 * Looks again at each call, because a login in another process counts at once. Configured ones first, then those found
 * on this machine, then logins and keys of the environment in the order in which they would be chosen. Of all others
 * not even the models are read.
 */
export function usableProviders(
  { config, env, auth, known, found = [] }: UsableInput,
  catalog: Catalog,
): (() => Usable[]) & { keyVariables(): string[] } {
  const configured = Object.keys(config.provider ?? {})
  const local = found.map(({ id }) => id)

  function others(): { id: string; credential: Credential }[] {
    const logins = auth.list()
    // The file is read once, and not for each provider that it does not name.
    const stored = { key: (id: string) => (Object.hasOwn(logins, id) ? auth.key(id) : undefined) }
    // Of more than 200 providers a user has a few: the others are passed over before anything is looked up for them.
    const variables = new Set(Object.keys(env))
    return [...known.entries().values()]
      .filter(({ id, env: names }) => Object.hasOwn(logins, id) || names.some((name) => variables.has(name)))
      .filter(({ id }) => !configured.includes(id) && !local.includes(id))
      .flatMap(({ id, env: names }) => {
        const credential = credentialOf({ id, env: names, options: {} }, { auth: stored, env })
        return credential ? [{ id, credential }] : []
      })
      .toSorted((a, b) => sourceRank(a.credential) - sourceRank(b.credential) || byPreference(a.id, b.id))
  }

  const named = (id: string, source: Usable["source"]): Usable[] => {
    const provider = catalog.get(id)
    return isUsable(provider) ? [{ provider, source, isDeliberate: true }] : []
  }

  const usable = (): Usable[] => [
    ...configured.flatMap((id) => named(id, "config")),
    ...local.filter((id) => !configured.includes(id)).flatMap((id) => named(id, "custom")),
    ...others().flatMap(({ id, credential: { source } }) => {
      const provider = catalog.get(id)
      return isUsable(provider) ? [{ provider, source, isDeliberate: source !== "env" || isMeant(provider, env) }] : []
    }),
  ]

  return Object.assign(usable, {
    keyVariables: () =>
      keysAmong([
        ...configured.flatMap((id) => catalog.get(id)?.env ?? []),
        ...others().flatMap(({ id }) => known.entries().get(id)?.env ?? []),
      ]),
  })
}

/** The key variables of all providers that are known, for programs that have nothing to do with any. */
export const knownKeyVariables = ({ entries }: Pick<CatalogData, "entries">): string[] =>
  keysAmong([...entries().values()].flatMap(({ env }) => env))

const keysAmong = (names: string[]): string[] => [
  ...new Set(names.filter((name) => isKeyVariable(name) && !isShared(name))),
]

const isUsable = (provider: CatalogProvider | undefined): provider is CatalogProvider =>
  provider !== undefined && Object.keys(provider.models).length > 0

/** A login was made for this program; a variable may be there for another. */
const sourceRank = ({ source }: Credential): number => (source === "api" ? 0 : 1)

const isMeant = ({ env: names }: CatalogProvider, env: UsableInput["env"]): boolean =>
  names.some((name) => isKeyVariable(name) && !isShared(name) && env[name])
