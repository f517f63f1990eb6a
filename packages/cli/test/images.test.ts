import { readFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { PIXEL } from "@opencode/testing/pixel.ts"
import { expect, test } from "vitest"
import { modelScript, says } from "./shared.ts"

const PNG = Buffer.from(PIXEL, "base64")

test.skipIf(process.platform !== "linux")(
  "what decodes images is loaded with the first of them, and not before",
  async () => {
    await using at = await modelScript(() => says("ok"), { files: { "a.txt": "alpha", "a.png": PNG } })
    const { child, url } = await at.serve()
    const send = async (path: string, body: unknown) => {
      const headers = { "content-type": "application/json", "x-opencode-directory": at.project }
      const response = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) })
      return (await response.json()) as { id: string; info: { finish?: string } }
    }
    const isLoaded = () => readFileSync(`/proc/${child.pid}/maps`, "utf8").includes("libvips")
    const attach = (name: string) => ({
      type: "file",
      mime: "text/plain",
      url: pathToFileURL(at.folder.join(`project/${name}`)).href,
    })

    const { id } = await send("/session", {})
    expect(await send(`/session/${id}/message`, { parts: [attach("a.txt")] })).toMatchObject({
      info: { finish: "stop" },
    })
    expect(isLoaded()).toBe(false)
    expect(await send(`/session/${id}/message`, { parts: [attach("a.png")] })).toMatchObject({
      info: { finish: "stop" },
    })
    expect(isLoaded()).toBe(true)
    expect(JSON.stringify(at.model.requests[1]?.body)).toContain(PNG.toString("base64"))
  },
)
