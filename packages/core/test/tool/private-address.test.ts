import { isLocalName, isPrivateAddress } from "../../src/tool/private-address.ts"
import { parseAddress } from "../../src/tool/fetch-page.ts"
import { expect, test } from "vitest"

test.each([
  "127.0.0.1",
  "127.255.0.3",
  "0.0.0.0",
  "10.1.2.3",
  "100.64.0.1",
  "100.100.100.200",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "168.63.129.16",
  "::1",
  "::",
  "fe80::1",
  "fe80::1%eth0",
  "fc00::1",
  "fd00:ec2::254",
  "fec0::1",
  "ff02::1",
  "::ffff:127.0.0.1",
  "::ffff:a9fe:a9fe",
  "64:ff9b::10.0.0.1",
  "2002:7f00:1::",
  "::127.0.0.1",
  "not an address",
])("%s is private", (address) => expect(isPrivateAddress(address)).toBe(true))

test.each([
  "1.1.1.1",
  "8.8.8.8",
  "100.63.255.255",
  "100.128.0.1",
  "172.15.0.1",
  "172.32.0.1",
  "192.169.0.1",
  "198.20.0.1",
  "223.255.255.255",
  "2606:4700:4700::1111",
  "::ffff:1.1.1.1",
  "64:ff9b::8.8.8.8",
  "2002:101:101::",
])("%s is public", (address) => expect(isPrivateAddress(address)).toBe(false))

test.each([
  ["http://2130706433/", "127.0.0.1"],
  ["http://0x7f.1/", "127.0.0.1"],
  ["http://0177.0.0.01/", "127.0.0.1"],
  ["http://127.1/", "127.0.0.1"],
  ["http://[::ffff:127.0.0.1]/", "[::ffff:7f00:1]"],
  ["http://EXAMPLE.com./a", "example.com"],
  ["https://１２７.0.0.1/", "127.0.0.1"],
] as const)("%s has one spelling: %s", (text, hostname) => expect(parseAddress(text).hostname).toBe(hostname))

test.each([
  ["file:///etc/passwd", /not file: ones/],
  ["data:text/html,x", /not data: ones/],
  ["javascript:alert(1)", /not javascript: ones/],
  ["ftp://a/b", /not ftp: ones/],
  ["example.com", /not a web address/],
  ["https://", /not a web address/],
  ["https://user:secret@example.com/", /user name or password/],
])("%s is refused", (text, reason) => expect(() => parseAddress(text)).toThrow(reason))

test("names of this machine", () => {
  expect(["localhost", "LOCALHOST.", "a.localhost"].every(isLocalName)).toBe(true)
  expect(["localhost.com", "mylocalhost", ""].some(isLocalName)).toBe(false)
})
