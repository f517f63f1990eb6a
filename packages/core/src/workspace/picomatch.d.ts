/** The part of picomatch that is used here; the package brings no types. */
declare module "picomatch" {
  export default function picomatch(
    glob: string,
    options?: { dot?: boolean; nocase?: boolean },
  ): (path: string) => boolean
}
