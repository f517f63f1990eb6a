import { execFileSync, spawnSync } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { connect, type AddressInfo } from "node:net"
import { createServer } from "node:tls"
import { beforeAll, expect, onTestFinished, test } from "vitest"
import { createRequest } from "@opencode/core/model/request.ts"
import { installation } from "@opencode/testing/command.ts"
import { modelServer } from "@opencode/testing/model-server.ts"
import { proxyServer, type ProxyServerOptions } from "@opencode/testing/proxy-server.ts"
import { calls, says } from "@opencode/testing/script.ts"
import { tempFolder, type TempFolder } from "@opencode/testing/temp-folder.ts"
import { mockProvider } from "@opencode/testing/mock-provider.ts"

// Node reads NODE_EXTRA_CA_CERTS once, when a process starts: the command itself is what can be tested.
const hasOpenssl = spawnSync("openssl", ["version"]).status === 0
let folder: TempFolder

beforeAll(() => {
  folder = tempFolder()
  if (hasOpenssl) makeCertificates(folder)
  return () => folder[Symbol.dispose]()
})

/** An authority, and a certificate of it for `model.test` and for a proxy on `localhost`. */
function makeCertificates({ path }: TempFolder): void {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: path, stdio: "pipe" })
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
  openssl("req", "-x509", ...ec, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test authority")
  openssl("req", ...ec, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=model.test")
  folder.write({ "names.txt": "subjectAltName=DNS:model.test,DNS:localhost" })
  const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names.txt"]
  openssl("x509", "-req", "-in", "server.csr", "-out", "server.pem", ...signing)
}

const pem = (name: string) => readFileSync(folder.join(name), "utf8")
const certificate = () => ({ key: pem("server.key"), cert: pem("server.pem") })

/** The scripted model as `https://model.test`, behind a proxy. */
async function world(options: Omit<ProxyServerOptions, "targets"> = {}) {
  const model = await modelServer({ script: [calls("glob", { pattern: "*" }), says("hello through the tunnel")] })
  const tls = createServer(certificate(), (socket) => {
    const onward = connect(Number(new URL(model.url).port), "127.0.0.1")
    socket.pipe(onward).pipe(socket)
    socket.on("error", () => onward.destroy())
    onward.on("error", () => socket.destroy())
  })
  tls.listen(0, "127.0.0.1")
  await once(tls, "listening")
  const proxy = await proxyServer({ ...options, targets: { "model.test:443": (tls.address() as AddressInfo).port } })
  const command = installation({
    config: {
      model: "mock/large",
      agent: { title: { disable: true } },
      provider: { mock: mockProvider("https://model.test", "openai") },
    },
  })
  onTestFinished(async () => {
    await command[Symbol.asyncDispose]()
    await proxy.close()
    tls.close()
    await model.close()
  })
  return { model, proxy, command }
}

test.runIf(hasOpenssl).each(["http", "https"])(
  "with its authority in NODE_EXTRA_CA_CERTS, a provider is reached through an %s proxy, and nobody else is contacted",
  async (protocol) => {
    const secure = protocol === "https" ? { tls: certificate() } : {}
    const { model, proxy, command } = await world({ auth: "me:secret", ...secure })
    const env = { HTTPS_PROXY: proxy.url.replace("//", "//me:secret@"), NODE_EXTRA_CA_CERTS: folder.join("ca.pem") }
    const { stdout, code, stderr } = await command.run(["run", "hi"], { env })
    expect({ stdout, code, stderr }).toMatchObject({
      stdout: expect.stringContaining("hello through the tunnel"),
      code: 0,
    })
    expect(model.requests).toHaveLength(2)
    // One for both, and no other.
    expect(proxy.tunnels).toEqual(["model.test:443"])
    expect(proxy.forwarded).toEqual([])
  },
)

test.runIf(hasOpenssl)("without it, the failure says so in one sentence", async () => {
  const { model, proxy, command } = await world()
  const { stderr, code } = await command.run(["run", "hi"], { env: { HTTPS_PROXY: proxy.url } })
  expect(code).not.toBe(0)
  expect(stderr).toContain("The certificate of model.test is signed by nobody this program knows")
  expect(stderr).toContain("NODE_EXTRA_CA_CERTS")
  expect(model.requests).toEqual([])
})

test.runIf(hasOpenssl)(
  "a proxy with such a certificate is named, and a target that needs no proxy as well",
  async () => {
    const { proxy } = await world({ tls: certificate() })
    const request = createRequest({ env: { ALL_PROXY: proxy.url } })
    onTestFinished(() => request.close())
    for (const url of ["http://model.test", "https://model.test", proxy.url]) {
      const subject = url === proxy.url ? new URL(url).host : `the proxy ${proxy.url}`
      await expect(request(url)).rejects.toThrow(`The certificate of ${subject} is signed by nobody this program knows`)
    }
    expect([...proxy.tunnels, ...proxy.forwarded]).toEqual([])
  },
)
