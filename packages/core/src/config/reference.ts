/**
 * What a reference leads to: a folder, or a repository that is fetched when it is first needed. Pure: nothing is looked
 * up here, so that a setting can be judged before anything of it happens.
 */
export interface Repository {
  /** For git. */
  url: string
  branch?: string
  /** Where it is kept, below the folder of all repositories. */
  segments: string[]
}

/** A plain text is a path if it looks like one; `owner/name` is a repository on GitHub, as in OpenCode. */
export function isRepository(text: string): boolean {
  return !/^(?:[./~\\]|[a-z]:[\\/])/i.test(text) && /[/:]/.test(text)
}

/** By its text a path leads out of the folder that it is relative to. A link can do so besides. */
export const leadsOut = (path: string): boolean =>
  /^(?:[~/\\$]|[a-z]:)/i.test(path) || path.split(/[/\\]/).includes("..")

const GITHUB = "https://github.com"
const PROTOCOLS = new Set(["https:", "ssh:", "file:"])

/** @param github where `owner/name` is looked for, if not on GitHub itself */
export function parseRepository(
  text: string,
  { branch, github = GITHUB }: { branch?: string | undefined; github?: string | undefined } = {},
): Repository | { problem: string } {
  const url = /^[a-z0-9][a-z0-9-]*\/[\w.-]+$/i.test(text)
    ? `${github.replace(/\/+$/, "")}/${text}`
    : /^[a-z0-9][\w-]*(?:\.[\w-]+)+(?::\d+)?\/[^:]+$/i.test(text)
      ? `https://${text}`
      : text
  const parts = partsOf(url)
  if ("problem" in parts) return parts
  const segments = parts.path
    .replace(/\/+$/, "")
    .replace(/\.git$/, "")
    .split("/")
    .filter(Boolean)
  if (segments.length === 0 || segments.some((name) => name.startsWith("-") || /^\.+$/.test(name)))
    return { problem: "it names no repository" }
  if (branch !== undefined && (branch === "" || branch.startsWith("-")))
    return { problem: "its branch has no such name" }
  const last = segments.pop() ?? ""
  const folder = `${last}${branch === undefined ? "" : `@${branch}`}`
  return {
    url,
    ...(branch === undefined ? {} : { branch }),
    segments: [parts.host.toLowerCase() || "local", ...segments, folder].map(encodeURIComponent),
  }
}

function partsOf(url: string): { host: string; path: string } | { problem: string } {
  const short = /^(?:[\w.]+@)?([a-z0-9][\w.-]*):(?!\/)([^\s]+)$/i.exec(url)
  if (short && !url.includes("://")) return { host: short[1] ?? "", path: short[2] ?? "" }
  if (!URL.canParse(url)) return { problem: "it is no address of a repository" }
  const { protocol, username, password, host, pathname } = new URL(url)
  if (!PROTOCOLS.has(protocol))
    return { problem: `repositories are fetched by https, ssh or from a file, not by ${protocol}` }
  // git keeps the address in the copy, where the model can read it.
  if (password || (username && protocol !== "ssh:"))
    return { problem: "its address holds a name or key; git's own credentials are used instead" }
  if (host.startsWith("-")) return { problem: "it is no address of a repository" }
  return { host, path: decoded(pathname) }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
