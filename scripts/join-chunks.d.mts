import type { BuildOptions, Metafile } from "esbuild"

export interface JoinInput extends BuildOptions {
  folder: string
  outdir: string
  metafile: Metafile
  apart: string
  groups: { name: string; sources: string[] }[]
}

export function joinChunks(input: JoinInput): Promise<Metafile>
