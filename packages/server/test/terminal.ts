import type { Pty } from "@opencode/protocol/pty.ts"
import WebSocket, { type ClientOptions } from "ws"
import type { Served } from "./served.ts"

/** What a client of a terminal has received. */
export interface Look {
  socket: WebSocket
  text(): string
  cursors: number[]
  /** Resolves as soon as what was received fits. */
  shows(pattern: RegExp): Promise<string>
  /** The code of the end, or the status of the refusal. */
  over: Promise<number>
}

export async function openTerminal(s: Served, body: Record<string, unknown> = {}): Promise<Pty> {
  const response = await s.post("/pty", body)
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return (await response.json()) as Pty
}

export const sh = (script: string) => ({ command: "/bin/sh", args: ["-c", script] })

export function look(s: Served, { id }: Pick<Pty, "id">, query = "", options: ClientOptions = {}): Look {
  const socket = new WebSocket(`${s.url.replace("http", "ws")}/pty/${id}/connect${query}`, options)
  const cursors: number[] = []
  const waiting = new Set<() => void>()
  let text = ""
  socket.on("message", (data: Buffer, isBinary) => {
    if (isBinary) cursors.push((JSON.parse(data.subarray(1).toString()) as { cursor: number }).cursor)
    else text += data.toString()
    for (const check of waiting) check()
  })
  const over = new Promise<number>((resolve) => {
    socket.on("unexpected-response", (_, response) => {
      resolve(response.statusCode ?? 0)
      response.resume()
      socket.terminate()
    })
    socket.on("error", () => undefined)
    socket.on("close", (code) => resolve(code))
  })
  return {
    socket,
    cursors,
    text: () => text,
    over,
    shows: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!pattern.test(text)) return
          waiting.delete(check)
          resolve(text)
        }
        void over.then((code) => reject(new Error(`ended with ${code} before ${pattern}: ${JSON.stringify(text)}`)))
        waiting.add(check)
        check()
      }),
  }
}
