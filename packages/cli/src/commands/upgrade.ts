import { openDoor } from "../door.ts"
import { CommandFailure } from "../fail.ts"
import { out } from "../out.ts"
import { workingFolder } from "../workplace.ts"

interface Outcome {
  success?: boolean
  version?: string
  error?: string
  data?: { message?: string }
}

/** Has the program installed in another version, by what installed this one. @returns the exit code */
export async function upgrade(target: string | undefined, { method }: { method?: string }): Promise<number> {
  const door = await openDoor(workingFolder(undefined))
  try {
    const before = door.composition.home.version
    out.note(target === undefined ? "Looking for the newest version…" : `Installing ${target}…`)
    const wanted = {
      ...(target === undefined ? {} : { target: target.replace(/^v(?=\d)/, "") }),
      ...(method === undefined ? {} : { method }),
    }
    const answer = await door.app.fetch(
      new Request("http://localhost/global/upgrade", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(wanted),
      }),
    )
    const outcome = (await answer.json()) as Outcome
    if (!answer.ok || !outcome.success) {
      throw new CommandFailure(outcome.error ?? outcome.data?.message ?? `The upgrade failed (${answer.status}).`)
    }
    const { version } = outcome
    out.line(version === before ? `opencode ${before} is installed already.` : `opencode ${before} → ${version}`)
    return 0
  } finally {
    await door.close()
  }
}
