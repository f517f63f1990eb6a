/**
 * The history of the schema. Invariant: append only; the n-th entry brings a database from version n-1 to n, and what
 * was released is never edited. Foreign keys are not enforced while a migration runs, so tables can be rebuilt.
 * The shape of what is inside `data` columns is not the schema's: it is upgraded when read (`row-version.ts`).
 */
import type { Sqlite } from "../sqlite.ts"
import { start } from "./0001-start.ts"
import { todo } from "./0002-todo.ts"
import { change } from "./0003-change.ts"
import { ledger } from "./0004-ledger.ts"
import { child } from "./0005-child.ts"
import { changePlace } from "./0006-change-place.ts"
import { approval } from "./0007-approval.ts"
import { detachedChild } from "./0008-detached-child.ts"

export type Migration = (sqlite: Pick<Sqlite, "exec" | "prepare">) => void

export const migrations: readonly Migration[] = [
  start,
  todo,
  change,
  ledger,
  child,
  changePlace,
  approval,
  detachedChild,
]
