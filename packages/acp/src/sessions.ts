import type { Event } from "@opencode/protocol/event.ts"
import type { ToolPart } from "@opencode/protocol/part.ts"
import type { GlobalSession, Session } from "@opencode/protocol/session.ts"
import type { OpencodeClient } from "@opencode-ai/sdk/v2/client.ts"
import { dataOf, isMissing } from "./api.ts"
import type { ClientAbilities } from "./abilities.ts"
import { modesOf, optionsOf, withMode, type Choice, type Offer } from "./choice.ts"
import type { Connection } from "./connection.ts"
import { createDesk, type Desk } from "./desk.ts"
import { followEvents } from "./events.ts"
import { createFamily } from "./family.ts"
import { createIssues } from "./issues.ts"
import { readCommands, readOffer } from "./offer.ts"
import type { OpenSession } from "./open-session.ts"
import { existingSession, newSession, replay } from "./opening.ts"
import type { Block } from "./params.ts"
import { runPrompt } from "./prompt.ts"
import { sessionNotFound } from "./rpc-error.ts"
import type { PromptResponse, SessionConfigOption, SessionInfo, SessionUpdate } from "./wire.ts"

/** The sessions of one client, and what happens in them. */
export interface Sessions {
  create(cwd: string): Promise<OpenSession>
  /** @param isTold whether all that was said is told again */
  reopen(sessionId: string, options: { isTold: boolean }): Promise<OpenSession>
  fork(sessionId: string): Promise<OpenSession>
  list(filter: { cwd?: string | undefined; cursor?: string | undefined }): Promise<Page>
  /** @throws RpcError when the client has no such session open */
  get(sessionId: string): OpenSession
  prompt(session: OpenSession, blocks: Block[]): Promise<PromptResponse>
  /** Every prompt of it that runs now is answered as cancelled. */
  cancel(session: OpenSession): Promise<void>
  /** Also one that is closed already, or that nobody knows: it is as the client wants it. */
  close(sessionId: string): Promise<void>
  choose(session: OpenSession, change: (choice: Choice, offer: Offer) => Choice): Promise<SessionConfigOption[]>
  /** What can be typed, and to the log what is wrong with the settings. */
  tellMore(session: OpenSession): Promise<void>
  /** The client is gone: what runs for it ends. */
  end(): Promise<void>
}

interface Page {
  sessions: SessionInfo[]
  nextCursor?: string
}

export interface SessionsDeps {
  client: OpencodeClient
  connection: Connection
  abilities: Readonly<ClientAbilities>
  note(text: string): void
}

/** What a list on a screen has room for; there is a next page. */
const PAGE = 100

export async function openSessions({ client, connection, abilities, note }: SessionsDeps): Promise<Sessions> {
  const open = new Map<string, OpenSession>()
  const family = createFamily(client, open)
  const desk = createDesk({ client, connection, family, abilities, note })
  const issues = createIssues(client, note)
  const ending = new AbortController()
  const send = (sessionId: string, update: SessionUpdate): void =>
    connection.notify("session/update", { sessionId, update })
  const opening = { client, send }
  const telling = { client, desk, family, open, note }
  await followEvents(client, {
    signal: ending.signal,
    hear: (event) => hear(event, telling),
    missed: () => void readAgain(telling),
  })

  async function begin(session: OpenSession, isTold: boolean): Promise<OpenSession> {
    if (isTold) await replay(session, client, { isAgain: false, isFollowed: false })
    open.set(session.id, session)
    void desk.catchUp(session)
    return session
  }

  /** What runs in a session that is open already goes on, and is told in the same order. */
  async function reopen(sessionId: string, isTold: boolean): Promise<OpenSession> {
    const session = await existingSession(sessionId, opening)
    const known = open.get(sessionId)
    if (!known) return begin(session, isTold)
    if (isTold) await replay(known, client, { isAgain: true, isFollowed: true })
    known.isClosed = false
    Object.assign(known, { choice: session.choice, offer: session.offer })
    void desk.catchUp(known)
    return known
  }

  async function cancel({ id: sessionID, directory, prompts }: OpenSession): Promise<void> {
    for (const running of prompts) running.isCancelled = true
    await client.session.abort({ sessionID, directory })
  }

  /** What is still running is told to its end. */
  function forget(session: OpenSession): void {
    if (session.prompts.size === 0) open.delete(session.id)
  }

  return {
    create: async (cwd) => begin(await newSession(cwd, opening), false),
    reopen: (sessionId, { isTold }) => reopen(sessionId, isTold),
    async fork(sessionId) {
      const copy = dataOf(await client.session.fork({ sessionID: sessionId })) as Session
      return begin(await existingSession(copy.id, opening), true)
    },

    async list({ cwd, cursor }) {
      const before = cursor === undefined ? Number.NaN : Number(cursor)
      const answer = await client.experimental.session.list({
        roots: true,
        limit: PAGE,
        ...(cwd === undefined ? {} : { directory: cwd }),
        ...(Number.isFinite(before) ? { cursor: before } : {}),
      })
      // A folder that is gone has no sessions to go on with; that is no mistake of the client.
      const isGone = cwd !== undefined && answer.response?.status === 400
      const found = isGone ? [] : (dataOf(answer) as GlobalSession[])
      const nextCursor = answer.response?.headers.get("x-next-cursor")
      return { sessions: found.map(infoOf), ...(nextCursor ? { nextCursor } : {}) }
    },

    get(sessionId) {
      const session = open.get(sessionId)
      if (!session || session.isClosed) throw sessionNotFound(sessionId)
      return session
    },

    prompt: (session, blocks) =>
      runPrompt(session, blocks, { client, abilities })
        .catch((error: unknown) => {
          throw isMissing(error) ? sessionNotFound(session.id) : error
        })
        .finally(() => session.isClosed && forget(session)),

    cancel,
    async close(sessionId) {
      const session = open.get(sessionId)
      if (!session) return
      session.isClosed = true
      if (session.prompts.size > 0) await cancel(session)
      forget(session)
    },

    async choose(session, change) {
      const offer = await readOffer(client, session.directory)
      session.choice = change(session.choice, offer)
      session.offer = offer
      return optionsOf(session.choice, offer)
    },

    async tellMore(session) {
      await tellCommands(session, client)
      await issues.tell(session.directory)
    },

    async end() {
      desk.close()
      const running = [...open.values()].filter(({ prompts }) => prompts.size > 0)
      await Promise.allSettled(running.map(cancel))
      ending.abort()
    },
  }
}

