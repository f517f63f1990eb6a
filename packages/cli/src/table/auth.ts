import { type Command } from "commander"
import type { Result } from "./result.ts"

export function addAuth(program: Command, result: Result): void {
  const auth = program.command("auth").alias("providers").description("Manage the keys of providers.")
  auth
    .command("login")
    .description("Store a key: asked for, or taken from standard input.")
    .argument("[provider]", "provider that the key is for")
    .option("-p, --provider <id>", "the same")
    .action(async (provider: string | undefined, options: { provider?: string }) => {
      const { login } = await import("../commands/auth.ts")
      result.code = await login(provider ?? options.provider)
    })
  auth
    .command("list")
    .alias("ls")
    .description("List stored credentials and keys in the environment. Shows no key.")
    .action(async () => {
      const { listCredentials } = await import("../commands/auth.ts")
      listCredentials()
    })
  auth
    .command("logout")
    .description("Remove a stored credential.")
    .argument("[provider]", "provider to forget")
    .action(async (provider: string | undefined) => {
      const { logout } = await import("../commands/auth.ts")
      result.code = await logout(provider)
    })
}
