import { createSocket, type Socket } from "node:dgram"
import { once } from "node:events"
import { hostname } from "node:os"
import { silentLog } from "@opencode/core/lib/log.ts"
import { Bonjour, type Service } from "bonjour-service"
import { expect, test } from "vitest"
import { announce, type AnnounceOptions, type Announcement } from "../src/announce.ts"

// All of it on the loopback interface: nothing leaves this machine.
const LOOPBACK = "127.0.0.1"
const [GROUP, PORT] = ["224.0.0.251", 5353] as const

/** Another program of the network, that knows what it heard. */
function neighbour() {
  const options: { interface: string; bind: string; name?: string } = { interface: LOOPBACK, bind: "0.0.0.0" }
  const station = new Bonjour(options)
  const heard = new Map<string, Service>()
  const browser = station.find({ type: "http" }, (service) => void heard.set(service.name, service))
  browser.on("down", (service: Service) => void heard.delete(service.name))
  return {
    station,
    heard,
    async [Symbol.asyncDispose]() {
      browser.stop()
      await new Promise<void>((resolve) => station.unpublishAll(() => resolve()))
      station.destroy()
    },
  }
}

async function announced(options: Partial<AnnounceOptions> & { port: number }) {
  const announcement = await announce({
    domain: "opencode.local",
    hasIPv6: false,
    log: silentLog,
    from: LOOPBACK,
    ...options,
  })
  return Object.assign(announcement, { [Symbol.asyncDispose]: (): Promise<void> => announcement.close() })
}

test("a server is found by its service, and is gone from lists when it ends", async () => {
  await using other = neighbour()
  const one: Announcement = await announced({ port: 45_096 })
  expect(one.name).toBe("opencode-45096")
  await expect.poll(() => other.heard.get("opencode-45096")).toBeDefined()
  expect(other.heard.get("opencode-45096")).toMatchObject({
    host: "opencode.local",
    port: 45_096,
    fqdn: "opencode-45096._http._tcp.local",
    txt: { path: "/" },
  })
  await one.close()
  await one.close()
  await expect.poll(() => other.heard.has("opencode-45096")).toBe(false)
})

test("a name that another machine has is left to it", async () => {
  await using other = neighbour()
  const theirs = other.station.publish({ name: "opencode-45097", type: "http", port: 45_097, probe: false })
  await once(theirs, "up")
  await using one = await announced({ port: 45_097, domain: "box.local" })
  expect(one.name).toBe(`opencode-45097-${hostname().split(".", 1)[0]}`)
  await expect.poll(() => other.heard.get(one.name)?.host).toBe("box.local")
})

test("what strangers send does not end the program, and who asks is still answered", async () => {
  await using one = await announced({ port: 45_098 })
  await using socket = await speaker()
  const packets = [
    Buffer.alloc(0),
    Buffer.from([0]),
    Buffer.alloc(12, 0xff),
    Buffer.concat([header(0xffff), Buffer.alloc(64, 0xc0)]),
    // A name that refers to itself, and one that is longer than the packet.
    Buffer.concat([header(1), Buffer.from([0xc0, 0x0c, 0, 255, 0, 1])]),
    Buffer.concat([header(1), Buffer.from([63, 65, 66])]),
    Buffer.alloc(9_000, 0x41),
  ]
  for (const packet of packets) await socket.tell(packet)
  await socket.tell(Buffer.concat([header(1), labels(`${one.name}._http._tcp.local`), Buffer.from([0, 33, 0, 1])]))
  await expect.poll(() => socket.heard.some((bytes) => bytes.includes("opencode-45098"))).toBe(true)
})

/** Of a question, with this many of them promised. */
function header(questions: number): Buffer {
  const bytes = Buffer.alloc(12)
  bytes.writeUInt16BE(questions, 4)
  return bytes
}

const labels = (name: string): Buffer =>
  Buffer.concat([
    ...name.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0]),
  ])

async function speaker() {
  const socket: Socket = createSocket({ type: "udp4", reuseAddr: true })
  const heard: Buffer[] = []
  socket.on("message", (bytes) => {
    const isAnswer = (bytes[2] ?? 0) >= 0x80
    if (isAnswer) heard.push(bytes)
  })
  socket.bind(PORT, "0.0.0.0")
  await once(socket, "listening")
  socket.addMembership(GROUP, LOOPBACK)
  socket.setMulticastInterface(LOOPBACK)
  return {
    heard,
    tell: (packet: Buffer) =>
      new Promise<void>((resolve, reject) =>
        socket.send(packet, PORT, GROUP, (error) => (error ? reject(error) : resolve())),
      ),
    async [Symbol.asyncDispose]() {
      socket.close()
      await once(socket, "close")
    },
  }
}
