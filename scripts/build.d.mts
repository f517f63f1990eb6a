/** Bundles the command into packages/cli/dist. Resolves with what was written, and the files that it was made of. */
export function build(): Promise<{ outputs: Record<string, { bytes: number }>; inputs: string[] }>
