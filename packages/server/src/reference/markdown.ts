import { chaptersOf, ownParameters, type ApiDocument, type Call, type Content } from "./document.ts"
import { noteOf, PLAIN, typeText } from "./type-text.ts"

/** The document as a file of Markdown: `docs/api.md`, written by `npm run gen`. */
export function apiMarkdown(document: ApiDocument): string {
  const chapters = chaptersOf(document)
  const contents = chapters.map(({ title, calls }) => `- [${title}](#${anchor(title)}) (${calls.length})`)
  return [
    "# API reference",
    "",
    "Every call of the server, generated from the definitions that check requests: `npm run gen` writes this file. How the",
    "calls are used together is told in [the guide for clients](clients/guide.md), what they do in detail in [the",
    "server](guide/server.md). A running server shows the same at `/doc` in a browser.",
    "",
    "Types are written as in TypeScript; all bodies are JSON. Members of a request that are not named are ignored, and",
    "`null` counts as left out. Unless the chapter is about the server as a whole, a call also takes the query `directory`,",
    "the folder it is about; `workspace` is taken and ignored. 400 is answered to a request that is not valid.",
    "",
    ...contents,
    "- [Shapes](#shapes)",
    ...chapters.flatMap(({ title, calls }) => ["", `## ${title}`, ...calls.flatMap(callText)]),
    "",
    "## Shapes",
    ...Object.entries(document.components.schemas).flatMap(([name, shape]) => [
      "",
      `### ${name}`,
      "",
      ...(shape.description ? [shape.description, ""] : []),
      ...code(typeText(shape, PLAIN)),
    ]),
    "",
  ].join("\n")
}

function callText({ method, path, operation }: Call): string[] {
  const { operationId, summary, description, deprecated, requestBody, responses } = operation
  const parameters = ownParameters(operation).map(
    (one) =>
      `| \`${one.name}\` | ${one.in}${one.required ? "" : ", optional"} | ${inline(typeText(one.schema, PLAIN))} | ${cell(noteOf(one.schema))} |`,
  )
  const [status, success] = Object.entries(responses).find(([code]) => code < "300") ?? []
  const failures = Object.keys(responses).filter((code) => code >= "400")
  return [
    "",
    `### ${method} ${path}`,
    "",
    `${summary}. \`client.${operationId}\`${deprecated ? " (deprecated)" : ""}`,
    ...(description ? ["", description] : []),
    ...(parameters.length > 0 ? ["", "| Parameter | In | Type | |", "| --- | --- | --- | --- |", ...parameters] : []),
    ...contentText(requestBody?.required ? "Body:" : "Body, optional:", requestBody?.content),
    ...(success?.content
      ? contentText(`Answer, ${status}${typeOf(success.content)}:`, success.content)
      : ["", `Answer: ${status}, without a body.`]),
    "",
    `Errors: ${failures.join(", ")}.`,
  ]
}

function contentText(title: string, content: Content | undefined): string[] {
  const [body] = Object.values(content ?? {})
  return body ? ["", title, "", ...code(typeText(body.schema, PLAIN))] : []
}

const typeOf = (content: Content): string => {
  const [type = ""] = Object.keys(content)
  return type === "application/json" ? "" : ` as \`${type}\``
}

const code = (text: string): string[] => ["```ts", text.trim(), "```"]
const inline = (text: string): string => `\`${cell(text.replaceAll(/\s+/g, " ").trim())}\``
const cell = (text: string): string => text.replaceAll("|", "\\|")
const anchor = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^a-z\d ]/g, "")
    .replaceAll(" ", "-")
