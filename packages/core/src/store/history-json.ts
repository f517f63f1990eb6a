/** The JSON of a history as bytes, in which each message has its place. Bytes that are given out are shared: nobody changes them. */
import type { MessageWithParts } from "@opencode/protocol/message.ts"

const OPEN = 0x5b
const COMMA = 0x2c
const CLOSE = 0x5d

export const itemOf = (message: MessageWithParts): Uint8Array => Buffer.from(JSON.stringify(message))

export function listOf(items: readonly Uint8Array[]): Uint8Array {
  if (items.length === 0) return Buffer.from("[]")
  const json = Buffer.allocUnsafe(items.reduce((size, item) => size + item.byteLength + 1, 1))
  let at = 0
  for (const item of items) {
    json[at] = at === 0 ? OPEN : COMMA
    json.set(item, at + 1)
    at += item.byteLength + 1
  }
  json[at] = CLOSE
  return json
}

/** The same items as views of the list that was made of them. */
export function viewsOf(list: Uint8Array, items: readonly Uint8Array[]): Uint8Array[] {
  let at = 0
  return items.map(({ byteLength }) => {
    const start = at + 1
    at = start + byteLength
    return list.subarray(start, at)
  })
}
