import { z } from "zod"

/** A yes or no in a query: `true` or `false` as text. */
export const queryBoolean = () =>
  z.union([z.boolean(), z.enum(["true", "false"])]).transform((value) => value === true || value === "true")
