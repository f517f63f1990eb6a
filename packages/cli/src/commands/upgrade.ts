import { openDoor } from "../door.ts"
import { CommandFailure } from "../fail.ts"
import { out } from "../out.ts"
import { version } from "../version.ts"
import { workingFolder } from "../workplace.ts"

const LATEST = "latest"

interface Outcome {
  success?: boolean
  version?: string
  error?: string
  data?: { message?: string }
}

/** Has the program installed in another version, by what installed this one. @returns the exit code */
export async function upgrade(target: string | undefined, { method }: { method?: string }): Promise<number> {
  const wanted = target?.replace(/^v(?=\d)/, "") ?? LATEST
  if (wanted === version) {
    out.line(`opencode ${version} is installed already.`)
    return 0
  }
  if (wanted !== LATEST && !/^\d+\.\d+\.\d+/.test(wanted)) {
    throw new CommandFailure(`A version is written as 1.20.0, not "${target}".`)
  }
  const door = await openDoor(workingFolder(undefined))
  try {
    out.note(wanted === LATEST ? "Installing the newest version…" : `Installing ${wanted}…`)
    const answer = await door.app.fetch(
      new Request("http://localhost/global/upgrade", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ target: wanted, ...(method === undefined ? {} : { method }) }),
      }),
    )
    const outcome = (await answer.json()) as Outcome
    if (!answer.ok || !outcome.success) {
      throw new CommandFailure(outcome.error ?? outcome.data?.message ?? `The upgrade failed (${answer.status}).`)
    }
    out.line(`opencode ${version} → ${outcome.version}`)
    return 0
  } finally {
    await door.close()
  }
}
