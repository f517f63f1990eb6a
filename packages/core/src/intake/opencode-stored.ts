import { isAbsolute } from "node:path"
import { Project } from "@opencode/protocol/project.ts"
import { asList, asNumber, asRecord, asText, type Json } from "../model/wire/json.ts"
import type { Source } from "./source.ts"

/** What one way of storing has: the database, or the files of before. */
export type StoredSessions = Pick<Source, "sessions" | "projects" | "problems">

/** OpenCode's are a commit or a word. Folders are named by them, and a name must not lead out of where those lie. */
const PROJECT_ID = /^[\w-]{1,128}$/

/** Without the command that starts it: what is run here is approved here. */
export function projectOf({ id, worktree, vcs, name, icon, time, sandboxes }: Json): Project | undefined {
  const { created, updated, initialized } = asRecord(time) ?? {}
  const shown = texts(asRecord(icon) ?? {})
  const { data } = Project().safeParse({
    id,
    worktree,
    ...(vcs === "git" ? { vcs } : {}),
    ...(asText(name) ? { name } : {}),
    ...(Object.keys(shown).length > 0 ? { icon: shown } : {}),
    time: {
      created: asNumber(created) ?? 0,
      updated: asNumber(updated) ?? asNumber(created) ?? 0,
      ...(asNumber(initialized) === undefined ? {} : { initialized }),
    },
    sandboxes: asList(sandboxes).filter((one) => typeof one === "string"),
  })
  return data && PROJECT_ID.test(data.id) && isAbsolute(data.worktree) ? data : undefined
}

const texts = ({ url, override, color }: Json): Json =>
  Object.fromEntries(Object.entries({ url, override, color }).filter(([, value]) => typeof value === "string"))

/** Earlier versions did not note with a session what it cost. */
export function spent(answers: (Json | undefined)[]) {
  const sum = (of: (answer: Json) => unknown): number =>
    answers.reduce((total, answer) => total + (asNumber(of(answer ?? {})) ?? 0), 0)
  const tokens = (answer: Json): Json => asRecord(answer.tokens) ?? {}
  const cache = (answer: Json): Json => asRecord(tokens(answer).cache) ?? {}
  return {
    cost: sum(({ cost }) => cost),
    tokens: {
      input: sum((answer) => tokens(answer).input),
      output: sum((answer) => tokens(answer).output),
      reasoning: sum((answer) => tokens(answer).reasoning),
      cache: { read: sum((answer) => cache(answer).read), write: sum((answer) => cache(answer).write) },
    },
  }
}
