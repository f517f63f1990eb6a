import { join } from "node:path"
import { z } from "zod"
import { toolFailure } from "../lib/fault.ts"
import type { Ask } from "../permission/ask.ts"
import { createOutput } from "../process/output.ts"
import { isBinary, sniffMime } from "../workspace/files.ts"
import { fetchPage, parseAddress, type Page, type Step } from "./fetch-page.ts"
import { MAX_HTML_CHARACTERS, markdownOf } from "./page-markdown.ts"
import { decodePage, textOfHtml } from "./page-text.ts"
import { isLocalName, isPrivateAddress } from "./private-address.ts"
import { defineTool, type ToolContext } from "./tool.ts"
import { prose } from "./webfetch.prompt.ts"

/** A page that takes longer is not coming. */
const DEFAULT_TIMEOUT_S = 30
const MAX_TIMEOUT_S = 120
/** Pages are far smaller; documents that are not are downloads, and belong into a file. */
const MAX_BYTES = 5 * 1024 * 1024

type Format = "markdown" | "text" | "html"

const ACCEPT: Record<Format, string> = {
  markdown: "text/markdown, text/html;q=0.9, application/xhtml+xml;q=0.9, text/plain;q=0.8, */*;q=0.5",
  text: "text/plain, text/markdown;q=0.9, text/html;q=0.8, */*;q=0.5",
  html: "text/html, application/xhtml+xml, */*;q=0.5",
}

export const webfetch = defineTool({
  name: "webfetch",
  prose,
  effect: "pure",
  permission: "webfetch",
  input: () =>
    z.object({
      url: z.string().min(1).describe("The whole address, with https://."),
      format: z
        .enum(["markdown", "text", "html"])
        .default("markdown")
        .describe("How HTML is given (default markdown)."),
      timeout: z.number().positive().optional().describe("Seconds (default 30, at most 120)."),
    }),

  async prepare({ url: text, format, timeout }) {
    const url = parseAddress(text)
    const seconds = Math.min(timeout ?? DEFAULT_TIMEOUT_S, MAX_TIMEOUT_S)
    // Names are not resolved before the first answer: looking one up tells somebody else of it.
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1")
    const isNear = isLocalName(host) || (/^[\d.]+$|:/.test(host) && isPrivateAddress(host))
    const facts = { url: url.href, format, timeout: seconds }
    const asks = [...(isNear ? [privateAsk(url, [host])] : []), pageAsk(url, facts)]
    return { asks, plan: { url, isNear, timeoutMs: seconds * 1_000 } }
  },

  async run({ url: given, format }, { url, isNear, timeoutMs }, context) {
    const near = new Set(isNear ? [url.host] : [])
    const page = await fetchPage(url, {
      accept: ACCEPT[format],
      timeoutMs,
      maxBytes: MAX_BYTES,
      signal: context.signal,
      env: context.environment,
      async permit(step) {
        const asks = asksFor(step, near, { url: step.url.href, format, from: url.href })
        if (asks.length > 0) await context.ask(asks)
      },
    })
    const title = `${given} (${page.type || "unknown type"})`
    const facts = { url: page.url.href, contentType: page.type, bytes: page.body.length }
    const image = sniffMime(page.body)
    if (image?.startsWith("image/")) {
      const data = `data:${image};base64,${page.body.toString("base64")}`
      const attachments = [{ type: "file" as const, mime: image, url: data, filename: nameIn(page.url) }]
      return { title, output: "Image fetched successfully", metadata: { ...facts, truncated: false }, attachments }
    }
    const { text, truncated } = await shortened(await textOf(page, format), context)
    return { title, output: text, metadata: { ...facts, truncated } }
  },
})

const pageAsk = (url: URL, metadata: Record<string, unknown>): Ask => {
  // A rule for one of the two schemes means the page.
  const other = new URL(url)
  other.protocol = url.protocol === "http:" ? "https:" : "http:"
  return {
    permission: "webfetch",
    patterns: [url.href],
    always: [`${url.origin}/*`],
    metadata,
    aliases: { [url.href]: [other.href] },
  }
}

const privateAsk = (url: URL, addresses: string[]): Ask => ({
  permission: "private_address",
  patterns: [url.host],
  always: [url.host],
  metadata: { url: url.href, addresses },
  aliases: { [url.host]: [...new Set([url.hostname, ...addresses])] },
})

/** What only shows on the way: a name that stands for a near address, a redirect to another host. */
function asksFor({ url, privateAddresses, isElsewhere }: Step, near: Set<string>, facts: Record<string, unknown>) {
  const isNew = privateAddresses.length > 0 && !near.has(url.host)
  if (isNew) near.add(url.host)
  return [...(isNew ? [privateAsk(url, privateAddresses)] : []), ...(isElsewhere ? [pageAsk(url, facts)] : [])]
}

async function textOf({ url, type, charset, body }: Page, format: Format): Promise<string> {
  const isWide = body[0] === 0xff || body[0] === 0xfe || /^utf-?16|^ucs-?2/.test(charset ?? "")
  if (!isWide && isBinary(body))
    throw toolFailure(`${url.href} is not text (${type || "the server does not say what"}), and was not taken.`)
  const text = decodePage(body, charset)
  const isHtml = type === "" ? /^\s*<(?:!doctype html|html)/i.test(text.slice(0, 1_000)) : /\bx?html\b/.test(type)
  if (!isHtml || format === "html") return text
  const cut =
    text.length > MAX_HTML_CHARACTERS ? "\n\n(Only the first part of the page was converted: it is too long.)" : ""
  if (format === "text") return textOfHtml(text)
  return (await markdownOf(text)) + cut
}

/** As long as the model can use; the whole goes to a file. */
async function shortened(text: string, { limits, outputFolder, id }: ToolContext) {
  const path = join(outputFolder, id())
  const output = createOutput({ path, keep: "both", maxLines: limits.maxLines, maxBytes: limits.maxBytes })
  await output.write(Buffer.from(text))
  const captured = await output.finish()
  const saved = captured.outputPath === undefined ? "" : `\n\nThe whole page is saved to: ${captured.outputPath}`
  return { text: captured.text + saved, truncated: captured.truncated }
}

const nameIn = ({ pathname, hostname }: URL): string => pathname.split("/").at(-1) || hostname
