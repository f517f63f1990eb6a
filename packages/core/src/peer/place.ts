import { randomBytes } from "node:crypto"
import { basename, dirname, join } from "node:path"
import { hashedName } from "../lib/hashed-name.ts"

/**
 * Where the processes that work on one database meet: a folder beside it that only its owner may enter. The folder's
 * rights are the whole guard of the sockets in it, so it is never one that others could have made.
 */

/** The system takes 107 bytes of a socket's path on Linux and 103 on macOS; what is longer is cut without a word. */
const MAX_ADDRESS_BYTES = 103
/** `/`, a process number of seven digits, `-`, eight random characters, `.sock` and `.new`. */
const NAME_BYTES = 26

/** @param uid the user's number: beside a database with a long path there is room only in `/tmp`, where all users meet */
export function peerFolder(database: string, uid: number | undefined): string {
  const beside = basename(database) === "store.db" ? join(dirname(database), "peers") : `${database}.peers`
  if (Buffer.byteLength(beside) + NAME_BYTES <= MAX_ADDRESS_BYTES) return beside
  const name = hashedName(database)
  return `/tmp/opencode-peers-${uid ?? "user"}-${name}`
}

/** Never given twice: one that a process left behind belongs to nobody. */
export const peerAddress = (folder: string, pid: number): string =>
  join(folder, `${pid}-${randomBytes(4).toString("hex")}.sock`)

/** Under its final name a socket is listened on already, so one that refuses has lost its process for good. */
export const unfinishedAddress = (address: string): string => `${address}.new`

export const isPeerAddress = (name: string): boolean => name.endsWith(".sock")
