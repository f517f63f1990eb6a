interface Modules {
  "node:child_process": typeof import("node:child_process")
  "node:fs": typeof import("node:fs")
}

/** A module of Node when it is needed, so that a browser can load what it never calls. Node, Bun and Deno have it. */
export function builtin<Name extends keyof Modules>(name: Name): Modules[Name] {
  const module = globalThis.process?.getBuiltinModule?.(name)
  if (!module) throw new Error("A server can only be started where there are processes: in Node, Bun or Deno.")
  return module as Modules[Name]
}
