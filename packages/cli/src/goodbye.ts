import { neverWait } from "./out.ts"

/** The ways in which a program that serves is told to stop. */
const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const

/** @returns takes it back */
export function onGoodbye(stop: () => void): () => void {
  neverWait()
  for (const signal of SIGNALS) process.on(signal, stop)
  return () => {
    for (const signal of SIGNALS) process.off(signal, stop)
  }
}
