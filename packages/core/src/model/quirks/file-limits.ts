import type { Model } from "@opencode/protocol/provider.ts"

/**
 * What providers take of files in one request. Files that are larger or more make them refuse the whole request, and
 * every later one of the session. Characters are those of base64; edges are pixels.
 */
export interface FileLimits {
  imageCharacters: number
  pdfCharacters: number
  edge: number
  formats: ReadonlySet<string>
  /** Images and PDFs of one request; what is older is left out. */
  images: number
  pdfs: number
  /** All files of one request together. */
  totalCharacters: number
  /** A request with more images than `from` takes smaller ones. */
  many?: { from: number; edge: number }
}

/** The lowest of the known limits, with room for the text of the conversation: for providers that say nothing. */
const USUAL: FileLimits = {
  // 3.75 MB of bytes: Bedrock's limit, a little under Anthropic's 5 MB of base64.
  imageCharacters: 5_000_000,
  pdfCharacters: 20_000_000,
  edge: 8_000,
  formats: new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]),
  images: 100,
  pdfs: 100,
  totalCharacters: 20_000_000,
}

const STILL: FileLimits["formats"] = new Set(["image/png", "image/jpeg", "image/webp"])

interface Row {
  npm: RegExp
  /** A page of the provider's, by its address or name. */
  source: string
  limits: Partial<FileLimits>
}

/** The first that fits. None was tried against the service. */
const ROWS: readonly Row[] = [
  {
    npm: /^@ai-sdk\/(?:anthropic|google-vertex\/anthropic)$/,
    // 100 images for models with 200,000 tokens of context, requests of 32 MB.
    source: "https://platform.claude.com/docs/en/build-with-claude/vision",
    limits: { images: 100, totalCharacters: 24_000_000, many: { from: 20, edge: 2_000 } },
  },
  {
    npm: /^@ai-sdk\/amazon-bedrock$/,
    source: "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html",
    limits: { images: 20, pdfs: 5, pdfCharacters: 6_000_000 },
  },
  {
    npm: /^@ai-sdk\/(?:openai|azure|amazon-bedrock\/mantle)$/,
    // 500 images, 50 MB together.
    source: "https://platform.openai.com/docs/guides/images-vision",
    limits: { imageCharacters: 20_000_000, images: 500, totalCharacters: 40_000_000 },
  },
  {
    npm: /^@ai-sdk\/google(?:-vertex)?$/,
    // 20 MB for the request, and no GIF.
    source: "https://ai.google.dev/gemini-api/docs/image-understanding",
    limits: { imageCharacters: 9_000_000, formats: STILL, images: 3_000, totalCharacters: 16_000_000 },
  },
  {
    npm: /^@ai-sdk\/xai$/,
    source: "https://docs.x.ai/docs/guides/image-understanding",
    limits: { imageCharacters: 13_000_000, formats: new Set(["image/png", "image/jpeg"]) },
  },
  {
    npm: /^@ai-sdk\/groq$/,
    // 4 MB for the request.
    source: "Groq's documentation, Images and Vision",
    limits: { imageCharacters: 3_000_000, images: 5, totalCharacters: 3_000_000 },
  },
  { npm: /^@ai-sdk\/mistral$/, source: "https://docs.mistral.ai/capabilities/vision/", limits: { images: 8 } },
]

export function fileLimits({ api }: Model): FileLimits {
  const row = ROWS.find(({ npm }) => npm.test(api.npm))
  return row ? { ...USUAL, ...row.limits } : USUAL
}
