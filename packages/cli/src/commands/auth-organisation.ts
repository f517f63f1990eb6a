import { isObject } from "@opencode/core/config/json.ts"
import { publishedAt, readPublished } from "@opencode/core/config/organisation.ts"
import { createRequest } from "@opencode/core/model/request.ts"
import { knownKeyVariables } from "@opencode/core/model/usable.ts"
import { childEnvironment } from "@opencode/core/process/environment.ts"
import { collect } from "@opencode/core/process/collect.ts"
import { startProcess } from "@opencode/core/process/spawn.ts"
import { credentials } from "../compose.ts"
import { CommandFailure } from "../fail.ts"
import { out } from "../out.ts"
import { askWhether, isTerminal } from "./auth-prompts.ts"

/**
 * A login at an organisation: it publishes a command of its own that prints a token, and from then on its settings count.
 * Somebody else's server says what is run here, so a person has to have seen it.
 */
export async function loginAtOrganisation(address: string, { mayRun }: { mayRun: boolean }): Promise<number> {
  const url = address.replace(/\/+$/, "")
  const { auth, catalog, env, file } = credentials()
  const { command, variable } = await loginOf(url, env)
  const shown = command.map((word) => (/^[\w@%+=:,./~-]+$/.test(word) ? word : JSON.stringify(word))).join(" ")
  out.note(`${url} logs in by this command:\n  ${shown}`)
  if (!mayRun && !(isTerminal() && (await askWhether("Run it?"))))
    throw new CommandFailure("Nothing was run. If it is as you expect, say so: `--yes`.", isTerminal() ? 130 : 1)
  const token = await tokenOf(command, childEnvironment(env, { drop: knownKeyVariables(catalog) }))
  await auth.set(url, { type: "wellknown", key: variable, token })
  out.note(`Logged in at ${url}; stored in ${file}. Its settings count from now on.`)
  return 0
}

interface OrganisationLogin {
  command: string[]
  /** What its settings know the token by. */
  variable: string
}

type Environment = ReturnType<typeof credentials>["env"]

/** Somebody's server must not have us wait long. */
const WAIT_MS = 30_000

async function loginOf(url: string, env: Environment): Promise<OrganisationLogin> {
  const place = publishedAt(url)
  if (!place) throw new CommandFailure(`${url} is no address that begins with https://.`)
  const request = createRequest({ env, allowedHosts: new Set([new URL(place).host]) })
  try {
    const answer = await request(place, { deadlines: { headerTimeoutMs: WAIT_MS, timeoutMs: WAIT_MS } })
    if (!answer.ok) throw new CommandFailure(`${place} answered with status ${answer.status}.`)
    const published = readPublished(await answer.text())
    const found = isObject(published.auth) ? published.auth : {}
    const command = Array.isArray(found.command) ? found.command.map(String) : []
    const variable = typeof found.env === "string" ? found.env : ""
    if (command[0] && /^[A-Za-z_][A-Za-z0-9_]*$/.test(variable)) return { command, variable }
    throw new CommandFailure(`${place} names no login: its \`auth\` needs \`command\` and \`env\`.`)
  } catch (error) {
    if (error instanceof CommandFailure) throw error
    throw new CommandFailure(`${place} cannot be read: ${(error as Error).message}`)
  } finally {
    request.close()
  }
}

/** A person may have to log in somewhere else first. */
const COMMAND_MS = 600_000
/** A longer text is no token. */
const MAX_TOKEN_BYTES = 100_000

async function tokenOf([file = "", ...args]: string[], env: Record<string, string>): Promise<string> {
  const ran = await collect(
    (options) =>
      startProcess({
        ...options,
        sink(chunk, from) {
          // What it tells the person while it waits.
          if (from === "stderr") out.note(chunk.toString().trimEnd())
          options.sink?.(chunk, from)
        },
      }),
    { file, args, cwd: "/", env, maxBytes: MAX_TOKEN_BYTES, deadlineMs: COMMAND_MS },
  )
  if (ran.failure !== undefined) throw new CommandFailure(`The command could not be run: ${ran.failure}`)
  if (ran.code !== 0) throw new CommandFailure(`The command failed (${ran.signal ?? `exit code ${ran.code}`}).`)
  const token = ran.stdout.toString().trim()
  if (!token || /\s/.test(token)) throw new CommandFailure("The command printed no token: one word is wanted.")
  return token
}
