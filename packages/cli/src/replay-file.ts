import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createEngines } from "@opencode/core/engines.ts"
import { openHome } from "@opencode/core/home.ts"
import { silentLog } from "@opencode/core/lib/log.ts"
import { parseRecording, type EntryOf, type Recording } from "@opencode/core/recording/entry.ts"
import { openReplay, type Verdict } from "@opencode/core/recording/replay.ts"
import { createApp } from "@opencode/server/app.ts"

/**
 * Runs a recording through the real program: its door, engine, store, permissions. Only what lies beyond the boundary is
 * played. Everything is in a folder of its own, which is gone afterwards; there is no socket.
 * @throws BadRecording, or the error of the file system
 */
export async function replayFile(file: string): Promise<Verdict> {
  const recording = parseRecording(readFileSync(file, "utf8"))
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "opencode-replay-")))
  try {
    return await replayIn(folder, recording)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

async function replayIn(folder: string, recording: Recording): Promise<Verdict> {
  const { header, entries } = recording
  const replay = openReplay(recording, folder)
  const place = (name: string): string => {
    mkdirSync(join(folder, name), { mode: 0o700 })
    return join(folder, name)
  }
  const home = await openHome({
    // Nothing of the user's surroundings: no key, no proxy, no setting.
    env: {
      XDG_DATA_HOME: place("data"),
      XDG_CONFIG_HOME: place("config"),
      XDG_STATE_HOME: place("state"),
      XDG_CACHE_HOME: place("cache"),
      TMPDIR: place("tmp"),
    },
    home: place("home"),
    log: silentLog,
    version: header.version,
    platform: header.platform,
    pid: process.pid,
    trusted: false,
    openBoundary: replay.boundary,
  })
  const engines = createEngines(home)
  const first = entries.find((entry) => entry.k === "folder")?.directory ?? ""
  const app = createApp({ ...home, engines, directory: replay.directoryOf(first) })
  const closing: Promise<void>[] = []
  try {
    await replay.prepare(home.store)
    await replay.play({
      send: async (input) => {
        const response = await app.fetch(requestOf(input, replay.directoryOf(input.directory)))
        await response.arrayBuffer()
      },
      close: () => void closing.push(engines.close()),
    })
    // What was cut off has no end of its own; everything else gets to it before it is compared.
    if (recording.isWhole) await Promise.all(closing)
    return replay.verdict(home.store)
  } finally {
    replay.end()
    app.close()
    await Promise.all(closing)
    await engines.close()
    await home.close()
  }
}

function requestOf({ method, target, body }: EntryOf<"input">, directory: string): Request {
  const url = new URL(target, "http://localhost")
  if (url.searchParams.has("directory")) url.searchParams.set("directory", directory)
  return new Request(url, {
    method,
    headers: {
      "x-opencode-directory": encodeURIComponent(directory),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}
