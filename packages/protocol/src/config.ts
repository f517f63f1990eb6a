import { z } from "zod"
import { AgentConfig } from "./agent.ts"
import { LogLevel } from "./log.ts"
import { PermissionConfig } from "./permission.ts"
import { ProviderConfig } from "./provider.ts"
import { inline, schema, type Infer } from "./schema.ts"

const strings = () => z.array(z.string())
const stringMap = () => z.record(z.string(), z.string())

export const ServerConfig = schema("ServerConfig", () =>
  z.object({
    port: z.number().int().positive().optional(),
    hostname: z.string().optional(),
    mdns: z.boolean().optional(),
    mdnsDomain: z.string().optional(),
    cors: strings().optional(),
    /** Without scheme, port or wildcards: what a browser would have to be fooled about. */
    hosts: z.array(z.string().regex(/^[a-z0-9._-]+$/i, "must be a name without port")).optional(),
  }),
)

export const McpLocalConfig = schema("McpLocalConfig", () =>
  z.object({
    type: z.literal("local"),
    command: strings(),
    cwd: z.string().optional(),
    environment: stringMap().optional(),
    enabled: z.boolean().optional(),
    timeout: z.number().int().positive().optional(),
  }),
)
export const McpOAuthConfig = schema("McpOAuthConfig", () =>
  z.object({
    clientId: z.string().optional(),
    clientSecret: z.string().optional(),
    scope: z.string().optional(),
    callbackPort: z.number().int().min(1).max(65_535).optional(),
    redirectUri: z.string().optional(),
  }),
)
export const McpRemoteConfig = schema("McpRemoteConfig", () =>
  z.object({
    type: z.literal("remote"),
    url: z.string(),
    enabled: z.boolean().optional(),
    headers: stringMap().optional(),
    oauth: z.union([McpOAuthConfig(), z.literal(false)]).optional(),
    timeout: z.number().int().positive().optional(),
  }),
)

const CommandConfig = inline(() =>
  z.object({
    template: z.string(),
    description: z.string().optional(),
    agent: z.string().optional(),
    model: z.string().optional(),
    variant: z.string().optional(),
    subtask: z.boolean().optional(),
  }),
)
const ReferenceConfig = inline(() =>
  z.union([
    z.string(),
    z.object({ path: z.string(), description: z.string().optional(), hidden: z.boolean().optional() }),
    z.object({
      repository: z.string(),
      branch: z.string().optional(),
      description: z.string().optional(),
      hidden: z.boolean().optional(),
    }),
  ]),
)
const FormatterConfig = inline(() =>
  z.object({
    disabled: z.boolean().optional(),
    command: strings().optional(),
    environment: stringMap().optional(),
    extensions: strings().optional(),
  }),
)
const LspConfig = inline(() =>
  z.union([
    z.object({ disabled: z.literal(true) }),
    z.object({
      command: strings(),
      extensions: strings().optional(),
      disabled: z.boolean().optional(),
      env: stringMap().optional(),
      initialization: z.record(z.string(), z.unknown()).optional(),
    }),
  ]),
)
const CompactionConfig = inline(() =>
  z.object({
    auto: z.boolean().optional(),
    prune: z.boolean().optional(),
    tail_turns: z.number().int().min(0).optional(),
    preserve_recent_tokens: z.number().int().min(0).optional(),
    reserved: z.number().int().min(0).optional(),
  }),
)
const ExperimentalConfig = inline(() =>
  z.object({
    disable_paste_summary: z.boolean().optional(),
    batch_tool: z.boolean().optional(),
    openTelemetry: z.boolean().optional(),
    primary_tools: strings().optional(),
    continue_loop_on_deny: z.boolean().optional(),
    mcp_timeout: z.number().int().positive().optional(),
    policies: z
      .array(z.object({ action: z.literal("provider.use"), effect: z.enum(["allow", "deny"]), resource: z.string() }))
      .optional(),
  }),
)

const SandboxMode = inline(() => z.enum(["off", "workspace", "read-only"]))

/** What a user may write in `opencode.json`, member by member, so that reading a file builds only what is in it. */
export const configMembers = {
  $schema: () => z.string().optional(),
  shell: () => z.string().optional(),
  logLevel: () => LogLevel().optional(),
  server: () => ServerConfig().optional(),
  command: () => z.record(z.string(), CommandConfig()).optional(),
  skills: () => z.object({ paths: strings().optional(), urls: strings().optional() }).optional(),
  references: () => z.record(z.string(), ReferenceConfig()).optional(),
  reference: () => z.record(z.string(), ReferenceConfig()).optional(),
  watcher: () => z.object({ ignore: strings().optional() }).optional(),
  snapshot: () => z.boolean().optional(),
  plugin: () => z.array(z.union([z.string(), z.tuple([z.string(), z.record(z.string(), z.unknown())])])).optional(),
  share: () => z.enum(["manual", "auto", "disabled"]).optional(),
  autoshare: () => z.boolean().optional(),
  autoupdate: () => z.union([z.boolean(), z.literal("notify")]).optional(),
  disabled_providers: () => strings().optional(),
  enabled_providers: () => strings().optional(),
  model: () => z.string().optional(),
  small_model: () => z.string().optional(),
  default_agent: () => z.string().optional(),
  subagent_depth: () => z.number().int().min(0).optional(),
  username: () => z.string().optional(),
  mode: () => z.record(z.string(), AgentConfig()).optional(),
  agent: () => z.record(z.string(), AgentConfig()).optional(),
  provider: () => z.record(z.string(), ProviderConfig()).optional(),
  mcp: () =>
    z.record(z.string(), z.union([McpLocalConfig(), McpRemoteConfig(), z.object({ enabled: z.boolean() })])).optional(),
  formatter: () => z.union([z.boolean(), z.record(z.string(), FormatterConfig())]).optional(),
  lsp: () => z.union([z.boolean(), z.record(z.string(), LspConfig())]).optional(),
  instructions: () => strings().optional(),
  layout: () => z.enum(["auto", "stretch"]).optional(),
  permission: () => PermissionConfig().optional(),
  /** What commands of agents may touch, by the kernel's word and not by the rules'. Only where bubblewrap is. */
  sandbox: () =>
    z.union([SandboxMode(), z.object({ mode: SandboxMode().optional(), network: z.boolean().optional() })]).optional(),
  tools: () => z.record(z.string(), z.boolean()).optional(),
  attachment: () =>
    z
      .object({
        image: z
          .object({
            auto_resize: z.boolean().optional(),
            max_width: z.number().int().positive().optional(),
            max_height: z.number().int().positive().optional(),
            max_base64_bytes: z.number().int().positive().optional(),
          })
          .optional(),
      })
      .optional(),
  enterprise: () => z.object({ url: z.string().optional() }).optional(),
  tool_output: () =>
    z
      .object({ max_lines: z.number().int().positive().optional(), max_bytes: z.number().int().positive().optional() })
      .optional(),
  compaction: () => CompactionConfig().optional(),
  experimental: () => ExperimentalConfig().optional(),
}

type Built<Members extends Record<string, () => z.ZodType>> = { [Key in keyof Members]: ReturnType<Members[Key]> }

const build = <Members extends Record<string, () => z.ZodType>>(members: Members): Built<Members> =>
  Object.fromEntries(Object.entries(members).map(([key, member]) => [key, member()])) as Built<Members>

/** Every member is optional; unknown ones are reported, never fatal. */
export const Config = schema("Config", () => z.object(build(configMembers)))
export type Config = Infer<typeof Config>
