import type { Published } from "../config/organisation.ts"
import type { Environment, Folders } from "../config/folders.ts"
import type { Log } from "../lib/log.ts"
import type { Auth } from "./auth.ts"
import type { Request } from "./request.ts"

/** What the organisations that the user logged in at say. Nobody else's start knows of it. */
export interface Organisations {
  /** Asked for once in a process, when the first settings are read. */
  published(): Promise<Published[]>
  /** The environment with the tokens in it, under the names that the organisations gave them. */
  withTokens(env: Environment): Environment
}

export interface OrganisationsInput {
  auth: Pick<Auth, "organisations">
  folders: Pick<Folders, "cache">
  request: Request
  allowHost(host: string): void
  log: Pick<Log, "warn">
}

/** A start must not wait long for somebody's server: what it said last is there too. */
const WAIT_MS = 5_000

export function createOrganisations({ auth, folders, request, allowHost, log }: OrganisationsInput): Organisations {
  const asked = new Map<string, Promise<Published | undefined>>()

  async function ask(url: string): Promise<Published | undefined> {
    const { organisationConfig } = await import("../config/organisation.ts")
    return organisationConfig({
      url,
      cache: folders.cache,
      warn: (message) => log.warn(message),
      async get(address) {
        allowHost(new URL(address).host)
        const response = await request(address, { deadlines: { headerTimeoutMs: WAIT_MS, timeoutMs: WAIT_MS } })
        const text = await response.text()
        if (!response.ok) throw new Error(`status ${response.status}`)
        return text
      },
    })
  }

  return {
    async published() {
      const found = await Promise.all(
        auth.organisations().map(({ url }) => {
          const known = asked.get(url) ?? ask(url)
          asked.set(url, known)
          return known
        }),
      )
      return found.filter((one) => one !== undefined)
    },
    withTokens(env) {
      const tokens = auth.organisations().map(({ variable, token }) => [variable, token.reveal()] as const)
      return tokens.length ? { ...env, ...Object.fromEntries(tokens) } : env
    },
  }
}
