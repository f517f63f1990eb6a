import type { Host } from "../lib/host.ts"
import type { RecordingFile } from "./file.ts"

/** The same draws, each noted under its lane. The clock is not: every entry carries the time. */
export function recordHost(host: Host, { write }: Pick<RecordingFile, "write">): Host {
  const lane = (name: string): Host => ({
    now: host.now,
    monotonic: host.monotonic,
    id(prefix) {
      const id = host.id(prefix)
      write({ k: "draw", lane: name, id })
      return id
    },
    random() {
      const value = host.random()
      write({ k: "chance", lane: name, value })
      return value
    },
    async sleep(milliseconds, signal) {
      await host.sleep(milliseconds, signal)
      write({ k: "slept", lane: name })
    },
    lane: (inner) => lane(name ? `${name}/${inner}` : inner),
  })
  return lane("")
}