interface Telling {
  client: OpencodeClient
  desk: Desk
  family: ReturnType<typeof createFamily>
  open: ReadonlyMap<string, OpenSession>
  note(text: string): void
}

function hear(event: Event, telling: Telling): void {
  const { client, desk, family, open } = telling
  switch (event.type) {
    case "message.updated":
      return open.get(event.properties.sessionID)?.projection.message(event.properties.info)
    case "message.part.delta":
      return open.get(event.properties.sessionID)?.projection.delta(event.properties)
    case "message.part.updated": {
      const { part } = event.properties
      const session = open.get(part.sessionID)
      session?.projection.part(part)
      if (part.type !== "tool") return
      if (session) return followPlan(session, part)
      return desk.childCall(part)
    }
    case "todo.updated":
      return open.get(event.properties.sessionID)?.projection.todos(event.properties.todos)
    case "session.created":
      return family.learn(event.properties.info)
    case "session.status": {
      const session = open.get(event.properties.sessionID)
      // What was stopped while its files were still being read had nothing to abort by then.
      const isLate = session && session.prompts.size > 0 && [...session.prompts].every((prompt) => prompt.isCancelled)
      if (isLate && event.properties.status.type === "busy") {
        void client.session.abort({ sessionID: session.id, directory: session.directory })
      }
      return
    }
    case "permission.asked":
      return desk.permission(event.properties)
    case "question.asked":
      return desk.question(event.properties)
    case "permission.replied":
    case "question.replied":
    case "question.rejected":
      return desk.settled(event.properties.requestID)
    case "server.instance.disposed":
      for (const session of open.values())
        if (session.directory === event.properties.directory) void tellSettings(session, telling)
  }
}

/** A plan that was approved is carried out by another agent, and so is what comes after. */
function followPlan(session: OpenSession, { tool, state }: ToolPart): void {
  if (tool !== "plan_exit" || state.status !== "completed" || typeof state.metadata.agent !== "string") return
  const mode = state.metadata.agent
  if (session.choice.mode === mode || !modesOf(session.offer).some(({ name }) => name === mode)) return
  session.choice = withMode(session.choice, mode, session.offer)
  session.send({ sessionUpdate: "current_mode_update", currentModeId: mode })
  session.send({ sessionUpdate: "config_option_update", configOptions: optionsOf(session.choice, session.offer) })
}

/** The stream has a gap: what came of the running prompts is read. */
async function readAgain({ client, desk, open, note }: Telling): Promise<void> {
  for (const session of open.values()) {
    try {
      if (session.prompts.size > 0) await replay(session, client, { isAgain: false, isFollowed: true })
      await desk.catchUp(session)
    } catch (error) {
      note(`What was missed could not be read: ${String(error)}`)
    }
  }
}

async function tellSettings(session: OpenSession, { client, note }: Telling): Promise<void> {
  try {
    session.offer = await readOffer(client, session.directory)
    session.send({ sessionUpdate: "config_option_update", configOptions: optionsOf(session.choice, session.offer) })
    await tellCommands(session, client)
  } catch (error) {
    note(`The settings could not be read again: ${String(error)}`)
  }
}

async function tellCommands(session: OpenSession, client: OpencodeClient): Promise<void> {
  const availableCommands = await readCommands(client, session.directory)
  session.send({ sessionUpdate: "available_commands_update", availableCommands })
}

const infoOf = ({ id, directory, title, time }: GlobalSession): SessionInfo => ({
  sessionId: id,
  cwd: directory,
  title,
  updatedAt: new Date(time.updated).toISOString(),
})
