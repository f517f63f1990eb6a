/** Builds the package into `outdir`, by default packages/sdk/dist. */
export function buildSdk(outdir?: string): void
