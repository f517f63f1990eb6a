import { installation, type Installation } from "@opencode/testing/command.ts"
import { modelServer, type ModelServer } from "@opencode/testing/model-server.ts"
import { mockProvider } from "@opencode/testing/mock-provider.ts"

export { calls, says } from "@opencode/testing/script.ts"

type Script = Parameters<typeof modelServer>[0]["script"]

/** An installation whose only provider is a scripted model. */
export async function modelScript(
  script: Script,
  more: Parameters<typeof installation>[0] = {},
): Promise<Installation & { model: ModelServer }> {
  const model = await modelServer({ script })
  const config = {
    model: "mock/large",
    agent: { title: { disable: true } },
    ...more.config,
    provider: { mock: mockProvider(model.url, "openai") },
  }
  const at = installation({ ...more, config })
  return {
    ...at,
    model,
    async [Symbol.asyncDispose]() {
      await at[Symbol.asyncDispose]()
      await model.close()
    },
  }
}
