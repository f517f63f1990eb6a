/**
 * A key goes only to the host of the layer that supplied it. A repository may name a server on this machine that gets no
 * credential of the user's; any other address it names waits for trust. Pure.
 */
export interface Custody {
  /** Where requests go. */
  url: URL
  /** Whether the project's own configuration decided that. */
  isProjectsAddress: boolean
  /** Whether a key or header comes along that the project did not supply itself. */
  carriesCredential: boolean
  isTrusted: boolean
}

/** The reason why nothing may be sent, as the end of a sentence; undefined when it may. */
export function objection({ url, isProjectsAddress, carriesCredential, isTrusted }: Custody): string | undefined {
  if (!isProjectsAddress || isTrusted) return undefined
  if (carriesCredential) return `would send your credential to ${url.host}, an address this project chose`
  return isLoopback(url) ? undefined : `would send your prompts to ${url.host}, an address this project chose`
}

/** Literal addresses and the one name that is fixed; any other name could point anywhere. */
export const isLoopback = ({ hostname }: URL): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname)
