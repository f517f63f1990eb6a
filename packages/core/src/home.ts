import { join, resolve } from "node:path"
import { createBus, type Bus } from "./bus/bus.ts"
import { ensureFolder, findFolders, type Environment, type Folders } from "./config/folders.ts"
import type { Hooks } from "./extension/hooks.ts"
import { safeHooks } from "./extension/safe-hooks.ts"
import { openScratch, type Scratch } from "./config/scratch.ts"
import { createHost, type Host } from "./lib/host.ts"
import type { Log } from "./lib/log.ts"
import { openAuth, type Auth } from "./model/auth.ts"
import { openCatalogData, type CatalogData } from "./model/catalog-data.ts"
import { builtinLogins } from "./model/login/builtin.ts"
import type { Login, LoginUse } from "./model/login/login.ts"
import { createLogins, type Logins } from "./model/login/logins.ts"
import { createOrganisations, type Organisations } from "./model/organisations.ts"
import { createRequest, type Request } from "./model/request.ts"
import { openTrust, type Trust } from "./permission/trust.ts"
import { openPeers, type Peers } from "./peer/peers.ts"
import { sweepAll } from "./session/sweep.ts"
import { plainBoundary, type Boundary, type OpenBoundary } from "./recording/boundary.ts"
import { CALL_MARK } from "./process/left-behind.ts"
import type { LogLevel } from "@opencode/protocol/log.ts"
import type { Owner } from "./store/lease-store.ts"
import { processStarted } from "./store/process-identity.ts"
import { openStore, type Store } from "./store/store.ts"
import type { Tool } from "./tool/tool.ts"
import type { Limits } from "./turn/limits.ts"

/** What one process has one of, whatever folders it works in. */
export interface Home {
  store: Store
  bus: Bus
  host: Host
  log: Log
  folders: Folders
  /** Temporary files of agents. */
  scratch: Scratch
  auth: Auth
  /** Ways to log in that are no key. */
  logins: Logins
  loginUse(providerID: string): LoginUse | undefined
  /** What is known of providers without being configured. */
  catalog: CatalogData
  request: Request
  /** Where a recording listens, or a replay stands in for the world. */
  boundary: Boundary
  /** Whose settings count because the user logged in there. */
  organisations: Organisations
  /** Lets `request` send to a host: the one of a provider that is about to be used. */
  allowHost(host: string): void
  owner: Owner
  /** Other processes on the same database. */
  peers: Peers
  env: Environment
  platform: NodeJS.Platform
  /** The user's number, where the system has such. */
  uid?: number
  version: string
  username?: string
  /** Where the program was installed. Canonical. */
  packageFolder?: string
  /** Settings from flags, as configuration text. */
  commandLine?: string
  /** Told of the level of the log that the settings name. Absent: somebody has decided. */
  setLogLevel?(level: LogLevel): void
  /** Where the administrator of the machine puts settings that nobody overrules. */
  managedFolder?: string
  /** Whoever started the process has decided that the settings of projects may run and send what they say. */
  trusted: boolean
  /** Who says what else of a project may. */
  trust: Trust
  /** What a turn may use, where somebody said so for this process. */
  limits?: Partial<Limits>
  /** What looks into turns. */
  hooks: Hooks
  /** Tools beside the program's own. */
  tools: readonly Tool[]
  close(): Promise<void>
}

/** The process as its composer sees it: everything below takes its surroundings from here. */
export interface Surroundings extends Pick<
  Home,
  | "env"
  | "platform"
  | "uid"
  | "version"
  | "username"
  | "packageFolder"
  | "commandLine"
  | "setLogLevel"
  | "managedFolder"
  | "trusted"
  | "limits"
> {
  /** The user's home folder. */
  home: string
  /** The folder with the catalogue of models that came with the program; without it only what is configured is known. */
  catalogFolder?: string
  pid: number
  log: Log
  /** Default: nobody listens. */
  openBoundary?: OpenBoundary
  /** For tests of a failing disk: see `StoreOptions`. */
  beforeCommit?: (n: number) => void
  /** Default: nothing looks into turns. */
  hooks?: Partial<Hooks>
  /** Default: none but the program's own. */
  tools?: readonly Tool[]
  /** The same of ways to log in at providers. */
  moreLogins?: readonly Login[]
}

export interface CredentialsInput extends Pick<Home, "env" | "folders"> {
  catalogFolder: string | undefined
  logins?: readonly Login[]
  warn(message: string): void
}

