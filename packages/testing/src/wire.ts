// What a wire is: pure translation between replies and one provider's protocol. Nothing here touches a socket.
import type { Answer, Failure } from "./script.ts"

export type WireName = "openai" | "anthropic" | "openai-responses" | "google"

export type HeardCall = { id: string; name: string; input: unknown }
export type HeardResult = { id: string; text: string; isError: boolean }

export type HeardMessage = {
  /** As the wire says it: results are in `tool` messages on one wire and in `user` messages on the other. */
  role: string
  text: string
  reasoning: string
  toolCalls: HeardCall[]
  toolResults: HeardResult[]
  /** Has text without a character, alone or beside other content. */
  hasEmptyText: boolean
}

/** A request body in the words that the wires share. System text is not among the messages. */
export type Heard = { system: string; messages: HeardMessage[]; tools: string[] }

/** One server-sent event. `delta`: it carries a chunk of the reply, rather than framing. */
export type Frame = { text: string; delta: boolean }

/** What an answer needs beside itself. */
export type Circumstances = {
  /** Number of the request, from 1: ids are made of it. */
  number: number
  model: string
  /** What was asked: some wires answer more to those who ask for it. */
  body: Record<string, unknown>
  /** Next number for a tool call's id. */
  nextCall: () => number
}

export type ErrorAnswer = { status: number; body: unknown }

/** What a path itself says of the request. */
export type Route = { model?: string; stream?: boolean }

export type Wire = {
  name: WireName
  /** Undefined: the path is not of this wire. Any prefix is: gateways and clouds put theirs before it. */
  route(path: string): Route | undefined
  /** Name of the response header that carries the request's id. */
  requestIdHeader: string
  read(body: Record<string, unknown>): Heard
  frames(answer: Answer, circumstances: Circumstances): Iterable<Frame>
  /** The same answer as one JSON value. */
  whole(answer: Answer, circumstances: Circumstances): unknown
  failure(failure: Failure, number: number): ErrorAnswer
  /** An error inside a stream. */
  errorFrame(failure: Failure, number: number): string
  /** A frame that breaks off inside its JSON. */
  brokenFrame: string
}

/** The route of a wire whose paths all end alike. */
export const pathEnding =
  (end: string) =>
  (path: string): Route | undefined =>
    path.endsWith(end) ? {} : undefined

/** Ids have the length of real ones, and are equal in two runs of the same script. */
export const idOf = (prefix: string, number: number, digits: number): string =>
  prefix + String(number).padStart(digits, "0")

export const requestId = (number: number): string => idOf("req_01", number, 22)

export const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}

export const asList = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.map(asRecord) : [])

export const asText = (value: unknown): string => (typeof value === "string" ? value : "")

/** Text of a content field: a string, or a list of blocks of which the text ones count. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content
  return asList(content)
    .filter((block) => block.type === "text")
    .map((block) => asText(block.text))
    .join("\n")
}

export const hasEmptyText = (content: unknown): boolean =>
  content === "" || asList(content).some((block) => block.type === "text" && block.text === "")

/** Arguments as their value, or as the text they are when that is not JSON. */
export function argumentsOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
