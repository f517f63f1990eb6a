/** The last bytes of a stream, in memory that is allocated once. */
export interface Ring {
  push(bytes: Uint8Array): void
  /** A copy of the last `count` bytes, fewer if fewer are held. */
  last(count: number): Buffer
}

export function createRing(capacity: number): Ring {
  let memory = Buffer.alloc(0)
  let end = 0
  let held = 0

  return {
    push(bytes) {
      if (memory.length === 0) memory = Buffer.allocUnsafe(capacity)
      const part = bytes.subarray(Math.max(0, bytes.length - capacity))
      const untilWrap = Math.min(part.length, capacity - end)
      memory.set(part.subarray(0, untilWrap), end)
      memory.set(part.subarray(untilWrap), 0)
      end = (end + part.length) % capacity
      held = Math.min(capacity, held + part.length)
    },
    last(count) {
      const length = Math.min(count, held)
      if (length <= end) return Buffer.from(memory.subarray(end - length, end))
      return Buffer.concat([memory.subarray(capacity - (length - end)), memory.subarray(0, end)])
    },
  }
}
