/** The bytes of a page as text, in the encoding that it says or that its first bytes show. Never throws. Pure. */
export function decodePage(body: Buffer, charset: string | undefined): string {
  const label = markOf(body) ?? charset ?? declared(body) ?? "utf-8"
  return decoderFor(label).decode(body)
}

/** A mark at the start is right, whatever else is said. */
function markOf(body: Buffer): string | undefined {
  if (body[0] === 0xff && body[1] === 0xfe) return "utf-16le"
  if (body[0] === 0xfe && body[1] === 0xff) return "utf-16be"
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? "utf-8" : undefined
}

/** Where HTML has to say it. */
const DECLARED_WITHIN = 1_024

const declared = (body: Buffer): string | undefined =>
  /<meta[^>]{0,200}charset\s*=\s*["']?([\w-]{1,40})/i.exec(body.toString("latin1", 0, DECLARED_WITHIN))?.[1]

/** A name that nobody knows is taken for the usual one; what does not fit becomes a replacement character. */
function decoderFor(label: string) {
  try {
    return new TextDecoder(label)
  } catch {
    return new TextDecoder()
  }
}

/** Nothing to read: programs, looks, ways around the site. */
export const SKIPPED_ELEMENTS = ["script", "style", "nav", "noscript", "iframe", "svg", "template", "object", "canvas"]

/**
 * The readable text of HTML: no markup, one line for each block. One pass from left to right, so that no page can make
 * it slow. Pure.
 */
export function textOfHtml(html: string): string {
  const folded = html.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
  const pieces: string[] = []
  let at = 0
  while (at < html.length) {
    const open = html.indexOf("<", at)
    const text = html.slice(at, open === -1 ? html.length : open)
    pieces.push(text.replace(/\s+/g, " "))
    if (open === -1) break
    const name = /^<\/?([a-z][a-z\d-]{0,30})/.exec(folded.slice(open, open + 33))?.[1]
    const isMarkup = name !== undefined || /^<[!?/]/.test(folded.slice(open, open + 2))
    if (!isMarkup) {
      pieces.push("<")
      at = open + 1
      continue
    }
    const isComment = html.startsWith("<!--", open)
    const end = html.indexOf(isComment ? "-->" : ">", open)
    at = end === -1 ? html.length : end + (isComment ? 3 : 1)
    if (name !== undefined && SKIPPED_ELEMENTS.includes(name) && folded[open + 1] !== "/" && html[end - 1] !== "/") {
      const close = folded.indexOf(`</${name}`, at)
      at = close === -1 ? html.length : close
    } else if (name !== undefined && BLOCKS.has(name)) pieces.push("\n")
  }
  return entities(pieces.join(""))
    .replace(/[ \t\u00a0]*\n[ \t\u00a0]*/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim()
}

const BLOCKS = new Set(
  (
    "address article aside blockquote br dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li main " +
    "ol option p pre section table td th title tr ul"
  ).split(" "),
)

const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " }

const entities = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|([a-z]{2,4}));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return Object.hasOwn(NAMED, name) ? NAMED[name]! : whole
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
