import { isIPv4, isIPv6 } from "node:net"

/**
 * Which addresses are not the public internet: this machine, the networks around it, and what clouds put there to hand
 * out credentials. Pure. What cannot be read as a public address is taken for a private one.
 */

/** First bytes, and how many of their bits count. */
const PRIVATE_V4: readonly [address: string, bits: number][] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  // Behind a carrier's address translation; some clouds have their metadata in it.
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
  // A public address that answers as the host of Azure's machines.
  ["168.63.129.16", 32],
]

const PRIVATE_V6: readonly [address: string, bits: number][] = [
  ["fc00::", 7],
  ["fe80::", 10],
  // Site-local: given up, and still routed by some.
  ["fec0::", 10],
  ["ff00::", 8],
  ["2001:db8::", 32],
  ["100::", 64],
]

/** IPv6 addresses that lead to an IPv4 address, and at which byte it stands in them. */
const EMBEDDED: readonly [address: string, bits: number, at: number][] = [
  // Mapped, translated, and "compatible", which `::` and `::1` are formally as well.
  ["::ffff:0:0", 96, 12],
  ["::ffff:0:0:0", 96, 12],
  ["64:ff9b::", 96, 12],
  ["64:ff9b:1::", 48, 12],
  ["::", 96, 12],
  ["2002::", 16, 2],
]

/** @param address in any spelling that the system's resolver gives, a scope (`%eth0`) included */
export function isPrivateAddress(address: string): boolean {
  const plain = address.replace(/%.*$/, "")
  if (isIPv4(plain)) return isPrivateV4(bytesOfV4(plain))
  if (!isIPv6(plain)) return true
  const bytes = bytesOfV6(plain)
  if (PRIVATE_V6.some(([network, bits]) => startsLike(bytes, bytesOfV6(network), bits))) return true
  const around = EMBEDDED.find(([network, bits]) => startsLike(bytes, bytesOfV6(network), bits))
  return around !== undefined && isPrivateV4(bytes.slice(around[2], around[2] + 4))
}

/** Names that mean this machine whatever a resolver says (RFC 6761). */
export const isLocalName = (hostname: string): boolean => /(?:^|\.)localhost\.?$/i.test(hostname)

const isPrivateV4 = (bytes: number[]): boolean =>
  PRIVATE_V4.some(([network, bits]) => startsLike(bytes, bytesOfV4(network), bits))

function startsLike(bytes: number[], network: number[], bits: number): boolean {
  return network.every((byte, index) => {
    const left = Math.min(8, Math.max(0, bits - index * 8))
    const mask = (0xff << (8 - left)) & 0xff
    return ((bytes[index] ?? 0) & mask) === (byte & mask)
  })
}

const bytesOfV4 = (address: string): number[] => address.split(".").map(Number)

/** The parser of URLs knows every spelling; it gives the shortest, with at most one gap. */
function bytesOfV6(address: string): number[] {
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::")
  const groups = (text: string | undefined) => (text ? text.split(":").map((group) => Number.parseInt(group, 16)) : [])
  const [first, last] = [groups(head), groups(tail)]
  const gap = Array.from({ length: 8 - first.length - last.length }, () => 0)
  return [...first, ...gap, ...last].flatMap((group) => [group >> 8, group & 0xff])
}
