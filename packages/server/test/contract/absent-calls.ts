/**
 * Calls of the published document that are not here yet, each with what it comes with. A call that is built is taken
 * off; none is ever added.
 */
export const MISSING: Record<string, string> = {
  ...all("MCP servers", [
    "GET /mcp",
    "POST /mcp",
    "POST /mcp/{name}/auth",
    "POST /mcp/{name}/auth/callback",
    "POST /mcp/{name}/auth/authenticate",
    "DELETE /mcp/{name}/auth",
    "POST /mcp/{name}/connect",
    "POST /mcp/{name}/disconnect",
    "GET /experimental/resource",
  ]),
  ...all("language servers", ["GET /lsp", "GET /find/symbol"]),
  ...all("formatters", ["GET /formatter"]),
}

/** Calls that are left out for good. `*` stands for anything. `docs/guide/server.md` lists them in the same words. */
export const LEFT_OUT = [
  "/api/*",
  "/experimental/console*",
  "/experimental/control-plane/*",
  "/experimental/project/:projectID/copy*",
  "/experimental/workspace*",
  "/sync/*",
]

function all(reason: string, calls: string[]): Record<string, string> {
  return Object.fromEntries(calls.map((call) => [call, reason]))
}
