import { createHash } from "node:crypto"
import { rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { fault } from "../lib/fault.ts"
import { replaceFile } from "../lib/replace-file.ts"
import type { Request } from "../model/request.ts"

/** Where shared pages are kept: a folder, or a web server that takes `PUT` and `DELETE`. */
export interface SharePlace {
  /** The address that a page has or will have. */
  urlOf(name: string): string
  /** Whether a page is kept here. */
  holds(url: string): boolean
  /** Puts a page under its address, or replaces the one there. @throws fault `unavailable`, `storage` */
  put(url: string, page: string): Promise<void>
  /** @throws fault `unavailable` */
  remove(url: string): Promise<void>
}

export interface SharePlaceDeps {
  /** The folder where no other place is configured. */
  folder: string
  request: Request
  /** Called when something is about to be sent, not before. */
  allowHost(host: string): void
}

/**
 * @param address what the user configured: an `https://` address, or a folder as a `file://` address
 * @throws fault `bad_request`
 */
export function openSharePlace(address: string | undefined, deps: SharePlaceDeps): SharePlace {
  if (address === undefined) return folderPlace(deps.folder)
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url?.protocol === "file:" && !url.host) return folderPlace(fileURLToPath(url))
  if (url?.protocol === "https:" || url?.protocol === "http:") return hostPlace(url, deps)
  throw fault("bad_request", `Sessions cannot be shared to "${address}": enterprise.url is no http or file address.`)
}

/** A page in a folder is its owner's until they put it somewhere. */
function folderPlace(folder: string): SharePlace {
  const base = pathToFileURL(join(folder, "x.html")).href.slice(0, -"x.html".length)
  return {
    urlOf: (name) => `${base}${name}.html`,
    holds: (url) => url.startsWith(base) && dirname(fileURLToPath(url)) === dirname(fileURLToPath(`${base}x`)),
    async put(url, page) {
      try {
        replaceFile(fileURLToPath(url), page)
      } catch (error) {
        throw fault("storage", `The shared page could not be written to ${folder}.`, {}, error)
      }
    },
    remove: async (url) => rmSync(fileURLToPath(url), { force: true }),
  }
}

/** A server that takes this long for one page is not there. */
const DEADLINE_MS = 30_000

function hostPlace(address: URL, { request, allowHost }: SharePlaceDeps): SharePlace {
  const { username, password } = address
  const bare = new URL(address.href.endsWith("/") ? address.href : `${address.href}/`)
  bare.username = bare.password = bare.search = bare.hash = ""
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const headers = {
    "content-type": "text/html; charset=utf-8",
    ...(username || password ? { authorization: `Basic ${Buffer.from(login).toString("base64")}` } : {}),
  }

  async function send(method: "PUT" | "DELETE", url: string, body?: string): Promise<void> {
    allowHost(bare.host)
    let status: number
    try {
      const answer = await request(url, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
        deadlines: { timeoutMs: DEADLINE_MS },
      })
      status = answer.status
      await answer.body.cancel()
    } catch (error) {
      throw fault("unavailable", `The share host ${bare.host} could not be reached.`, {}, error)
    }
    const isGone = method === "DELETE" && (status === 404 || status === 410)
    if (isGone || (status >= 200 && status < 300)) return
    throw fault("unavailable", `The share host ${bare.host} answered ${status}.`)
  }

  return {
    urlOf: (name) => `${bare.href}${name}.html`,
    holds: (url) => url.startsWith(bare.href) && !url.slice(bare.href.length).includes("/"),
    put: (url, page) => send("PUT", url, page),
    remove: (url) => send("DELETE", url),
  }
}

/** A name that nobody guesses, and that tells no time. @param id a new id, of which more than half is chance */
export const pageName = (id: string): string => createHash("sha256").update(id).digest("base64url").slice(0, 22)
