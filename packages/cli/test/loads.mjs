// Preloaded by a test: writes down each module that a process loads.
import { register } from "node:module"

const hooks = `
  import { appendFileSync } from "node:fs"
  export async function load(url, context, next) {
    if (url.startsWith("file:")) appendFileSync(${JSON.stringify(process.env.LOADS_FILE)}, url + "\\n")
    return next(url, context)
  }`
register(`data:text/javascript,${encodeURIComponent(hooks)}`)
