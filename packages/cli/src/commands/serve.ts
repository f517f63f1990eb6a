import { listen, type Listening } from "@opencode/server/listen.ts"
import { createApp } from "@opencode/server/app.ts"
import type { Announcement } from "@opencode/server/announce.ts"
import type { LogLevel } from "@opencode/protocol/log.ts"
import { compose } from "../compose.ts"
import { networkOf, type NetworkOptions } from "../network.ts"
import { neverWait, out } from "../out.ts"
import { keepHeapSmall } from "../small-heap.ts"
import { warnOfSettings, workingFolder } from "../workplace.ts"

export interface ServeOptions extends NetworkOptions {
  cwd?: string
  debug?: boolean
  printLogs?: boolean
  logLevel?: LogLevel
  trust?: boolean
}

/** Serves until it is told to stop. It listens only when it can answer. @param ready told of the address */
export async function serve(options: ServeOptions, ready?: (url: string) => Promise<void>): Promise<void> {
  keepHeapSmall()
  neverWait()
  const directory = workingFolder(options.cwd)
  const composition = await compose({
    ...options,
    ...(options.debug ? { printLogs: true, logLevel: "DEBUG" as const } : {}),
  })
  let listening: Listening | undefined
  let announcement: Announcement | undefined
  try {
    const { home, engines } = composition
    await warnOfSettings({ composition, directory })
    const { hostname, port, guard, announced, warnings } = networkOf({
      options,
      settings: (await engines.at(directory)).config.value.server,
      password: home.env.OPENCODE_SERVER_PASSWORD,
      username: home.env.OPENCODE_SERVER_USERNAME,
    })
    // Before anybody can know that it listens, and so could ask it to stop.
    const toldToStop = new Promise<void>((resolve) => {
      for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => resolve())
    })
    const app = createApp({ ...home, engines, directory, guard })
    listening = await listen({ app, hostname, log: home.log, ...(port === undefined ? {} : { port }) })
    for (const warning of warnings) out.note(`Warning: ${warning}`)
    out.line(`opencode server listening on ${listening.url}`)
    if (announced !== undefined) {
      const { announce } = await import("@opencode/server/announce.ts")
      announcement = await announce({
        port: listening.port,
        domain: announced,
        hasIPv6: hostname.includes(":"),
        log: home.log,
      })
      out.note(`Announced in the local network as http://${announced}:${listening.port}`)
    }
    await ready?.(listening.url)
    await toldToStop
  } finally {
    await announcement?.close()
    await listening?.close()
    await composition.close()
  }
}
