import type { Assignment, ParameterOperation, SyntaxNode, Word } from "unbash"
import type { ShellWord } from "./shell-words.ts"

/**
 * What makes a command do something its words do not show: variables that programs obey, and the places where bash
 * evaluates the *value* of a variable as code. Each finding is a sentence for the person who is asked.
 */

/** Variables that choose programs, libraries, start-up files or where settings are read from. */
const DANGEROUS = new RegExp(
  `^(?:${[
    "PATH|CDPATH|HOME|SHELL|ENV|BASH_ENV|BASH_FUNC_.*|SHELLOPTS|BASHOPTS|BASH_XTRACEFD|ZDOTDIR|IFS|PS[0-4]|PROMPT_COMMAND",
    "LD_.*|DYLD_.*|GCONV_PATH|LOCPATH|NLSPATH|TEXTDOMAIN.*|TERMINFO.*|TMPDIR|MALLOC_.*|GLIBC_TUNABLES",
    "GIT_.*|SSH_.*|SUDO_.*|GPG_.*|GNUPGHOME|XDG_.*|EMAIL",
    ".*PAGER|.*EDITOR|VISUAL|BROWSER|LESS.*|MORE|MANOPT|RIPGREP_CONFIG_PATH|GREP_.*|FZF_.*|BAT_.*",
    "NODE_.*|npm_.*|NPM_.*|YARN_.*|PNPM_.*|BUN_.*|DENO_.*|TS_NODE_.*|TSX_.*|PYTHON.*|PIP_.*|UV_.*|VIRTUAL_ENV",
    "PERL.*|RUBY.*|GEM_.*|BUNDLE_.*|LUA_.*|PHP.*|JAVA_.*|_JAVA_.*|JDK_.*|MAVEN_.*|GRADLE_.*|CLASSPATH",
    "GO.*|CGO_.*|CARGO.*|RUST.*|CC|CXX|CPP|LD|AR|AS|MAKE.*|CMAKE_.*|PKG_CONFIG.*",
    "DOCKER_.*|KUBE.*|HELM_.*|AWS_.*|AZURE_.*|GOOGLE_.*|CLOUDSDK_.*|OPENSSL_.*|SSL_.*|CURL_.*|WGETRC|HOSTALIASES",
    "EXINIT|VIM.*|NVIM_.*|EMACS.*|INPUTRC|TAR_OPTIONS|RSYNC_.*|.*_RSH|SVN_SSH|GCC_.*|COMPILER_PATH|LIBRARY_PATH|PSQLRC",
    ".*_proxy|.*_PROXY|OPENCODE_.*",
  ].join("|")})$`,
)

/** Those among them that everybody sets, and that only say what is shown or built. */
const HARMLESS = new Set(
  (
    "NODE_ENV NODE_NO_WARNINGS PYTHONUNBUFFERED PYTHONDONTWRITEBYTECODE PYTHONIOENCODING RUST_BACKTRACE RUST_LOG " +
    "CARGO_TERM_COLOR GOOS GOARCH GO111MODULE CGO_ENABLED DOCKER_BUILDKIT AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION " +
    "GIT_TERMINAL_PROMPT GIT_OPTIONAL_LOCKS GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_AUTHOR_DATE GIT_COMMITTER_NAME " +
    "GIT_COMMITTER_EMAIL GIT_COMMITTER_DATE"
  ).split(" "),
)

export const isDangerousVariable = (name: string): boolean => DANGEROUS.test(name) && !HARMLESS.has(name)

export const variableProblem = (name: string): string | undefined =>
  isDangerousVariable(name) ? `sets ${name}, which changes what programs do` : undefined

/** Options by which find itself changes files: "always" for some search must not come to allow them. */
const FIND_CHANGES = new Set(["-delete", "-fprint", "-fprint0", "-fprintf", "-fls"])

/** @param base the command's name without its folder */
export function commandHazards(base: string, argv: readonly ShellWord[]): string[] {
  const change = base === "find" ? argv.find((word) => FIND_CHANGES.has(word.value)) : undefined
  return change ? [`find ${change.value} changes files`] : []
}

