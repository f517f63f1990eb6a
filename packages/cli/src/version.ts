declare const OPENCODE_VERSION: string | undefined

/** The bundle has it built in; running from source it is only told apart from a release. */
export const version: string = typeof OPENCODE_VERSION === "string" ? OPENCODE_VERSION : "0.0.0-source"
