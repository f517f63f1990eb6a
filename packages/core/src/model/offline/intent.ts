import { cleanPath, type Scope } from "./scope.ts"
import { unmask } from "./sentence.ts"

/** What a request asks for. Pure data: `offline-steps.ts` turns it into calls. */
export type Intent =
  | { type: "list"; folder: string; recursive: boolean }
  | { type: "tree"; folder: string }
  | { type: "find"; glob: string; folder?: string; count: boolean }
  | { type: "search"; text: string; scope: Scope; count: boolean; anyCase?: boolean }
  | { type: "define"; name: string; scope: Scope }
  | { type: "read"; file: string; first?: number; last?: number }
  | { type: "outline"; files: string[] }
  | { type: "lines"; files: string[]; glob?: string; folder?: string }
  | { type: "compare"; files: string[] }
  | { type: "replace"; from: string; to: string; scope: Scope }
  | { type: "rename"; from: string; to: string; scope: Scope }
  | { type: "create"; file: string; content: string; overwrite: boolean }
  | { type: "append"; file: string; content: string }
  | { type: "move"; files: string[]; to: string; isFolder?: boolean; copy?: boolean }
  | { type: "delete"; files: string[]; glob?: string; folder?: string }
  | { type: "mkdir"; folders: string[] }
  | { type: "run"; command: string }
  | { type: "execute"; file: string }
  | { type: "script"; script: "test" | "build" | "lint" }
  | { type: "changes" }
  | { type: "undo" }
  | { type: "todo"; items: string[] }
  | { type: "explain"; intents: Intent[] }
  /** What must not be touched by the other requests of the prompt. */
  | { type: "avoid"; names: string[] }
  /** Something that must not be done: it is not. */
  | { type: "refrain"; text: string }
  | { type: "help"; reason: "asked" | "greeting" }
  | { type: "thanks" }
  | { type: "unknown"; text: string }

export type IntentOf<Type extends Intent["type"]> = Extract<Intent, { type: Type }>

/** Says what a request means, or nothing when it is about something else. `pieces` are what its marks stand for. */
export type Recogniser = (text: string, pieces: readonly string[]) => Intent | undefined

export const term = (text: string | undefined, pieces: readonly string[]): string => unmask((text ?? "").trim(), pieces)

export const path = (text: string | undefined, pieces: readonly string[]): string => cleanPath(term(text, pieces))
