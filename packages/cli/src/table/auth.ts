import { type Command } from "commander"
import type { LoginOptions } from "../commands/auth.ts"
import { collect } from "./options.ts"
import type { Result } from "./result.ts"

export function addAuth(program: Command, result: Result): void {
  const auth = program.command("auth").alias("providers").description("Manage the keys of providers.")
  auth
    .command("login")
    .description("Log in: by a key that is asked for or taken from standard input, or as the provider wants it.")
    .argument("[provider]", "provider to log in at, or the address of an organisation")
    .option("-p, --provider <id>", "the same")
    .option("-m, --method <label>", "how to log in, where there are several ways")
    .option("-i, --input <name=value>", "an answer to what the login asks; may be given several times", collect, [])
    .option("-y, --yes", "run the command that an organisation logs in by")
    .action(async (provider: string | undefined, options: LoginOptions) => {
      const { login } = await import("../commands/auth.ts")
      result.code = await login(provider, options)
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
