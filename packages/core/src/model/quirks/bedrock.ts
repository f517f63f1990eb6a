import { withMessages, type Quirk } from "./quirk.ts"

/** Names of documents have few characters, and a dot is none of them. */
export const documentNames: Quirk = {
  name: "names of documents in Bedrock's characters",
  source: "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html",
  tried: false,
  applies: ({ api }) => api.npm === "@ai-sdk/amazon-bedrock",
  change: (options) =>
    withMessages(options, (message) =>
      message.role === "user"
        ? {
            ...message,
            content: message.content.map((part) => {
              if (part.type !== "file" || part.filename === undefined) return part
              const { filename, ...file } = part
              const name = documentName(filename)
              // Without one the package numbers them.
              return name ? { ...file, filename: name } : file
            }),
          }
        : message,
    ),
}

const MAX_NAME = 200

const documentName = (filename: string): string =>
  filename
    .replace(/\.[^.]*$/, "")
    .replaceAll(/[^A-Za-z0-9()[\]-]+/g, " ")
    .trim()
    .slice(0, MAX_NAME)

/**
 * Newer models answer by an inference profile of the caller's part of the world only: `us.anthropic.claude-…`. A name
 * that has its part, or is the address of a profile, stays. Not tried against the service; from
 * https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
 */
export function inferenceProfile(modelID: string, region: string): string {
  if (!NEEDS_PROFILE.test(modelID)) return modelID
  const part = PARTS.find(([regions]) => regions.test(region))?.[1]
  return part === undefined ? modelID : `${part}.${modelID}`
}

const NEEDS_PROFILE =
  /^(anthropic\.claude-(3-7|opus-|sonnet-|haiku-|fable-)|amazon\.nova-(micro|lite|pro|premier|2)|deepseek\.r1|meta\.llama(3-[23]|4))/

const PARTS: readonly (readonly [regions: RegExp, part: string])[] = [
  [/^us-gov-/, "us-gov"],
  [/^us-/, "us"],
  [/^eu-/, "eu"],
  [/^ap-southeast-2$/, "au"],
  [/^ap-northeast-[13]$/, "jp"],
  [/^ap-/, "apac"],
]
