/**
 * Variables that many programs live on. They say nothing about whom the user wants to talk to: a provider that is there
 * only through them can be used, and is never chosen without being named. Tools that the agent starts need them as well,
 * so they are left to its children.
 */
const SHARED =
  /^(?:AWS_(?!BEARER)|GOOGLE_(?:APPLICATION|VERTEX|CLOUD)|CLOUDFLARE_|DATABRICKS_|DIGITALOCEAN_|SNOWFLAKE_)|^(?:GITHUB|GITLAB|HF)_TOKEN$/

export const isShared = (name: string): boolean => SHARED.test(name)
