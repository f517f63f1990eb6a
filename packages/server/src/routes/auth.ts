import { fault } from "@opencode/core/lib/fault.ts"
import { isProviderID } from "@opencode/core/model/auth.ts"
import { Auth } from "@opencode/protocol/auth.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { z } from "zod"
import { route } from "../route.ts"

const params = inline(() => z.object({ providerID: z.string() }))

const set = route(
  "PUT",
  "/auth/:providerID",
  {
    id: "auth.set",
    tags: ["control"],
    summary: "Set auth credentials",
    description: "Stores a credential of a provider. It counts from the next request to the provider on.",
    answers: "Successfully set authentication credentials",
    params,
    body: Auth,
    answer: inline(() => z.boolean()),
    isGlobal: true,
  },
  async ({ params: { providerID }, body, server: { auth } }) => {
    await auth.set(named(providerID), body)
    return true
  },
)

const remove = route(
  "DELETE",
  "/auth/:providerID",
  {
    id: "auth.remove",
    tags: ["control"],
    summary: "Remove auth credentials",
    description: "Removes the stored credential of a provider, if there is one.",
    answers: "Successfully removed authentication credentials",
    params,
    answer: inline(() => z.boolean()),
    isGlobal: true,
  },
  async ({ params: { providerID }, server: { auth } }) => {
    await auth.remove(named(providerID))
    return true
  },
)

function named(providerID: string): string {
  if (isProviderID(providerID)) return providerID
  throw fault("bad_request", "A provider id is one printable word.")
}

export const authRoutes = [set, remove]
