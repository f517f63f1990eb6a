import type { Session } from "@opencode/protocol/session.ts"
import { dataOf, type Door } from "./door.ts"
import { CommandFailure } from "./fail.ts"

/** The one that a command means that names none. @param purpose what there is none for */
export async function newestSession(
  { client, directory }: Pick<Door, "client" | "directory">,
  purpose: string,
): Promise<Session> {
  const [session] = dataOf(await client.session.list({ directory, roots: true, limit: 1 })) as Session[]
  if (session) return session
  throw new CommandFailure(`There is no session in this folder to ${purpose}.`)
}
