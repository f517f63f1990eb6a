import type { Host } from "../lib/host.ts"
import type { Cursor } from "./cursor.ts"
import type { Recording } from "./entry.ts"

/**
 * The recorded draws, lane by lane. A lane that draws more than it did gets new ones: what differs shows in the
 * comparison and not here.
 */
export function replayHost(host: Host, { header, entries }: Recording, cursor: Cursor): Host {
  const draws = new Map<string, (string | number)[]>()
  const keep = (name: string, value: string | number): void => void draws.set(name, [...(draws.get(name) ?? []), value])
  for (const entry of entries) {
    if (entry.k === "draw") keep(`${entry.lane} ${entry.id.split("_", 1)[0]}`, entry.id)
    if (entry.k === "chance") keep(`${entry.lane} chance`, entry.value)
  }
  const lane = (name: string): Host => ({
    now: () => header.started + cursor.now(),
    monotonic: host.monotonic,
    id: (prefix) => (draws.get(`${name} ${prefix}`)?.shift() as string | undefined) ?? host.id(prefix),
    random: () => (draws.get(`${name} chance`)?.shift() as number | undefined) ?? host.random(),
    async sleep(_, signal) {
      await cursor.take(`slept ${name}`, signal)
    },
    lane: (inner) => lane(name ? `${name}/${inner}` : inner),
  })
  return lane("")
}