/** Whose keys there are, and of whom there could be some. Nothing is read before it is asked for. */
export function openCredentials({
  env,
  folders,
  catalogFolder,
  logins = builtinLogins,
  warn,
}: CredentialsInput): Pick<Home, "auth" | "catalog" | "loginUse"> {
  const loginUse: Home["loginUse"] = (id) => logins.find(({ providerID, use }) => providerID === id && use)?.use
  return {
    loginUse,
    auth: openAuth({
      keyOfLogin: (providerID, entry) => loginUse(providerID)?.key(entry),
      file: credentialsFile(folders),
      warn,
      ...(env.OPENCODE_AUTH_CONTENT === undefined ? {} : { content: env.OPENCODE_AUTH_CONTENT }),
    }),
    catalog: openCatalogData({
      cache: folders.cache,
      warn,
      ...(catalogFolder === undefined ? {} : { folder: catalogFolder }),
      ...(env.OPENCODE_MODELS_PATH ? { file: env.OPENCODE_MODELS_PATH } : {}),
    }),
  }
}

/** The same without a home, for who only wants to log in. */
export function openCredentialLogins({ auth, env, warn }: Pick<Home, "auth" | "env"> & Pick<CredentialsInput, "warn">) {
  const allowedHosts = new Set<string>()
  const request = createRequest({ allowedHosts, env })
  const tools = { request, allowHost: (name: string) => void allowedHosts.add(name), host: createHost() }
  const logins = createLogins({ logins: builtinLogins, auth, tools, log: { warn } })
  return {
    logins,
    close() {
      logins.close()
      request.close()
    },
  }
}

/** The database, also where somebody put it elsewhere. */
export const databaseFile = ({ env, folders }: Pick<Home, "env" | "folders">): string =>
  env.OPENCODE_DB ? resolve(folders.data, env.OPENCODE_DB) : join(folders.data, "store.db")

export const credentialsFile = ({ data }: Pick<Folders, "data">): string => join(data, "auth.json")

/** @throws fault `storage` or `unavailable` when the data folder cannot be used */
export async function openHome({
  home,
  pid,
  beforeCommit,
  catalogFolder,
  openBoundary = plainBoundary,
  hooks = {},
  tools = [],
  moreLogins = [],
  ...around
}: Surroundings): Promise<Home> {
  const { env, log } = around
  const host = createHost()
  const folders = findFolders({ env, home })
  await ensureFolder(folders.data)
  const database = databaseFile({ env, folders })
  const store = await openStore({
    folder: folders.data,
    host,
    ...(env.OPENCODE_DB ? { file: database } : {}),
    ...(beforeCommit ? { beforeCommit } : {}),
  })
  const allowedHosts = new Set<string>()
  const request = createRequest({ allowedHosts, env })
  const started = processStarted(pid)
  const bus = createBus(host)
  const owner: Owner = { pid, ...(started === undefined ? {} : { processStarted: started }) }
  const { platform, uid } = around
  const peers = openPeers({ database, owner, leases: store.leases.list, bus, log, platform, uid })
  const scratch = openScratch({ folder: folders.temp, owner, uid })
  const trust = openTrust({
    data: folders.data,
    all: around.trusted,
    isAgents: env[CALL_MARK] !== undefined,
    uid,
    now: host.now,
    warn: (message) => log.warn(message),
  })
  const sweeping = sweepAll({ store, owner, env, log })
  const boundary = openBoundary({ host, request })
  const allowHost = (name: string): void => void allowedHosts.add(name)
  const all = [...builtinLogins, ...moreLogins]
  const credentials = openCredentials({ env, folders, catalogFolder, logins: all, warn: (text) => log.warn(text) })
  const { auth } = credentials
  const logins = createLogins({ logins: all, auth, tools: { request, allowHost, host }, log })
  const organisations = createOrganisations({ auth, folders, request, allowHost, log })
  boundary.attach({ bus, store, credentialsFile: credentialsFile(folders) })
  return {
    ...around,
    hooks: safeHooks(hooks, log),
    tools,
    trust,
    host,
    folders,
    scratch,
    store,
    request,
    allowHost,
    organisations,
    logins,
    bus,
    owner,
    peers,
    boundary,
    ...credentials,
    async close() {
      logins.close()
      await sweeping
      await peers.close()
      boundary.close()
      request.close()
      await store.close()
      scratch.close()
    },
  }
}
