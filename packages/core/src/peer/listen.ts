import { renameSync, rmSync } from "node:fs"
import { createServer, type Server, type Socket } from "node:net"
import type { Log } from "../lib/log.ts"
import { unfinishedAddress } from "./place.ts"
import { faultLine, readLines, sendLine, type PeerEvent, type Question } from "./wire.ts"

/** What this process does for others of the same user on the same database. */
export interface PeerService {
  /** @throws a fault, which the asking process throws in its turn */
  answer(ask: string, args: unknown, note: (value: unknown) => void): Promise<unknown>
  /**
   * Sends everything that happens from now on, after what a newcomer has to know first.
   * @param isNew whether the asker has just heard of this process, and so missed everything so far
   */
  follow(isNew: boolean, sink: (event: PeerEvent) => void): Promise<{ close(): void }>
}

export interface PeerListening {
  close(): Promise<void>
}

/** A follower that does not read has this much waiting at most; then it is dropped, and comes back by itself. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024
/** A process that reads at all has read by then; one that is suspended must not hold up our end. */
const LAST_WORDS_MS = 500

/** @throws the error of the system when nothing can listen there */
export async function listenForPeers(address: string, service: PeerService, log: Log): Promise<PeerListening> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.unref()
    socket.on("error", () => socket.destroy())
    socket.once("close", () => sockets.delete(socket))
    let isAsked = false
    readLines(socket, (line) => {
      if (isAsked) return void socket.destroy()
      isAsked = true
      const { ask, args } = line as Question
      if (ask === "follow") {
        return void follow(socket, args === "new").catch((error: unknown) => sendLine(socket, faultLine(error, log)))
      }
      service
        .answer(String(ask), args, (note) => sendLine(socket, { note }))
        .then(
          (result) => sendLine(socket, { result: result ?? null }),
          (error: unknown) => sendLine(socket, faultLine(error, log)),
        )
    })
  })

  async function follow(socket: Socket, isNew: boolean): Promise<void> {
    const following = await service.follow(isNew, (event) => {
      if (socket.writableLength > MAX_WAITING_BYTES) socket.destroy()
      else sendLine(socket, { event })
    })
    sendLine(socket, { note: "following" })
    socket.once("close", following.close)
    if (socket.closed) following.close()
  }

  await bind(server, unfinishedAddress(address))
  renameSync(unfinishedAddress(address), address)
  server.on("error", (error) => log.error("the socket for other processes failed", { error }))
  // Waiting for others is no reason to stay.
  server.unref()
  return {
    close: () =>
      new Promise((resolve) => {
        rmSync(address, { force: true })
        // What was said last is still on its way, unless nobody reads it.
        const timer = setTimeout(() => sockets.forEach((socket) => socket.destroy()), LAST_WORDS_MS)
        server.close(() => {
          clearTimeout(timer)
          resolve()
        })
        for (const socket of sockets) socket.destroySoon()
      }),
  }
}

function bind(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(address, () => {
      server.off("error", reject)
      resolve()
    })
  })
}
