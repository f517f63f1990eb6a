import { didYouMean } from "@opencode/core/lib/text.ts"
import type { Command } from "@opencode/protocol/command.ts"
import type { AnswerWithParts } from "@opencode/protocol/message.ts"
import type { Event } from "@opencode/protocol/event.ts"
import { parseModelRef } from "@opencode/protocol/model-ref.ts"
import { TRUST } from "@opencode/protocol/trust.ts"
import type { LogLevel } from "@opencode/protocol/log.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { dataOf, openDoor, type Door } from "../door.ts"
import { placesLeftEmpty } from "@opencode/core/session/command-template.ts"
import { titleFrom } from "@opencode/core/session/title.ts"
import { attachedFiles, type AttachedFile } from "../attached-files.ts"
import { CommandFailure, requireSessionID } from "../fail.ts"
import { out } from "../out.ts"
import { issueLine, warnOfEverything, workingFolder } from "../workplace.ts"
import { readInput } from "../standard-input.ts"
import { INTERRUPTED, onInterrupt } from "./interrupt.ts"
import { defaultView, jsonError, jsonView, type RunView } from "./run-view.ts"

/**
 * One prompt for a script or a person who does not stay: it never waits for an answer, prints the result on standard
 * output and everything else on standard error, and exits with 0 only when the model finished its answer.
 */
export interface RunOptions {
  model?: string
  variant?: string
  agent?: string
  command?: string
  file: string[]
  continue?: boolean
  session?: string
  fork?: boolean
  format: "default" | "json"
  title?: string
  share?: boolean
  dir?: string
  auto?: boolean
  printLogs?: boolean
  logLevel?: LogLevel
  trust?: boolean
}

export async function run(words: string[], options: RunOptions): Promise<number> {
  try {
    return await runPrompt(await promptOf(words, options), options)
  } catch (error) {
    if (options.format === "json" && error instanceof Error) jsonError(error.message)
    throw error
  }
}

async function promptOf(words: string[], options: RunOptions): Promise<Prompt> {
  const text = [words.join(" "), await readInput()].filter((part) => part.trim()).join("\n")
  const { command } = options
  if (!text && command === undefined)
    throw new CommandFailure("There is nothing to do: give a message, or text on standard input.")
  const model = options.model === undefined ? undefined : parseModelRef(options.model)
  if (options.model !== undefined && !model) {
    throw new CommandFailure(`A model is written as provider/model, not "${options.model}".`)
  }
  if (options.session !== undefined) requireSessionID(options.session)
  if (options.fork && options.session === undefined && !options.continue) {
    throw new CommandFailure("--fork needs a session to copy: give --session or --continue.")
  }
  const files = attachedFiles(options.file)
  const { variant, agent, auto = false } = options
  return { text, command, files, model, variant, agent, auto }
}

async function runPrompt(prompt: Prompt, options: RunOptions): Promise<number> {
  const door = await openDoor(workingFolder(options.dir), options)
  try {
    await warnOfEverything(door)
    if (prompt.command !== undefined) await requireCommand(prompt.command, prompt.text, door)
    const session = await forked(await sessionFor(options, prompt, door), options, door)
    if (session.directory !== door.directory) out.note(`This session works in ${session.directory}.`)
    if (options.share) await share(session, door)
    const view = options.format === "json" ? jsonView(session.id) : defaultView()
    return await ask(session, prompt, view, door)
  } finally {
    await door.close()
  }
}

/** Before there is a session that nothing can be said in. */
async function requireCommand(name: string, given: string, { client, composition, directory }: Door): Promise<void> {
  const commands = dataOf(await client.command.list()) as Command[]
  const names = commands.map((command) => command.name)
  const command = commands.find((one) => one.name === name)
  if (!command) throw new CommandFailure(`Command not found: ${name}.${didYouMean(name, names)}`)
  const empty = placesLeftEmpty(command.hints, given)
  if (!empty.length) return
  const { config } = await composition.engines.at(directory)
  const message = `The command ${name} has a place for ${empty.join(" and ")}, which was not given: it stays empty.`
  const file = config.origin(["command", name, "template"])?.file
  out.note(`Warning: ${issueLine({ message, file })}`)
}

/** The prompt goes to a copy, and the session stays as it is. */
async function forked(session: Session, { fork }: RunOptions, { client }: Door): Promise<Session> {
  return fork ? (dataOf(await client.session.fork({ sessionID: session.id })) as Session) : session
}

/** Before anything is spent: what is disabled is refused here. The page follows the session from now on. */
async function share({ id: sessionID }: Session, { client }: Door): Promise<void> {
  const shared = dataOf(await client.session.share({ sessionID })) as Session
  out.note(`Shared: ${shared.share?.url}`)
}

async function sessionFor(
  { session, continue: last, title, agent }: RunOptions,
  { text, command, model }: Pick<Prompt, "text" | "command" | "model">,
  { client, directory }: Door,
): Promise<Session> {
  if (session !== undefined) return dataOf(await client.session.get({ sessionID: session })) as Session
  if (last) {
    const [newest] = dataOf(await client.session.list({ directory, roots: true, limit: 1 })) as Session[]
    if (newest) return newest
    throw new CommandFailure("There is no session in this folder to continue.")
  }
  // Nobody is there to answer questions or to approve a plan.
  const permission = ["question", "plan_enter", "plan_exit"].map((name) => ({
    permission: name,
    pattern: "*",
    action: "deny" as const,
  }))
  return dataOf(
    await client.session.create({
      permission,
      // A name of its own spares the request for one: nobody is here to see it change.
      title: title ?? titleFrom(command === undefined ? text : `/${command} ${text}`) ?? "run",
      // Refused here when they do not exist, before there is a session that nothing can be said in.
      ...(agent === undefined ? {} : { agent }),
      ...(model ? { model: { id: model.modelID, providerID: model.providerID } } : {}),
    }),
  ) as Session
}

