import { installationOf, installCommand, removal } from "@opencode/core/process/installer.ts"
import { expect, test } from "vitest"

test.each([
  ["/usr/lib/node_modules/opencode-ai", { installer: "npm", prefix: "/usr" }],
  ["/home/u/.nvm/versions/node/v20.1.0/lib/node_modules/opencode-ai", "/home/u/.nvm/versions/node/v20.1.0"],
  ["/home/u/AppData/npm/node_modules/opencode-ai", "/home/u/AppData/npm"],
  ["/home/u/.bun/install/global/node_modules/opencode-ai", { installer: "bun" }],
  ["/home/u/.local/share/pnpm/global/5/.pnpm/opencode-ai@1.0.0/node_modules/opencode-ai", { installer: "pnpm" }],
  ["/opt/homebrew/Cellar/opencode/1.0.0/libexec/lib/node_modules/opencode-ai", { installer: "brew" }],
  ["/home/u/scoop/apps/opencode/1.0.0", { installer: "scoop" }],
  ["/ProgramData/chocolatey/lib/opencode/tools", { installer: "choco" }],
  ["/home/u/project/node_modules/opencode-ai", undefined],
  ["/home/u/checkout/packages/cli", undefined],
  ["/usr/lib/node_modules/other", undefined],
])("%s was installed by %j", (folder, expected) => {
  const found = installationOf(folder)
  expect(found).toEqual(typeof expected === "string" ? { installer: "npm", prefix: expected } : expected)
})

test.each([
  [{ installer: "npm", prefix: "/p" } as const, "1.2.3", "npm install --global --prefix /p opencode-ai@1.2.3"],
  [{ installer: "npm" } as const, "latest", "npm install --global opencode-ai@latest"],
  [{ installer: "pnpm" } as const, "1.2.3", "pnpm add --global opencode-ai@1.2.3"],
  [{ installer: "bun" } as const, "1.2.3", "bun add --global opencode-ai@1.2.3"],
  [{ installer: "brew" } as const, "latest", "brew upgrade opencode"],
  [{ installer: "brew" } as const, "1.2.3", undefined],
  [{ installer: "choco" } as const, "1.2.3", "choco upgrade opencode --version=1.2.3 --allow-downgrade -y"],
  [{ installer: "choco" } as const, "latest", "choco upgrade opencode -y"],
  [{ installer: "scoop" } as const, "latest", "scoop update opencode"],
  [{ installer: "scoop" } as const, "1.2.3", "scoop install opencode@1.2.3"],
  [{ installer: "curl" } as const, "1.2.3", undefined],
])("%j installs %s by: %s", (installation, version, line) => {
  const command = installCommand(installation, version)
  expect(command && [command.program, ...command.args].join(" ")).toBe(line)
})

test.each([
  [{ installer: "npm", prefix: "/usr" } as const, "npm uninstall --global --prefix '/usr' opencode-ai"],
  [{ installer: "pnpm" } as const, "pnpm remove --global opencode-ai"],
  [{ installer: "bun" } as const, "bun remove --global opencode-ai"],
  [{ installer: "brew" } as const, "brew uninstall opencode"],
  [{ installer: "choco" } as const, "choco uninstall opencode"],
])("what %j installed is taken away by: %s", (installation, line) => {
  expect(removal(installation)).toBe(line)
})
