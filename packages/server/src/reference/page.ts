import { createHash } from "node:crypto"
import { chaptersOf, ownParameters, type ApiDocument, type Call, type Chapter, type Content } from "./document.ts"
import { FILTER, STYLE } from "./page-parts.ts"
import { noteOf, typeText, type Marks } from "./type-text.ts"

/** The document as a page to read: one file, that loads nothing and may run nothing but its own few lines. */
export interface Page {
  html: string
  /** The value of `Content-Security-Policy`. */
  policy: string
}

export function apiPage(document: ApiDocument, version: string): Page {
  const chapters = chaptersOf(document)
  const count = chapters.reduce((sum, { calls }) => sum + calls.length, 0)
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>opencode API</title>
<style>${STYLE}</style>
<nav aria-label="Calls">
<p class="name">opencode <span>API ${escape(version)}</span></p>
<input type="search" id="filter" placeholder="Filter ${count} calls" aria-label="Filter calls" autocomplete="off">
${chapters.map(contents).join("\n")}
<p class="chapter"><a href="#shapes">Shapes</a></p>
</nav>
<main>
<h1>API of this server</h1>
<p>Every call, from the same definitions that check requests. A program that asks this address gets
them as JSON (OpenAPI 3.1). All bodies are JSON; types are written as in TypeScript. A call also takes the query <code>directory</code>, the folder
that it is about, unless it speaks of the server as a whole. Requests that are not valid are answered with 400.</p>
<p id="none" hidden>No call fits.</p>
${chapters.map(chapterHtml).join("\n")}
<section id="shapes"><h2>Shapes</h2>
${Object.entries(document.components.schemas)
  .map(
    ([name, shape]) =>
      `<details class="shape" id="${shapeId(name)}"><summary><code>${escape(name)}</code></summary>${code(typeText(shape, LINKED))}</details>`,
  )
  .join("\n")}
</section>
</main>
<script>${FILTER}</script>
</html>
`
  return { html, policy: `default-src 'none'; style-src ${hash(STYLE)}; script-src ${hash(FILTER)}; ${CLOSED}` }
}

/** Neither framed by another page, nor sending anything anywhere. */
const CLOSED = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`

const LINKED: Marks = {
  name: (name) => `<a href="#${shapeId(name)}">${escape(name)}</a>`,
  text: (text) => escape(text),
  comment: (text) => `<i>${escape(text)}</i>`,
}

const shapeId = (name: string): string => `shape-${escape(name)}`
const callId = ({ method, path }: Call): string =>
  escape(`${method} ${path}`.toLowerCase().replaceAll(/\W+/g, "-").replace(/-$/, ""))

function contents({ title, calls }: Chapter): string {
  const links = calls.map(
    (call) => `<li><a href="#${callId(call)}">${badge(call.method)}<span>${pathHtml(call.path)}</span></a></li>`,
  )
  return `<div class="group"><p class="chapter">${escape(title)}</p><ul>${links.join("")}</ul></div>`
}

const chapterHtml = ({ title, calls }: Chapter): string =>
  `<section class="calls"><h2>${escape(title)}</h2>\n${calls.map(callHtml).join("\n")}\n</section>`

function callHtml(call: Call): string {
  const { method, path, operation } = call
  const { operationId, summary, description, deprecated, requestBody, responses } = operation
  const [status, success] = Object.entries(responses).find(([code]) => code < "300") ?? []
  const failures = Object.entries(responses).filter(([code]) => code >= "400")
  return `<details class="call" id="${callId(call)}"><summary>${badge(method)}<code>${pathHtml(path)}</code> <span>${escape(summary)}</span></summary>
<p class="sdk"><code>client.${escape(operationId)}()</code>${deprecated ? " <b>deprecated</b>" : ""}</p>
${description ? `<p>${prose(description)}</p>` : ""}
${parametersHtml(call)}
${contentHtml(requestBody?.required ? "Body" : "Body, optional", requestBody?.content)}
${contentHtml(`Answer ${status}`, success?.content) || `<h3>Answer ${status}</h3><p>Without a body.</p>`}
<h3>Errors</h3>
${failures.map(([code, { content }]) => `<p class="error"><b>${code}</b> <code>${typeText(Object.values(content ?? {})[0]?.schema ?? {}, LINKED)}</code></p>`).join("\n")}
</details>`
}

function parametersHtml({ operation }: Call): string {
  const rows = ownParameters(operation).map(
    (one) =>
      `<tr><td><code>${escape(one.name)}</code><td>${escape(one.in)}${one.required ? "" : ", optional"}<td><code>${typeText(one.schema, LINKED)}</code><td>${prose(noteOf(one.schema))}</tr>`,
  )
  return rows.length > 0 ? `<h3>Parameters</h3><table>${rows.join("")}</table>` : ""
}

function contentHtml(title: string, content: Content | undefined): string {
  const [entry] = Object.entries(content ?? {})
  if (!entry) return ""
  const [type, { schema }] = entry
  const note = type === "application/json" ? "" : ` <span>${escape(type)}</span>`
  return `<h3>${title}${note}</h3>${code(typeText(schema, LINKED))}`
}

const badge = (method: string): string => `<b class="${method.toLowerCase()}">${method}</b>`
const code = (html: string): string => `<pre>${html.trim()}</pre>`
const pathHtml = (path: string): string =>
  escape(path)
    .replaceAll(/\{\w+\}/g, (name) => `<var>${name}</var>`)
    .replaceAll(/(?!^)[/_](?![^<]*>)/g, (sign) => `<wbr>${sign}`)
const prose = (text: string): string => escape(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>")
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`)
