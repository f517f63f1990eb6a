import { didYouMean } from "@opencode/core/lib/text.ts"
import { placesLeftEmpty } from "@opencode/core/session/command-template.ts"
import { titleFrom } from "@opencode/core/session/title.ts"
import type { Command } from "@opencode/protocol/command.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { dataOf } from "../door.ts"
import { CommandFailure, requireSessionID } from "../fail.ts"
import { newestSession } from "../newest-session.ts"
import { out } from "../out.ts"
import { issueLine } from "../workplace.ts"
import type { RunPlace } from "./run-place.ts"
import type { Prompt } from "./run-prompt.ts"

/** Which session a prompt goes to. Whatever can be refused is refused before a new one is made. */
export interface SessionChoice {
  continue?: boolean
  session?: string
  fork?: boolean
  title?: string
  share?: boolean
  /** Somebody answers questions and approves plans. */
  hasPerson: boolean
}

/** @throws CommandFailure for a choice that cannot be one, before anything is opened */
export function requireChoice({ session, continue: last, fork }: Omit<SessionChoice, "hasPerson">): void {
  if (session !== undefined) requireSessionID(session)
  if (fork && session === undefined && !last)
    throw new CommandFailure("--fork needs a session to copy: give --session or --continue.")
}

export async function sessionFor(choice: SessionChoice, prompt: Prompt, place: RunPlace): Promise<Session> {
  const { client, directory } = place
  const known = await knownSession(choice, place)
  const session = known ?? (await newSession(choice, prompt, place))
  // The prompt goes to a copy, and the session stays as it is.
  const chosen = choice.fork ? (dataOf(await client.session.fork({ sessionID: session.id })) as Session) : session
  if (chosen.directory !== directory) out.note(`This session works in ${chosen.directory}.`)
  if (choice.share) await share(chosen, place)
  return chosen
}

async function knownSession({ session, continue: last }: SessionChoice, place: RunPlace): Promise<Session | undefined> {
  if (session !== undefined) return dataOf(await place.client.session.get({ sessionID: session })) as Session
  return last ? newestSession(place, "continue") : undefined
}

/** What nobody is there to answer or to approve in a run without a person. */
const NEEDS_A_PERSON = ["question", "plan_enter", "plan_exit"]

async function newSession({ title, hasPerson }: SessionChoice, prompt: Prompt, { client }: RunPlace): Promise<Session> {
  const { text, command, model, agent } = prompt
  const permission = NEEDS_A_PERSON.map((name) => ({ permission: name, pattern: "*", action: "deny" as const }))
  // A name of its own spares the request for one: nobody is here to see it change.
  const name =
    title ?? (hasPerson ? undefined : (titleFrom(command === undefined ? text : `/${command} ${text}`) ?? "run"))
  return dataOf(
    await client.session.create({
      ...(hasPerson ? {} : { permission }),
      ...(name === undefined ? {} : { title: name }),
      // Refused here when they do not exist, before there is a session that nothing can be said in.
      ...(agent === undefined ? {} : { agent }),
      ...(model ? { model: { id: model.modelID, providerID: model.providerID } } : {}),
    }),
  ) as Session
}

/** Before anything is spent: what is disabled is refused here. The page follows the session from now on. */
async function share({ id: sessionID }: Session, { client }: RunPlace): Promise<void> {
  const shared = dataOf(await client.session.share({ sessionID })) as Session
  out.note(`Shared: ${shared.share?.url}`)
}

/** Before there is a session that nothing can be said in. */
export async function requireCommand(name: string, given: string, place: RunPlace): Promise<void> {
  const commands = dataOf(await place.client.command.list()) as Command[]
  const names = commands.map((command) => command.name)
  const command = commands.find((one) => one.name === name)
  if (!command) throw new CommandFailure(`Command not found: ${name}.${didYouMean(name, names)}`)
  const empty = placesLeftEmpty(command.hints, given)
  if (!empty.length) return
  const message = `The command ${name} has a place for ${empty.join(" and ")}, which was not given: it stays empty.`
  const { config } = (await place.composition?.engines.at(place.directory)) ?? {}
  const file = config?.origin(["command", name, "template"])?.file
  out.note(`Warning: ${issueLine({ message, file })}`)
}