const EVALUATES = "bash may run code found in a variable here"
const NUMBER = /^\s*-?(?:0[xX][\da-fA-F]+|\d+(?:#\w+)?)\s*$/

export function hazardsOf(node: SyntaxNode): string[] {
  switch (node.type) {
    case "Script":
      return (node.errors ?? []).map((error) => `syntax: ${error.message}`)
    case "CommandExpansion":
    case "ProcessSubstitution":
    case "ArithmeticCommandExpansion":
      return node.script ? [] : ["nested too deeply to be analysed"]
    case "ExtendedGlob":
      return ["extended globs mean different things in different shells"]
    case "ArithmeticExpansion":
      return node.expression || /^\$(?:\(\(\s*\)\)|\[\s*\])$/.test(node.text)
        ? []
        : ["arithmetic that cannot be analysed"]
    case "ArithmeticWord":
      return NUMBER.test(node.value) ? [] : [EVALUATES]
    case "ParameterExpansion":
      return [
        ...(node.prefix === "!" && node.operation?.type !== "Names" ? [EVALUATES] : []),
        ...(node.index && !isSubscript(node.index) ? [EVALUATES] : []),
        ...operationHazards(node.parameter, node.operation),
      ]
    case "Assignment":
      if (isQuieting(node)) return []
      return [...found(variableProblem(node.name)), ...(node.index && !isSubscript(node.index) ? [EVALUATES] : [])]
    case "For":
    case "Select":
      return found(variableProblem(node.name.value))
    case "Coproc":
      return found(variableProblem(node.name?.value ?? "COPROC"))
    case "FileDescriptorVariable":
      return found(variableProblem(node.name))
    case "HereDocDelimiter":
      return /\$['"]/.test(node.text) ? ["a here-document whose end is not certain"] : []
    case "TestBinary":
      return /^-(?:eq|ne|lt|le|gt|ge)$/.test(node.operator) && !(isNumber(node.left) && isNumber(node.right))
        ? [EVALUATES]
        : []
    case "TestUnary":
      return /^-[vR]$/.test(node.operator) && !/^\w+$/.test(node.operand.text) ? [EVALUATES] : []
    default:
      return []
  }
}

/** `PAGER=cat`, `GIT_EDITOR=true`: how one keeps a program from starting another one. */
function isQuieting({ name, value, append, index }: Assignment): boolean {
  if (!/(?:PAGER|EDITOR|VISUAL)$/.test(name) || append || index || value.type !== "Word") return false
  return /^(?:cat|true|:|)$/.test(value.text)
}

function operationHazards(parameter: string, operation: ParameterOperation | undefined): string[] {
  switch (operation?.type) {
    case "Default":
      return operation.operator.endsWith("=") ? found(variableProblem(parameter)) : []
    case "Slice":
      return isNumber(operation.offset) && (!operation.length || isNumber(operation.length)) ? [] : [EVALUATES]
    case "Transform":
      return /^[QUuLEAaKk]$/.test(operation.operand.text) ? [] : [EVALUATES]
    case "Unknown":
      return ["an expansion that cannot be analysed"]
    default:
      return []
  }
}

/** Built-ins that change what later words mean, in ways that are not followed here. */
const REDEFINING = new Set("alias shopt enable bind complete compgen compopt fc hash history let".split(" "))

/** Built-ins whose operands name variables. */
const NAMING = new Set("export declare typeset local readonly unset read mapfile readarray getopts".split(" "))

/** @param base the command's name without its folder */
export function builtinHazards(base: string, args: readonly ShellWord[]): string[] {
  if (REDEFINING.has(base)) return [`${base} changes what other words mean`]
  if (base === "trap") return args.every((word) => word.isLiteral) ? [] : ["a trap that is known only when it runs"]
  if (base === "source" || base === ".") {
    const file = args[0]
    const isFile = file?.isLiteral && !/^\/(?:dev|proc)\//.test(file.value) && !file.value.startsWith("-")
    return isFile ? [] : ["runs a script that is known only when it runs"]
  }
  if (base === "test" || base === "[") {
    return args.some((word, at) => /^-[vR]$/.test(word.value) && !/^\w+$/.test(args[at + 1]?.text ?? "x"))
      ? [EVALUATES]
      : []
  }
  const named = NAMING.has(base)
    ? args
    : base === "printf" || base === "wait"
      ? valuesOf(base === "printf" ? "v" : "p", args)
      : []
  return named.flatMap((word) => {
    if (NAMING.has(base) && /^[-+]/.test(word.value)) {
      const isRisky = /^(?:declare|typeset|local|readonly|export)$/.test(base) ? /^[-+]\w*[ni]/ : /^-\w*C/
      return isRisky.test(word.value) ? [EVALUATES] : []
    }
    const [name = ""] = word.value.split(/\+?=/, 1)
    if (/^\w*$/.test(name) && (word.isLiteral || name !== word.value)) return found(variableProblem(name))
    return [EVALUATES]
  })
}

/** The values of one short option, attached or apart. */
function valuesOf(letter: string, args: readonly ShellWord[]): ShellWord[] {
  const at = args.findIndex((word) => word.value.startsWith(`-${letter}`))
  const value = args[at]?.value === `-${letter}` ? args[at + 1] : args[at]
  return at >= 0 && value ? [value] : []
}

const isNumber = (word: Word) => NUMBER.test(word.text)
const isSubscript = (word: Word) => /^(?:\d+|[@*])$/.test(word.text)
const found = (problem: string | undefined) => (problem === undefined ? [] : [problem])
