import type { Session } from "@opencode/protocol/session.ts"
import type { OpencodeClient } from "@opencode-ai/sdk/v2/client.ts"
import { dataOf, isMissing } from "./api.ts"
import type { ClientAbilities } from "./abilities.ts"
import { createChildCalls } from "./child-calls.ts"
import { optionsOf, type Choice, type Offer } from "./choice.ts"
import type { Connection } from "./connection.ts"
import { createDesk } from "./desk.ts"
import { followEvents } from "./events.ts"
import { createFamily } from "./family.ts"
import { hear, readAgain, tellCommands } from "./hearing.ts"
import { createIssues } from "./issues.ts"
import { listSessions, type SessionFilter, type SessionPage } from "./listing.ts"
import { readOffer } from "./offer.ts"
import type { OpenSession } from "./open-session.ts"
import { existingSession, newSession, replay } from "./opening.ts"
import type { Block } from "./params.ts"
import { runPrompt } from "./prompt.ts"
import { sessionNotFound } from "./rpc-error.ts"
import type { PromptResponse, SessionConfigOption, SessionUpdate } from "./wire.ts"

/** The sessions of one client, and what happens in them. */
export interface Sessions {
  create(cwd: string): Promise<OpenSession>
  /** @param isTold whether all that was said is told again */
  reopen(sessionId: string, options: { isTold: boolean }): Promise<OpenSession>
  fork(sessionId: string): Promise<OpenSession>
  list(filter: SessionFilter): Promise<SessionPage>
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

export interface SessionsDeps {
  client: OpencodeClient
  connection: Connection
  abilities: Readonly<ClientAbilities>
  note(text: string): void
}

export async function openSessions({ client, connection, abilities, note }: SessionsDeps): Promise<Sessions> {
  const open = new Map<string, OpenSession>()
  /** Those whose history is being read: what happens in them meanwhile is told after it. */
  const beginning = new Map<string, OpenSession>()
  const family = createFamily(client, open)
  const childCalls = createChildCalls()
  const desk = createDesk({ client, connection, family, childCalls, abilities, note })
  const issues = createIssues(client, note)
  const ending = new AbortController()
  const send = (sessionId: string, update: SessionUpdate): void =>
    connection.notify("session/update", { sessionId, update })
  const opening = { client, send }
  const told = (id: string): OpenSession | undefined => open.get(id) ?? beginning.get(id)
  const telling = { client, desk, family, childCalls, open, told, note }
  await followEvents(client, {
    signal: ending.signal,
    hear: (event) => hear(event, telling),
    missed: () => void readAgain(telling),
  })

  async function begin(session: OpenSession, isTold: boolean): Promise<OpenSession> {
    beginning.set(session.id, session)
    try {
      if (isTold) await replay(session, client, { isAgain: false, isFollowed: false })
      open.set(session.id, session)
    } finally {
      beginning.delete(session.id)
    }
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

    list: (filter) => listSessions(client, filter),

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
      desk.leave(session)
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
