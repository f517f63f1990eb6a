import type { ConfigExplanation } from "@opencode/protocol/config-report.ts"
import { dataOf, openDoor } from "../door.ts"
import { out } from "../out.ts"
import { issueLine, workingFolder } from "../workplace.ts"

/** Why a setting is as it is: for a person, or as the API answers it. */
export async function explainSetting(key: string, { format }: { format: "text" | "json" }): Promise<void> {
  const directory = workingFolder(undefined)
  const door = await openDoor(directory)
  try {
    const explanation = dataOf(await door.client.config.explain({ directory, key })) as ConfigExplanation
    out.line(format === "json" ? JSON.stringify(explanation, null, 2) : textOf(explanation))
    if (format === "text") for (const issue of explanation.issues) out.note(issueLine(issue))
  } finally {
    await door.close()
  }
}

function textOf({ key, about, value, said, ...setter }: ConfigExplanation): string {
  const isSet = value !== undefined
  return [
    `${key}: ${isSet ? JSON.stringify(value, null, 2) : "not set; the default holds"}`,
    ...(about ? [about] : []),
    ...(isSet ? [`Set by: ${placeOf(setter)}`] : []),
    ...(said.length ? ["", "What each place says, later wins:"] : []),
    ...said.map((one) => {
      const held = one.heldBack ? "  (held back until you trust this project)" : ""
      return `  ${placeOf(one)}: ${JSON.stringify(one.value)}${held}`
    }),
  ].join("\n")
}

type Place = Pick<ConfigExplanation, "layer" | "file" | "line" | "column"> & { name?: string | undefined }

function placeOf({ layer, name, file, line, column }: Place): string {
  const where = file === undefined ? name : [file, line, column].filter((part) => part !== undefined).join(":")
  return where === undefined ? (layer ?? "") : `${layer}, ${where}`
}
