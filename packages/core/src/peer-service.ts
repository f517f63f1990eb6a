import { PromptInput } from "@opencode/protocol/message.ts"
import { PermissionReply } from "@opencode/protocol/permission.ts"
import { QuestionAnswer } from "@opencode/protocol/question.ts"
import { z } from "zod"
import type { Bus, Frame } from "./bus/bus.ts"
import type { Engine } from "./engine.ts"
import type { Engines } from "./engines.ts"
import { fault } from "./lib/fault.ts"
import type { PeerService } from "./peer/listen.ts"

export interface PeerServiceDeps {
  engines: Pick<Engines, "of" | "open">
  bus: Bus
  now(): number
  /** Whether this process holds the session's lease. */
  isOurs(sessionID: string): boolean
  isClosing(): boolean
}

/** What this process does when another one of the same user asks. What comes in is checked like a request. */
export function peerService({ engines, bus, now, isOurs, isClosing }: PeerServiceDeps): PeerService {
  async function openAt(args: unknown): Promise<Engine[]> {
    const { directory } = read(z.object({ directory: z.string() }), args)
    return (await engines.open()).filter(({ scope }) => scope.directory === directory)
  }

  return {
    async answer(ask, args, note) {
      if (isClosing()) throw fault("unavailable", "The process that works on the session is ending.")
      if (ask === "prompt") {
        const { sessionID, input } = read(z.object({ sessionID: z.string(), input: PromptInput() }), args)
        const { message, answer } = await (await engines.of(sessionID)).sessions.prompt(sessionID, input)
        note(message)
        return (await answer)?.info.id ?? null
      }
      if (ask === "abort") {
        const { sessionID } = read(z.object({ sessionID: z.string() }), args)
        // To end what runs takes as long as its commands need to end; that it is heard is known at once.
        note("heard")
        return (await engines.of(sessionID)).sessions.abort(sessionID)
      }
      if (ask === "background") {
        const { sessionID } = read(z.object({ sessionID: z.string() }), args)
        return (await engines.of(sessionID)).children.detach(sessionID)
      }
      if (ask === "questions") return (await openAt(args)).flatMap(({ gate }) => gate.list())
      if (ask === "reply") {
        const { requestID, answer, sessionID } = read(replyArgs(), args)
        const asking = (await engines.open()).find(({ gate }) => has(gate, requestID))
        await asking?.approvals.reply(requestID, answer, sessionID)
        return asking !== undefined
      }
      if (ask === "approved") {
        for (const { gate } of await engines.open()) gate.reconsider()
        return []
      }
      if (ask === "question-requests") return (await openAt(args)).flatMap(({ questions }) => questions.list())
      if (ask === "answer") {
        const { requestID, answers } = read(answerArgs(), args)
        const asking = (await engines.open()).find(({ questions }) => has(questions, requestID))
        asking?.questions.reply(requestID, answers)
        return asking !== undefined
      }
      throw fault("bad_request", `Another version of this program asks for ${ask}, which this one does not know.`)
    },

    async follow(isNew, sink) {
      const open = await engines.open()
      // From here to the end in one go, so that nothing falls between what is and what happens next.
      const pass = ({ scope, type, properties }: Pick<Frame, "scope" | "type" | "properties">): void =>
        sink({ ...(scope ? { scope } : {}), event: { type, properties } as never })
      if (isNew) for (const frame of workedOn(bus.kept())) pass(frame)
      for (const { scope, sessions } of open) {
        for (const [sessionID, status] of Object.entries(sessions.status())) {
          if (isOurs(sessionID)) pass({ scope, type: "session.status", properties: { sessionID, status } })
        }
        for (const part of sessions.openParts()) {
          const properties = { sessionID: part.sessionID, part, time: now() }
          pass({ scope, type: "message.part.updated", properties })
        }
      }
      return bus.subscribePeer(pass)
    },
  }
}

/** What is kept of the sessions that this process has worked on: the others it only looked at, or named. */
function workedOn(frames: Frame[]): Frame[] {
  const sessions = new Set(frames.flatMap((frame) => (frame.type === "session.status" ? [sessionOf(frame)] : [])))
  return frames.filter((frame) => sessions.has(sessionOf(frame)))
}

const sessionOf = ({ properties }: Frame): unknown => ("sessionID" in properties ? properties.sessionID : undefined)

const has = ({ list }: { list(): { id: string }[] }, requestID: string): boolean =>
  list().some(({ id }) => id === requestID)

const replyArgs = () =>
  z.object({
    requestID: z.string(),
    sessionID: z.string().optional(),
    answer: z.object({ reply: PermissionReply(), message: z.string().optional(), save: z.literal(true).optional() }),
  })

const answerArgs = () => z.object({ requestID: z.string(), answers: z.array(QuestionAnswer()).optional() })

function read<T>(schema: z.ZodType<T>, args: unknown): T {
  const { data, success, error } = schema.safeParse(args)
  if (success) return data
  throw fault("bad_request", `What another process asks for cannot be read: ${z.prettifyError(error)}`)
}
