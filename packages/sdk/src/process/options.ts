/**
 * How programs are started, with the settings of either generation of the client. Literals, as the published types are:
 * they fit an index signature. Apart from what starts them, so that a browser's program needs no types of Node.
 */
export type StartOptions<Config> = {
  /** Default: 127.0.0.1 */
  hostname?: string
  /** Default: 4096. 0 takes any port that is free. */
  port?: number
  /** Ends the server, also while it is started. */
  signal?: AbortSignal
  /** Milliseconds after which starting fails. Default: 5000. */
  timeout?: number
  /** Settings of this server alone, before those of files. */
  config?: Config
}

export type StartTuiOptions<Config> = {
  project?: string
  model?: string
  session?: string
  agent?: string
  signal?: AbortSignal
  config?: Config
}
