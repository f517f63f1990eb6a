/**
 * A key goes only to the host of the layer that supplied it. A repository may name a server on this machine that gets no
 * credential of the user's; any other address it names waits for somebody's approval, and even then the user's own key
 * stays behind, unless the address is one of the service that the key is for. Pure.
 */
export interface Custody {
  /** Where requests go. */
  url: URL
  /** Whether the project's own configuration decided that. */
  isProjectsAddress: boolean
  /** Whether a key or header comes along that the project did not supply itself. */
  carriesCredential: boolean
  /** Somebody approved that this provider's settings of the project are in effect. */
  isApproved: boolean
  /** The address belongs to the service that the program knows by the provider's name. */
  isServicesOwn: boolean
  /** Whoever started the process trusts the project as they trust themselves. */
  isTrusted: boolean
}

/** The reason why nothing may be sent, as the end of a sentence; undefined when it may. */
export function objection(custody: Custody): string | undefined {
  const { url, isProjectsAddress, carriesCredential, isApproved, isServicesOwn, isTrusted } = custody
  if (!isProjectsAddress || isTrusted) return undefined
  const chosen = `${url.host}, an address this project chose`
  if (carriesCredential && !(isApproved && isServicesOwn))
    return isApproved
      ? `would send your own key to ${chosen}: have the project name the variable of its key in options.apiKey, or set the address in your own settings`
      : `would send your credential to ${chosen}; trust the project to allow it`
  return isApproved || isLoopback(url)
    ? undefined
    : `would send your prompts to ${chosen}; trust the project to allow it`
}

/** Literal addresses and the one name that is fixed; any other name could point anywhere. */
export const isLoopback = ({ hostname }: URL): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname)
