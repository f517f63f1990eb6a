/** What a `data:` address holds. */
export interface DataUrl {
  /** In lower case, without parameters; empty when the address does not say. */
  mime: string
  bytes: Buffer
}

/** Undefined when it is none. Base64 is read as browsers do: padding may be missing, blanks are skipped. */
export function parseDataUrl(url: string): DataUrl | undefined {
  const comma = url.indexOf(",")
  if (comma < 0 || !url.startsWith("data:")) return undefined
  const [mime = "", ...parameters] = url.slice("data:".length, comma).toLowerCase().split(";")
  const data = url.slice(comma + 1)
  const isBase64 = parameters.at(-1)?.trim() === "base64"
  return { mime: mime.trim(), bytes: isBase64 ? Buffer.from(data, "base64") : Buffer.from(decoded(data)) }
}

export const dataUrl = (mime: string, bytes: Buffer): string => `data:${mime};base64,${bytes.toString("base64")}`

function decoded(data: string): string {
  try {
    return decodeURIComponent(data)
  } catch {
    return data // not percent-encoded after all
  }
}
