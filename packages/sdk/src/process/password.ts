/** A server that this process started demands the password of its environment, which is ours. */
export function passwordOfServer(): Record<string, string> {
  const { OPENCODE_SERVER_PASSWORD: password, OPENCODE_SERVER_USERNAME: name = "opencode" } = process.env
  if (!password) return {}
  const bytes = new TextEncoder().encode(`${name}:${password}`)
  return { Authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` }
}