interface Prompt {
  text: string
  /** A command to run, with the text as its arguments. */
  command: string | undefined
  files: AttachedFile[]
  model: { providerID: string; modelID: string } | undefined
  variant: string | undefined
  agent: string | undefined
  auto: boolean
}

async function ask(session: Session, prompt: Prompt, view: RunView, door: Door): Promise<number> {
  const { client } = door
  const { id: sessionID } = session
  const stopListening = new AbortController()
  const refused: string[] = []
  const { stream } = await client.event.subscribe(
    { directory: session.directory },
    { signal: stopListening.signal, sseMaxRetryAttempts: 1 },
  )
  const events = stream[Symbol.asyncIterator]() as AsyncIterator<Event>
  await events.next() // server.connected: from here on nothing is missed

  const abort = () => client.session.abort({ sessionID })
  const interrupt = onInterrupt(abort)
  const listening = follow(events, sessionID, {
    isOurs: inTreeOf(sessionID, door),
    async handle(event) {
      view.event(event)
      // Who was stopped while files were still being read had nothing to abort by then.
      if (interrupt.happened && event.type === "session.status" && event.properties.status.type === "busy") void abort()
      if (event.type === "question.asked") {
        // A session of somebody who could answer, which is gone on with here.
        refused.push("question (nobody is here to answer)")
        dataOf(await client.question.reject({ requestID: event.properties.id }))
      }
      if (event.type !== "permission.asked") return
      const { id: requestID, permission, patterns } = event.properties
      // To approve a plan is to have read it, and no flag has.
      if (permission === "plan_exit") {
        dataOf(await client.permission.reply({ requestID, reply: "reject", message: PLAN_STAYS }))
        return
      }
      // Nobody is here to be shown what it is; that it is held back was said at the start.
      const isTrust = permission === TRUST
      const reply = prompt.auto && !isTrust && !NEEDS_A_PERSON.has(permission) ? "once" : "reject"
      if (reply === "reject" && !isTrust) refused.push(`${permission} (${patterns.join(", ")})`)
      dataOf(await client.permission.reply({ requestID, reply }))
    },
  })
  try {
    const answering = send(sessionID, prompt, client)
    // Whichever fails first ends the wait for both.
    const [answer] = await Promise.all([answering.then(dataOf), listening])
    view.end(answer as AnswerWithParts)
    return interrupt.happened ? INTERRUPTED : verdict(answer as AnswerWithParts, { refused, auto: prompt.auto, view })
  } catch (error) {
    // What was stopped before its prompt was sent has no answer.
    if (interrupt.happened) return INTERRUPTED
    throw error
  } finally {
    interrupt.close()
    stopListening.abort()
  }
}

const PLAN_STAYS = "Nobody is here to approve the plan. Put it into your answer."

function send(sessionID: string, prompt: Prompt, { session }: Door["client"]): Promise<{ data?: unknown }> {
  const { command, text, files, model, variant, agent } = prompt
  const how = { sessionID, ...(variant === undefined ? {} : { variant }), ...(agent === undefined ? {} : { agent }) }
  if (command === undefined)
    return session.prompt({ ...how, parts: [...files, { type: "text", text }], ...(model ? { model } : {}) })
  const named = model ? { model: `${model.providerID}/${model.modelID}` } : {}
  return session.command({ ...how, command, arguments: text, parts: files, ...named })
}

/** What `--auto` leaves to a person, or to a rule that names it: the files that decide what is run or allowed later. */
const NEEDS_A_PERSON = new Set(["control_file"])

interface Asked {
  refused: string[]
  auto: boolean
  view: RunView
}

/** Hands over the session's events, and the questions of its subagents, until the session is idle. */
async function follow(
  events: AsyncIterator<Event>,
  sessionID: string,
  { isOurs, handle }: { isOurs(sessionID: string): Promise<boolean>; handle(event: Event): Promise<void> },
): Promise<void> {
  for (;;) {
    const { value: event, done } = await events.next()
    // Questions could no longer be heard, and so not be answered: better no result than a wait for ever.
    if (done) throw new CommandFailure("The stream of events broke off before the answer was complete.")
    if (!("sessionID" in event.properties)) continue
    const isSame = event.properties.sessionID === sessionID
    const isAsked = event.type === "permission.asked" || event.type === "question.asked"
    if (!isSame && !(isAsked && (await isOurs(event.properties.sessionID)))) continue
    await handle(event)
    if (isSame && event.type === "session.idle") return
  }
}

/**
 * Whether a session is this one or was started by it, at any depth: nobody but us answers for it. Others of the same
 * folder may have a person.
 */
function inTreeOf(rootID: string, { client }: Door): (sessionID: string) => Promise<boolean> {
  const known = new Map([[rootID, true]])
  return async function isOurs(sessionID: string): Promise<boolean> {
    const answer = known.get(sessionID)
    if (answer !== undefined) return answer
    const { data } = await client.session.get({ sessionID }) // none: it was deleted meanwhile
    const ours = data?.parentID !== undefined && (await isOurs(data.parentID))
    known.set(sessionID, ours)
    return ours
  }
}

function verdict({ info, parts }: AnswerWithParts, { refused, auto, view }: Asked): number {
  if (info.error) return 1 // the view has said why
  if (refused.length > 0) {
    const way = auto ? "Use" : "Use --auto or"
    view.failed(`Not allowed in a run without a person: ${refused.join("; ")}. ${way} a permission rule.`)
    return 1
  }
  if (parts.some((part) => part.type === "text" && part.text.trim())) return 0
  view.failed("Error: the model ended without an answer.")
  return 1
}
