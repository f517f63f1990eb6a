/**
 * Copilot answers its newer models of OpenAI's at one address and all others at the other; the catalogue does not say.
 * Seen with OpenCode 1.18.33.
 */
export const copilotPackage = (providerID: string, modelID: string): string | undefined =>
  providerID === "github-copilot" && Number(/^gpt-(\d+)/.exec(modelID)?.[1]) >= 5 && !modelID.startsWith("gpt-5-mini")
    ? "@ai-sdk/openai"
    : undefined
