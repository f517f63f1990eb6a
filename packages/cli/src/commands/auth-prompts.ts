import { isatty } from "node:tty"
import type { ProviderAuthMethod } from "@opencode/protocol/provider-auth.ts"
import { didYouMean } from "@opencode/core/lib/text.ts"
import { byPreference } from "@opencode/core/model/choice.ts"
import type { Credentials } from "../compose.ts"
import { CommandFailure } from "../fail.ts"

/** What a login asks a person. Without a terminal nothing is asked: what is missing is named in a sentence. */
export const isTerminal = (): boolean => isatty(STDIN) && isatty(STDERR)
const STDIN = 0
const STDERR = 2

/** Prompts are no answer: they go to standard error. */
const TO_PERSON = { output: process.stderr }

export async function askForProvider(catalog: Credentials["catalog"]): Promise<string> {
  if (!isTerminal()) throw new CommandFailure("Name the provider: `opencode auth login -p <provider>`.")
  const { autocomplete } = await import("@clack/prompts")
  const options = [...catalog.entries().values()]
    .toSorted((a, b) => byPreference(a.id, b.id))
    .map(({ id, name }) => ({ value: id, label: name, hint: id }))
  return answered(
    await autocomplete({ message: "Which provider is the key for?", options, maxItems: 10, ...TO_PERSON }),
  )
}

export async function askForStored(ids: string[]): Promise<string> {
  if (ids.length === 0) throw new CommandFailure("There is no stored credential.")
  if (!isTerminal()) throw new CommandFailure("Name the provider: `opencode auth logout <provider>`.")
  const { select } = await import("@clack/prompts")
  const options = ids.map((id) => ({ value: id, label: id }))
  return answered(await select({ message: "Which credential should be removed?", options, ...TO_PERSON }))
}

export async function askForKey(message: string): Promise<string> {
  const { password } = await import("@clack/prompts")
  const validate = (text = ""): string | undefined => (text.trim() ? undefined : "It is needed.")
  return answered(await password({ message, validate, ...TO_PERSON })).trim()
}

export async function askWhether(message: string): Promise<boolean> {
  const { confirm } = await import("@clack/prompts")
  return (await confirm({ message, initialValue: false, ...TO_PERSON })) === true
}

type Numbered = ProviderAuthMethod & { number: number }

/** The way to log in; undefined: by a key. A script that names none has a key, where one is taken. */
export async function chooseMethod(
  methods: readonly ProviderAuthMethod[],
  { name, wanted }: { name: string; wanted: string | undefined },
): Promise<Numbered | undefined> {
  const numbered = methods.map((method, number) => ({ ...method, number }))
  if (wanted !== undefined) return methodNamed(numbered, { name, wanted })
  if (numbered.length < 2) return numbered[0]
  if (!isTerminal()) return numbered.find(({ type }) => type === "api") ?? numbered[0]
  const { select } = await import("@clack/prompts")
  const options = numbered.map(({ label, number }) => ({ value: String(number), label }))
  return numbered[Number(answered(await select({ message: "How do you log in?", options, ...TO_PERSON })))]
}

function methodNamed(methods: Numbered[], { name, wanted }: { name: string; wanted: string }): Numbered {
  const found = methods.find(({ label }) => label.toLowerCase() === wanted.toLowerCase())
  if (found) return found
  const labels = methods.map(({ label }) => label)
  const there = labels.length ? ` There are: ${labels.join(", ")}.` : " There is its key alone."
  throw new CommandFailure(`${name} has no login "${wanted}".${didYouMean(wanted, labels) || there}`)
}

type Prompt = NonNullable<ProviderAuthMethod["prompts"]>[number]

/** @param given `name=value`: what need not be asked */
export async function askInputs(prompts: readonly Prompt[], given: string[]): Promise<Record<string, string>> {
  const answers: Record<string, string> = Object.fromEntries(given.map(pairOf))
  const unknown = Object.keys(answers).find((key) => !prompts.some((prompt) => prompt.key === key))
  if (unknown !== undefined) {
    const keys = prompts.map(({ key }) => key)
    throw new CommandFailure(`Nothing is asked by the name ${unknown}.${didYouMean(unknown, keys)}`)
  }
  for (const prompt of prompts.filter(({ key }) => answers[key] === undefined)) {
    const { when, key } = prompt
    if (when && (answers[when.key] === when.value) !== (when.op === "eq")) continue
    // The first choice is what most have.
    if (isTerminal()) answers[key] = await ask(prompt)
    else if (prompt.type === "select") answers[key] = prompt.options[0]?.value ?? ""
    else throw new CommandFailure(`${prompt.message}: say \`--input ${key}=…\`.`)
  }
  return answers
}

async function ask(prompt: Prompt): Promise<string> {
  const { text, select } = await import("@clack/prompts")
  const { message } = prompt
  if (prompt.type === "select") {
    const options = prompt.options.map(({ label, value, hint }) => ({ label, value, ...(hint ? { hint } : {}) }))
    return answered(await select({ message, options, ...TO_PERSON }))
  }
  const { placeholder } = prompt
  return answered(await text({ message, ...(placeholder ? { placeholder } : {}), ...TO_PERSON })).trim()
}

function pairOf(text: string): [string, string] {
  const at = text.indexOf("=")
  if (at < 1) throw new CommandFailure(`"${text}" is no input: say name=value.`)
  return [text.slice(0, at), text.slice(at + 1)]
}

/** Anything but a text: the person left. */
function answered(answer: unknown): string {
  if (typeof answer === "string") return answer
  throw new CommandFailure("Nothing was changed.", 130)
}
