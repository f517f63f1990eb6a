import { createHash } from "node:crypto"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { FilePart, Part } from "@opencode/protocol/part.ts"
import { jsonOf, type Exported } from "./export.ts"
import { style } from "./share-style.ts"

/**
 * A conversation as one page that needs nothing else. Invariants: no script runs on it and nothing is loaded, which its
 * policy also says to the browser; whatever models, tools and people wrote is text there, never markup and never a link;
 * the conversation itself is in it as JSON, in which no tag can begin.
 */
export function* sharePage(session: Exported): Generator<string> {
  const title = escaped(session.info.title)
  const messages = [...session.messages]
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<header><h1>${title}</h1><p>${escaped(new Date(session.info.time.created).toISOString().slice(0, 10))}</p></header>
<main>
`
  for (const message of messages) yield messageHtml(message)
  yield `</main>\n${DATA_START}`
  for (const piece of jsonOf({ info: session.info, messages })) yield withoutTags(piece)
  yield `${DATA_END}\n</body>\n</html>\n`
}

const styleHash = createHash("sha256").update(style).digest("base64")
const POLICY = `default-src 'none'; style-src 'sha256-${styleHash}'; img-src data:; base-uri 'none'; form-action 'none'`

const DATA_START = '<script type="application/json" id="session">'
const DATA_END = "</script>"

/** What a shared page holds as JSON. Undefined for any other page. */
export function sessionIn(page: string): string | undefined {
  const start = page.lastIndexOf(DATA_START)
  const end = page.indexOf(DATA_END, start)
  return start < 0 || end < 0 ? undefined : page.slice(start + DATA_START.length, end)
}

/** In JSON, `<` stands inside of texts only, where it may be written as a number. */
const withoutTags = (json: string): string => json.replaceAll("<", "\\u003c")

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" }

// oxlint-disable-next-line no-control-regex -- marks that reorder text would make one thing look like another
const UNSAFE = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g

function escaped(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll(UNSAFE, "\uFFFD")
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "")
}

function messageHtml({ info, parts }: MessageWithParts): string {
  const who = info.role === "user" ? "You" : `${info.agent} · ${info.modelID}`
  const failure = info.role === "assistant" && info.error ? errorHtml(info.error.name, info.error.data.message) : ""
  return `<section class="${info.role}"><h2>${escaped(who)}</h2>\n${parts.map(partHtml).join("")}${failure}</section>\n`
}

const errorHtml = (name: string, message = ""): string => `<p class="error">${escaped(`${name}: ${message}`)}</p>\n`

function partHtml(part: Part): string {
  switch (part.type) {
    case "text":
      if (part.text.trim() === "") return ""
      return part.synthetic ? folded("Context", part.text) : `<div class="text">${escaped(part.text)}</div>\n`
    case "reasoning":
      return part.text.trim() === "" ? "" : folded("Thinking", part.text)
    case "file":
      return fileHtml(part)
    case "tool":
      return callHtml(part)
    case "patch":
      return folded("Changed files", part.files.join("\n"))
    case "subtask":
      return folded(`Task for ${part.agent}: ${part.description}`, part.prompt)
    case "agent":
      return `<p class="note">@${escaped(part.name)}</p>\n`
    case "compaction":
      return '<p class="note">The conversation was summarized here.</p>\n'
    default:
      return ""
  }
}

function callHtml({ tool, state }: Part & { type: "tool" }): string {
  const input = JSON.stringify(state.input, null, 2)
  if (state.status === "completed") {
    const files = (state.attachments ?? []).map(fileHtml).join("")
    return folded(`${tool} ${state.title}`, `${input}\n\n${state.output}`) + files
  }
  return folded(`${tool} (${state.status})`, state.status === "error" ? `${input}\n\n${state.error}` : input)
}

const folded = (title: string, text: string): string =>
  `<details><summary>${escaped(title)}</summary><pre>${escaped(text)}</pre></details>\n`

/** Formats that are pixels and nothing else. */
const PIXELS = /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$/

function fileHtml({ url, filename, mime }: Pick<FilePart, "url" | "filename" | "mime">): string {
  const name = escaped(filename ?? mime)
  return PIXELS.test(url) ? `<img alt="${name}" src="${url}">\n` : `<p class="note">File: ${name}</p>\n`
}
