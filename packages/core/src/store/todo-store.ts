/** What each session still has to do. Invariant: a list is replaced as a whole, and goes with its session. */
import type { Todo } from "@opencode/protocol/todo.ts"
import { versioned } from "./row-version.ts"
import type { Reader, Tx } from "./tx.ts"

export type TodoStore = ReturnType<typeof createTodoStore>

export function createTodoStore(reader: Reader) {
  const shape = versioned<Todo[]>()
  return {
    /** The session is stored first. */
    put(tx: Tx, sessionID: string, todos: Todo[]): void {
      tx.run(
        `INSERT INTO todo (session_id, v, data) VALUES (?, ?, ?)
         ON CONFLICT (session_id) DO UPDATE SET v = excluded.v, data = excluded.data`,
        sessionID,
        shape.current,
        shape.encode(todos),
      )
    },

    /** Empty when nothing was ever noted. */
    get(sessionID: string): Todo[] {
      const row = reader.get<{ v: number; data: string }>("SELECT v, data FROM todo WHERE session_id = ?", sessionID)
      return row ? shape.decode(row.data, row.v) : []
    },
  }
}
