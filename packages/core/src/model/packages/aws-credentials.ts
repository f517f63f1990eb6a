import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fault } from "../../lib/fault.ts"
import { asText } from "../wire/json.ts"

/**
 * Amazon's credentials as far as they are at hand: options, variables, and the shared files. What needs a network or
 * another program (single sign-on, roles, the machine's metadata) is not done here, and said.
 */
export interface AwsCredentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

export interface AwsPlace {
  providerID: string
  options: Record<string, unknown>
  env: Readonly<Record<string, string | undefined>>
}

const DEFAULT_REGION = "us-east-1"

/** @throws Fault `provider_auth` that says what to do */
export function awsCredentials(place: AwsPlace): AwsCredentials {
  const { options, env, providerID } = place
  const own = keysOf(asText(options.accessKeyId), asText(options.secretAccessKey), asText(options.sessionToken))
  if (own) return own
  const chosen = asText(options.profile)
  const given = keysOf(env.AWS_ACCESS_KEY_ID, env.AWS_SECRET_ACCESS_KEY, env.AWS_SESSION_TOKEN)
  if (given && !chosen) return given
  const name = chosen ?? env.AWS_PROFILE ?? "default"
  const settings = profile(name, env)
  const stored = keysOf(settings.aws_access_key_id, settings.aws_secret_access_key, settings.aws_session_token)
  if (stored) return stored
  throw fault("provider_auth", `${reasonFor(name, settings)} ${WHAT_TO_DO}`, { providerID, profile: name })
}

export function awsRegion({ options, env }: Pick<AwsPlace, "options" | "env">): string {
  const named = asText(options.region) || env.AWS_REGION || env.AWS_DEFAULT_REGION
  const region = named || profile(asText(options.profile) ?? env.AWS_PROFILE ?? "default", env).region || DEFAULT_REGION
  // It becomes part of a host name.
  if (/^[a-z0-9-]+$/.test(region)) return region
  throw fault("config_invalid", `"${region}" is not an AWS region.`, { region })
}

/** Whether there is anything to begin with: a provider nobody set up is not offered. */
export const hasAwsCredentials = (env: AwsPlace["env"]): boolean =>
  !!(env.AWS_PROFILE || (env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY))

const keysOf = (accessKeyId?: string, secretAccessKey?: string, sessionToken?: string): AwsCredentials | undefined =>
  accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) } : undefined

const WHAT_TO_DO =
  "Set AWS_BEARER_TOKEN_BEDROCK to a Bedrock API key, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; " +
  "`aws configure export-credentials --format env` prints those of any profile."

function reasonFor(name: string, settings: Record<string, string>): string {
  const how = Object.keys(INDIRECT).find((setting) => settings[setting])
  if (how) return `The AWS profile ${name} gets its credentials by ${INDIRECT[how]}, which is not supported.`
  return `There are no AWS credentials in the environment, nor in the profile ${name}; roles of a machine are not asked for.`
}

const INDIRECT: Record<string, string> = {
  sso_session: "single sign-on",
  sso_start_url: "single sign-on",
  role_arn: "taking a role",
  credential_process: "running a program",
  web_identity_token_file: "a web identity",
  credential_source: "the machine it runs on",
  login_session: "a console session",
}

/** The settings of a profile, from both shared files; the one for credentials counts more. */
function profile(name: string, env: AwsPlace["env"]): Record<string, string> {
  const folder = env.HOME ?? env.USERPROFILE
  const fileOf = (set: string | undefined, usual: string) => set || (folder ? join(folder, ".aws", usual) : undefined)
  const config = sections(fileOf(env.AWS_CONFIG_FILE, "config"))
  const credentials = sections(fileOf(env.AWS_SHARED_CREDENTIALS_FILE, "credentials"))
  return { ...config.get(`profile ${name}`), ...config.get(name), ...credentials.get(name) }
}

function sections(file: string | undefined): Map<string, Record<string, string>> {
  const found = new Map<string, Record<string, string>>()
  let current: Record<string, string> | undefined
  for (const line of textOf(file).split(/\r?\n/)) {
    const name = /^\s*\[\s*([^\]]+?)\s*\]/.exec(line)?.[1]
    if (name !== undefined) {
      current = found.get(name) ?? {}
      found.set(name.replaceAll(/\s+/g, " "), current)
      continue
    }
    const [, key, value] = /^([A-Za-z0-9_]+)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (current && key && value !== undefined) current[key] = value
  }
  return found
}

function textOf(file: string | undefined): string {
  try {
    return file ? readFileSync(file, "utf8") : ""
  } catch {
    // A file that is not there, or not ours to read, holds no credentials; what is missing then is said by name.
    return ""
  }
}
