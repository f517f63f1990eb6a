import type { z } from "zod"

/**
 * A schema is a thunk: building two hundred zod schemas costs 35 ms, and most commands need five of them.
 * The first call builds it, later calls return the same object. The id becomes its name in the OpenAPI document.
 */
export type Schema<T extends z.ZodType = z.ZodType> = () => T

export function schema<T extends z.ZodType>(id: string, build: () => T): Schema<T> {
  let built: T | undefined
  return () => (built ??= build().meta({ id }) as T)
}

/** Like `schema`, for a shape without a name of its own in the OpenAPI document. */
export function inline<T extends z.ZodType>(build: () => T): Schema<T> {
  let built: T | undefined
  return () => (built ??= build())
}

export type Infer<S extends Schema> = z.infer<ReturnType<S>>
