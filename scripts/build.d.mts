/** Bundles the command into packages/cli/dist. Resolves with what each file is made of. */
export function build(): Promise<{ outputs: Record<string, { bytes: number }> }>
