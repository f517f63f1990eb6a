/** Packs the command for `npm i -g`. @returns the path of the tarball, in the folder that is named */
export function pack(target: string): Promise<string>
