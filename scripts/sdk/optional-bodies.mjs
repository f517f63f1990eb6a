// The published calls demand no member of a body, this generator demands those that the server does. Programs that were
// compiled against the published ones may leave them out, and hear from the server.

/** A generated method from its first line to the type of its answer. */
const METHOD = /public \w+<ThrowOnError[^\n]*\(parameters: \{\n[\s\S]*?<\w+Responses,/g

/** The calls, in which those of `operations`, by their ids, demand no member of a body. */
export function withOptionalBodies(calls, operations) {
  const names = new Set(operations.map(typeName))
  return calls.replace(METHOD, (method) => {
    const [, name] = /<(\w+)Responses,$/.exec(method)
    return names.has(name) ? relaxed(method) : method
  })
}

function relaxed(method) {
  const head = method.slice(0, method.indexOf("\n    }, options"))
  const members = [...method.matchAll(/in: 'body',\s+key: '(\w+)'|key: '(\w+)',\s+map: 'body'/g)]
  const parameters = members.reduce((text, [, inside, whole]) => optional(text, inside ?? whole), head)
  const isDemanded = /\n {8}\w+: /.test(parameters)
  const list = isDemanded ? parameters : parameters.replace("(parameters: {", "(parameters?: {")
  return list + method.slice(head.length)
}

const optional = (text, name) => text.replace(`\n        ${name}: `, `\n        ${name}?: `)

/** As the generator makes names of types out of ids. */
const typeName = (id) => id.replace(/(?:^|[._-])(\w)/g, (_, letter) => letter.toUpperCase())
