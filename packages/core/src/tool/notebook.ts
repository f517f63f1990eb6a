/**
 * A Jupyter notebook as its cells, in the order in which they stand, with what they printed. Pure. Undefined when the
 * text is no notebook. Nothing in it is trusted to have the shape it should.
 */
export function notebookText(json: string): string | undefined {
  const notebook = parsed(json)
  if (!isRecord(notebook) || !Array.isArray(notebook["cells"])) return undefined
  const info = isRecord(notebook["metadata"]) ? notebook["metadata"]["language_info"] : undefined
  const language = isRecord(info) && typeof info["name"] === "string" ? info["name"] : undefined
  const cells = notebook["cells"].map((cell, index) => cellText(cell, index + 1, language))
  return [`(${cells.length} cells. In the file they are JSON, which is what edit changes.)`, ...cells, ""].join("\n")
}

/** Of the outputs of one cell: enough to see what came out, not to fill the answer. */
const MAX_OUTPUT_CHARACTERS = 4_000

function cellText(cell: unknown, number: number, language: string | undefined): string {
  if (!isRecord(cell)) return `<cell number="${number}"></cell>`
  const type = typeof cell["cell_type"] === "string" ? cell["cell_type"] : "unknown"
  const kind = type === "code" && language !== undefined ? `${type}" language="${language}` : type
  const source = `<cell number="${number}" type="${kind}">\n${joined(cell["source"])}\n</cell>`
  const outputs = Array.isArray(cell["outputs"]) ? cell["outputs"].map(outputText).filter((text) => text !== "") : []
  if (outputs.length === 0) return source
  const text = outputs.join("\n")
  const cut = text.length > MAX_OUTPUT_CHARACTERS ? `${text.slice(0, MAX_OUTPUT_CHARACTERS)}\n... cut ...` : text
  return `${source}\n<output>\n${cut}\n</output>`
}

function outputText(output: unknown): string {
  if (!isRecord(output)) return ""
  if (output["output_type"] === "error") return `${joined(output["ename"])}: ${joined(output["evalue"])}`
  if (output["text"] !== undefined) return joined(output["text"]).trimEnd()
  const data = output["data"]
  if (!isRecord(data)) return ""
  if (data["text/plain"] !== undefined) return joined(data["text/plain"]).trimEnd()
  return `(${Object.keys(data).join(", ")}, not shown)`
}

/** Text is kept whole or as a list of lines. */
const joined = (text: unknown): string =>
  Array.isArray(text) ? text.filter((line) => typeof line === "string").join("") : typeof text === "string" ? text : ""

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

function parsed(json: string): unknown {
  try {
    return JSON.parse(json.replace(/^\uFEFF/, ""))
  } catch {
    return undefined
  }
}
