import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fault } from "../../lib/fault.ts"
import { asRecord, asText, parseRecord, type Json } from "../wire/json.ts"

/** Where Google's credentials may be, and what they say; nothing is sent here. */
export interface GooglePlace {
  providerID: string
  options: Record<string, unknown>
  env?: Readonly<Record<string, string | undefined>>
}

/**
 * Options, then `GOOGLE_APPLICATION_CREDENTIALS`, then where `gcloud` keeps them.
 * @throws Fault `provider_auth` when a file that was named cannot be read
 */
export function googleCredentials({ options, env = {}, providerID }: GooglePlace): Json | undefined {
  const auth = asRecord(options.googleAuthOptions)
  const inline = asRecord(options.credentials) ?? asRecord(auth?.credentials)
  if (inline) return inline
  const named =
    asText(options.keyFile) ??
    asText(auth?.keyFile) ??
    asText(auth?.keyFilename) ??
    (env.GOOGLE_APPLICATION_CREDENTIALS || undefined)
  if (named) return readCredentials(named, providerID)
  const folder = gcloudFolder(env)
  try {
    return folder ? parseRecord(readFileSync(join(folder, "application_default_credentials.json"), "utf8")) : undefined
  } catch {
    // Nobody named it: not there means not logged in.
    return undefined
  }
}

function readCredentials(file: string, providerID: string): Json {
  let text = ""
  try {
    text = readFileSync(file, "utf8")
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw fault("provider_auth", `The Google credentials in ${file} cannot be read (${code}).`, { providerID, file })
  }
  const credentials = parseRecord(text)
  if (credentials) return credentials
  throw fault("provider_auth", `The Google credentials in ${file} are not JSON.`, { providerID, file })
}

function gcloudFolder(env: Readonly<Record<string, string | undefined>>): string | undefined {
  if (env.CLOUDSDK_CONFIG) return env.CLOUDSDK_CONFIG
  if (env.APPDATA) return join(env.APPDATA, "gcloud")
  return env.HOME ? join(env.HOME, ".config", "gcloud") : undefined
}
