import type { EventProperties } from "@opencode/protocol/event.ts"
import type { QuestionAnswer, QuestionInfo, QuestionRequest } from "@opencode/protocol/question.ts"
import { fault } from "../lib/fault.ts"
import { createPending } from "../lib/pending.ts"

/** What the models of a folder want to know of a person, as long as nobody has answered. */
export interface Questions {
  /** Resolves with an answer to each question, or with nothing when a person dismissed them or the signal aborted. */
  ask(asking: Asking): Promise<QuestionAnswer[] | undefined>
  /** Requests that wait, oldest first. */
  list(): QuestionRequest[]
  /**
   * @param answers one for each question; absent: the person does not want to answer
   * @throws fault `question_not_found` when no such request waits, `bad_request` when there are not as many answers
   */
  reply(requestID: string, answers: QuestionAnswer[] | undefined): void
  /** Dismisses everything that waits. */
  close(): void
}

export interface Asking {
  sessionID: string
  questions: QuestionInfo[]
  /** The call that asks. */
  tool: { messageID: string; callID: string }
  signal: AbortSignal
}

type QuestionEvent = "question.asked" | "question.replied" | "question.rejected"

export interface QuestionsDeps {
  publish<Type extends QuestionEvent>(type: Type, properties: EventProperties<Type>): void
  id(prefix: "que", sessionID: string): string
}

export function createQuestions({ publish, id }: QuestionsDeps): Questions {
  const pending = createPending<QuestionRequest, QuestionAnswer[] | undefined>({
    withdrawn: undefined,
    asked: (request) => publish("question.asked", request),
    settled({ id: requestID, sessionID }, answers) {
      if (answers) publish("question.replied", { sessionID, requestID, answers })
      else publish("question.rejected", { sessionID, requestID })
    },
  })

  return {
    ask({ sessionID, questions, tool, signal }) {
      if (signal.aborted) return Promise.resolve(undefined)
      return pending.put({ id: id("que", sessionID), sessionID, questions, tool }, undefined, signal)
    },
    list: pending.list,
    reply(requestID, answers) {
      const asked = pending.find(requestID)?.request.questions.length
      if (asked === undefined) {
        throw fault("question_not_found", `Question request not found: ${requestID}`, { requestID })
      }
      if (answers && answers.length !== asked) {
        const wanted = asked === 1 ? "one question" : `${asked} questions`
        throw fault("bad_request", `There are ${answers.length} answers to ${wanted}: give a list for each.`, {
          kind: "Payload",
        })
      }
      pending.settle(requestID, answers)
    },
    close: pending.close,
  }
}
