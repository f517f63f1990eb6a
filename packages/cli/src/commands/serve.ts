import { listen } from "@opencode/server/listen.ts"
import { createApp } from "@opencode/server/app.ts"
import type { LogLevel } from "@opencode/protocol/log.ts"
import { compose } from "../compose.ts"
import { CommandFailure } from "../fail.ts"
import { out } from "../out.ts"
import { keepHeapSmall } from "../small-heap.ts"
import { warnOfSettings, workingFolder } from "../workplace.ts"

export interface ServeOptions {
  port?: number
  hostname?: string
  cors: string[]
  cwd?: string
  debug?: boolean
  /** Commander's form of `--no-auth`: false when it was given. */
  auth: boolean
  printLogs?: boolean
  logLevel?: LogLevel
  trust?: boolean
}

const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "::1" || /^127\.\d+\.\d+\.\d+$/.test(hostname)

/** Serves until it is told to stop. It listens only when it can answer. @param ready told of the address */
export async function serve(options: ServeOptions, ready?: (url: string) => Promise<void>): Promise<void> {
  keepHeapSmall()
  const directory = workingFolder(options.cwd)
  const composition = await compose({
    ...options,
    ...(options.debug ? { printLogs: true, logLevel: "DEBUG" as const } : {}),
  })
  const { home, engines } = composition
  await warnOfSettings({ composition, directory })
  const { server = {} } = (await engines.at(directory)).config.value
  const hostname = options.hostname ?? server.hostname ?? "127.0.0.1"
  const password = home.env.OPENCODE_SERVER_PASSWORD
  const username = home.env.OPENCODE_SERVER_USERNAME
  if (!password && options.auth && !isLoopback(hostname)) {
    await composition.close()
    throw new CommandFailure(
      `Without a password only this machine may be served, and ${hostname} can be reached from others. ` +
        "Set OPENCODE_SERVER_PASSWORD, or give --no-auth if everybody who reaches it may run commands here.",
    )
  }
  const app = createApp({
    ...home,
    engines,
    directory,
    guard: {
      hostnames: [hostname],
      cors: [...(server.cors ?? []), ...options.cors],
      ...(password ? { password } : {}),
      ...(username ? { username } : {}),
    },
  })
  // Before anybody can know that it listens, and so could ask it to stop.
  const toldToStop = new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => resolve())
  })
  const port = options.port ?? server.port
  const listening = await listen({ app, hostname, log: home.log, ...(port === undefined ? {} : { port }) }).catch(
    async (error: unknown) => {
      await composition.close()
      throw error
    },
  )
  if (!password) out.note("Warning: OPENCODE_SERVER_PASSWORD is not set; server is unsecured.")
  out.line(`opencode server listening on ${listening.url}`)
  await ready?.(listening.url)

  await toldToStop
  await listening.close()
  await composition.close()
}
