import { existsSync } from "node:fs"
import type { Agent } from "@opencode/protocol/agent.ts"
import type { Command } from "@opencode/protocol/command.ts"
import type { Provider } from "@opencode/protocol/provider.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { databaseOfUser } from "../compose.ts"
import { dataOf, openDoor, type Door } from "../door.ts"
import { workingFolder } from "../workplace.ts"
import type { Candidate, Source } from "./complete.ts"

/** As many as a person looks through; older ones are found by `session search`. */
const MAX_SESSIONS = 50

/** Names that are only known at run time. None where finding out would begin something: a key for tab makes no database. */
export async function namesOf(source: Exclude<Source, "files" | "folders">): Promise<Candidate[]> {
  if (!existsSync(databaseOfUser())) return []
  const door = await openDoor(workingFolder(undefined))
  try {
    return await LISTS[source](door)
  } finally {
    await door.close()
  }
}

const LISTS: Record<Exclude<Source, "files" | "folders">, (door: Door) => Promise<Candidate[]>> = {
  async sessions({ client, directory }) {
    const all = dataOf(await client.session.list({ directory, roots: true, limit: MAX_SESSIONS })) as Session[]
    return all.map(({ id, title }) => ({ value: id, about: title }))
  },
  async models({ client }) {
    const { providers } = dataOf(await client.config.providers()) as { providers: Provider[] }
    return providers.flatMap(({ id, models }) =>
      Object.values(models).map((model) => ({ value: `${id}/${model.id}`, about: model.name })),
    )
  },
  async agents({ client }) {
    const agents = dataOf(await client.app.agents()) as Agent[]
    return agents
      .filter(({ hidden }) => !hidden)
      .map(({ name, description = "" }) => ({ value: name, about: description }))
  },
  async commands({ client }) {
    const commands = dataOf(await client.command.list()) as Command[]
    return commands.map(({ name, description = "" }) => ({ value: name, about: description }))
  },
  async providers({ client }) {
    const { all } = dataOf(await client.provider.list()) as { all: Provider[] }
    return all.map(({ id, name }) => ({ value: id, about: name }))
  },
}
