/**
 * A value that nothing prints by accident: as text, in JSON, in a log or a debugger it is `[secret]`.
 * Only `reveal()` gives it, at the place that sends it.
 */
export interface Secret {
  reveal(): string
  toString(): string
  toJSON(): string
}

export const SECRET_MARK = "[secret]"

class Sealed implements Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return SECRET_MARK
  }

  toJSON(): string {
    return SECRET_MARK
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return SECRET_MARK
  }
}

export const secret = (value: string): Secret => new Sealed(value)

/** A shorter value is no key, and would be found in innocent text. */
const MIN_SECRET_CHARACTERS = 8

/** The text without the secret: providers repeat a key that they refuse. */
export function conceal(text: string, hidden: Secret | undefined): string {
  const value = hidden?.reveal() ?? ""
  return value.length < MIN_SECRET_CHARACTERS ? text : text.replaceAll(value, SECRET_MARK)
}

/** Members that carry credentials, by their usual names. `setCacheKey` and other switches are not text. */
const SECRET_NAMES = /key$|token|secret|password|authorization|cookie|credential/i

/** A copy to show: text under a name that means a credential becomes the mark, at any depth. */
export function withoutSecrets<T>(value: T): T {
  return copy(value, "") as T
}

function copy(value: unknown, name: string): unknown {
  if (value instanceof Sealed) return SECRET_MARK
  if (typeof value === "string") return SECRET_NAMES.test(name) ? SECRET_MARK : value
  if (Array.isArray(value)) return value.map((item) => copy(item, name))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item, key)]))
}
