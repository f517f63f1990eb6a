// Puts those chunks of a bundle together that are always loaded together. A bundle splits code by who wants it, so each
// part that is loaded when it is needed divides what the others load into more files; and to find, open and compile a
// file costs every start as much as thousands of lines in it.
import { posix, relative } from "node:path"
import * as esbuild from "esbuild"

/**
 * @param folder what was written with the metafile, and `outdir` where the joined bundle goes
 * @param apart the source of an entry whose chunks stay what they are
 * @param groups for each file that is made, its name and the sources of the entries that all load what goes into it
 */
export async function joinChunks({ folder, outdir, metafile, apart, groups, ...options }) {
  const chunks = readChunks(metafile)
  const groupOf = assign(chunks, apart, groups)
  const entries = [...chunks.keys()].filter((name) => !groupOf.has(name) || chunks.get(name).source)
  const result = await esbuild.build({
    ...options,
    absWorkingDir: folder,
    outdir,
    bundle: true,
    entryPoints: [
      ...groups.map(({ name }) => ({ in: `group:${name}`, out: withoutEnding(name) })),
      ...entries.map((name) => ({ in: groupOf.has(name) ? `member:${name}` : name, out: withoutEnding(name) })),
    ],
    plugins: [joined({ folder, chunks, groupOf })],
    metafile: true,
  })
  return result.metafile
}

/** Every file of the bundle by its name: what it exports, what it cannot be without, and the source it was an entry for. */
function readChunks({ outputs }) {
  const top = posix.dirname(Object.keys(outputs).find((path) => posix.basename(path) === "main.js"))
  const nameOf = (path) => posix.relative(top, path)
  return new Map(
    Object.entries(outputs).map(([path, { exports, imports, entryPoint }]) => {
      const needed = imports.filter(({ kind, external }) => kind === "import-statement" && !external)
      return [nameOf(path), { exports, needs: needed.map((one) => nameOf(one.path)), source: entryPoint }]
    }),
  )
}

/** Name of a chunk → name of the file that it goes into. What entries load is closed, so no file needs one that needs it. */
function assign(chunks, apart, groups) {
  const loadedBy = (source) => {
    const entry = [...chunks].find(([, chunk]) => chunk.source === source)?.[0]
    if (!entry) throw new Error(`No chunk of the bundle is made for ${source}.`)
    const loaded = new Set([entry])
    for (const name of loaded) for (const needed of chunks.get(name).needs) loaded.add(needed)
    return { entry, loaded }
  }
  const taken = loadedBy(apart).loaded
  const groupOf = new Map()
  for (const { name, sources } of groups) {
    const [first, ...others] = sources.map(loadedBy)
    for (const chunk of first.loaded) {
      if (taken.has(chunk) || chunk === first.entry || !others.every(({ loaded }) => loaded.has(chunk))) continue
      taken.add(chunk)
      groupOf.set(chunk, name)
    }
  }
  return groupOf
}

/** Within a group, chunks are read; from outside, their exports are those of the group's file under other names. */
function joined({ folder, chunks, groupOf }) {
  const numbers = new Map([...groupOf.keys()].map((name, number) => [name, number]))
  const names = (name, as) => chunks.get(name).exports.map(as).join(",")
  const inGroup = (name, exported) => `c${numbers.get(name)}_${exported}`
  const members = (group) => [...groupOf].filter(([, of]) => of === group).map(([name]) => name)
  const from = (name) => JSON.stringify(`./${name}`)
  const contents = {
    group: (group) =>
      members(group)
        .map((name) => `export{${names(name, (one) => `${one} as ${inGroup(name, one)}`)}}from${from(name)}`)
        .join("\n"),
    member: (name) =>
      `export{${names(name, (one) => `${inGroup(name, one)} as ${one}`)}}from${from(groupOf.get(name))}`,
  }
  return {
    name: "joined",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^(group|member):/ }, ({ path }) => {
        const [namespace, name] = path.split(":")
        return { path: name, namespace }
      })
      onResolve({ filter: /.*/ }, ({ path, importer, namespace, kind }) => {
        if (kind === "entry-point") return
        if (!path.startsWith(".")) return { external: true }
        const own = namespace === "file" ? relative(folder, importer) : importer
        // What is made up for groups and members speaks of files as they lie in the bundle.
        const name = namespace === "file" ? posix.join(posix.dirname(own), path) : posix.normalize(path)
        const group = groupOf.get(name)
        if (group && group === (namespace === "group" ? own : groupOf.get(own))) return { path: `${folder}/${name}` }
        if (group && kind === "import-statement") return { path: name, namespace: "member" }
        return { path: `./${posix.relative(posix.dirname(own), name)}`, external: true }
      })
      for (const [namespace, write] of Object.entries(contents))
        onLoad({ filter: /.*/, namespace }, ({ path }) => ({ contents: write(path) }))
    },
  }
}

const withoutEnding = (name) => name.slice(0, -posix.extname(name).length)
