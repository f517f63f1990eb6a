import { SECRET_MARK } from "../lib/secret.ts"

/**
 * Keeps keys out of a recording. It knows the values: of variables that are named like a key, of stored logins, of the
 * configuration, and of what requests carry. What a key is spelled out in pieces of is beyond it.
 */
export interface Concealer {
  /** A shorter value is no key, and would be found in innocent text. */
  learn(value: string | undefined): void
  /** Learns what stands under a name that means a credential, at any depth. */
  learnMembers(value: unknown): void
  text(text: string): string
  /** For text that comes in pieces, with a key perhaps across two of them. */
  stream(): { push(piece: string): string; rest(): string }
}

const MIN_CHARACTERS = 8
/** Wide: what is hidden for nothing costs little. `GIT_AUTHOR_NAME` would be a person's name. */
const SECRET_NAME = /key|token|secret|passw|passphrase|credential|auth(?!or(?:_|s|$))|cookie/i

export function createConcealer(env: Readonly<Record<string, string | undefined>> = {}): Concealer {
  const values = new Set<string>()

  function learn(value: string | undefined): void {
    // A variable such as SSH_AUTH_SOCK holds a path.
    if (!value || value.length < MIN_CHARACTERS || value.startsWith("/")) return
    values.add(value)
    // As it stands inside a line of JSON, and in an address.
    values.add(JSON.stringify(value).slice(1, -1))
    values.add(encodeURIComponent(value))
  }

  function learnMembers(value: unknown, name = ""): void {
    if (typeof value === "string") {
      if (SECRET_NAME.test(name)) learn(value.replace(/^(?:bearer|basic) /i, ""))
      learnAddress(value)
    } else if (typeof value === "object" && value !== null) {
      for (const [key, member] of Object.entries(value)) learnMembers(member, Array.isArray(value) ? name : key)
    }
  }

  function learnAddress(text: string): void {
    if (!text.includes("://") || !URL.canParse(text)) return
    const { username, password, searchParams } = new URL(text)
    for (const part of [username, password]) {
      learn(part)
      learn(decodeURIComponent(part))
    }
    for (const [name, value] of searchParams) if (SECRET_NAME.test(name) || name === "sig") learn(value)
  }

  const text = (given: string): string => {
    let shown = given
    // The longest first: one key may be the beginning of another.
    for (const value of [...values].sort((a, b) => b.length - a.length)) shown = shown.replaceAll(value, SECRET_MARK)
    return shown
  }

  /** How much of the end could be the beginning of a key. */
  function openEnd(given: string): number {
    let longest = 0
    for (const value of values)
      for (let length = Math.min(value.length - 1, given.length); length > longest; length--)
        if (value.startsWith(given.slice(-length))) longest = length
    return longest
  }

  learnMembers(env)
  for (const content of Object.values(env)) {
    // A list of logins in a variable.
    if (content?.startsWith("{")) learnJson(content, learnMembers)
  }
  return {
    learn,
    learnMembers,
    text,
    stream() {
      let held = ""
      return {
        push(piece) {
          const all = text(held + piece)
          const open = openEnd(all)
          held = open > 0 ? all.slice(-open) : ""
          return open > 0 ? all.slice(0, -open) : all
        },
        rest: () => held,
      }
    },
  }
}

function learnJson(content: string, learn: (value: unknown) => void): void {
  try {
    learn(JSON.parse(content))
  } catch {
    // not JSON after all
  }
}
