import type { ShellWord } from "./shell-words.ts"

/**
 * Programs of everyday use that run another one, found by their own ways and after options of their own: `npx rm x`,
 * `uv run rm x`, `fd -x rm`. Asking for each as for a shell's launcher would ask for most of a project's commands, so
 * rules that allow see the whole command only, and stricter ones are compared with what follows as well. Data alone.
 */
const ALWAYS = new Set(
  (
    "npx bunx pnpx uvx pipx cross-env cross-env-shell dotenv dotenvx env-cmd concurrently nodemon watchexec hyperfine " +
    "choom capsh run-parts nix-shell"
  ).split(" "),
)

/** Those that do so with one of these words. */
const WITH: Readonly<Record<string, RegExp>> = {
  ...Object.fromEntries(
    "npm pnpm yarn bun bundle rbenv pyenv nodenv asdf mise direnv lerna"
      .split(" ")
      .map((name) => [name, /^(?:exec|dlx|x)$/]),
  ),
  ...Object.fromEntries("docker podman kubectl".split(" ").map((name) => [name, /^(?:exec|run)$/])),
  ...Object.fromEntries(
    "uv poetry pipenv pdm hatch rye conda mamba micromamba devbox".split(" ").map((name) => [name, /^run$/]),
  ),
  nix: /^(?:run|develop|shell)$/,
  perf: /^(?:stat|record|trace)$/,
  fd: /^(?:-\w*[xX]|--exec(?:-batch)?)$/,
  fdfind: /^(?:-\w*[xX]|--exec(?:-batch)?)$/,
}

/** @param base the command's name without its folder */
export function isRunner(argv: readonly ShellWord[], base: string): boolean {
  const word = Object.hasOwn(WITH, base) ? WITH[base] : undefined
  return ALWAYS.has(base) || (word !== undefined && argv.some(({ value }) => word.test(value)))
}
