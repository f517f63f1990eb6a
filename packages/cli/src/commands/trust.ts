import { isatty } from "node:tty"
import type { Trust } from "@opencode/protocol/trust.ts"
import { dataOf, openDoor, type Door } from "../door.ts"
import { CommandFailure } from "../fail.ts"
import { out } from "../out.ts"
import { workingFolder } from "../workplace.ts"

/**
 * What the settings of this folder would run, send or loosen. Nothing of it is in effect before a person approved it as
 * it is shown here; whoever changes it has to be approved again.
 */
type Item = Trust["items"][number]

export const listTrust = ({ format }: { format: "table" | "json" }): Promise<number> =>
  withDoor(async (door) => {
    const trust = await read(door)
    if (format === "json") out.line(JSON.stringify(trust, null, 2))
    else out.line(told(trust))
    return 0
  })

export const addTrust = ({ yes = false }: { yes?: boolean }): Promise<number> =>
  withDoor(async (door) => {
    const pending = (await read(door)).items.filter(isOpen)
    if (pending.length === 0) {
      out.note("Nothing of this folder waits for trust.")
      return 0
    }
    out.note(`${door.directory} would, with your rights:\n${shown(pending)}`)
    if (!yes && !(await confirmed())) {
      out.note("Nothing was approved.")
      return 1
    }
    // Exactly what was shown: what has changed meanwhile has another id.
    dataOf(await door.client.trust.approve({ ids: pending.map(({ id }) => id) }))
    out.note(`Approved: ${pending.length}. A change of any of them is asked about again.`)
    return 0
  })

export const removeTrust = (): Promise<number> =>
  withDoor(async (door) => {
    const before = (await read(door)).items.filter(({ state }) => state === "approved").length
    dataOf(await door.client.trust.remove({}))
    out.note(before ? `Taken back: ${before}.` : "Nothing of this folder is approved any more.")
    return 0
  })

async function withDoor(act: (door: Door) => Promise<number>): Promise<number> {
  const door = await openDoor(workingFolder(undefined))
  try {
    return await act(door)
  } finally {
    await door.close()
  }
}

const read = async ({ client }: Door): Promise<Trust> => dataOf(await client.trust.list()) as Trust

const isOpen = ({ state }: Item): boolean => state === "pending" || state === "rejected"

function told({ directory, all, items }: Trust): string {
  if (all) return `Everything in ${directory} is trusted, because of OPENCODE_TRUST.`
  if (items.length === 0) return `The settings of ${directory} need no trust.`
  const waiting = items.filter(isOpen)
  const approved = items.filter((item) => !isOpen(item))
  return [
    ...(approved.length ? [`Approved:\n${shown(approved)}`] : []),
    ...(waiting.length ? [`Held back, until you run \`opencode trust add\`:\n${shown(waiting)}`] : []),
  ].join("\n\n")
}

const shown = (items: readonly Item[]): string =>
  items
    .map(({ summary, file, line, loads }) => {
      const place = line === undefined ? file : `${file}:${line}`
      return [`  ${summary}`, `    in ${place}${loads.length ? `, with ${loads.join(", ")}` : ""}`].join("\n")
    })
    .join("\n")

async function confirmed(): Promise<boolean> {
  if (!isatty(0) || !isatty(2))
    throw new CommandFailure("There is nobody to ask here: give --yes to approve what is shown.")
  const { confirm, isCancel } = await import("@clack/prompts")
  const answer = await confirm({ message: "Approve all of it?", initialValue: false, output: process.stderr })
  return !isCancel(answer) && answer
}
