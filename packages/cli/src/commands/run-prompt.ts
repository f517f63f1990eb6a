import { readFileSync } from "node:fs"
import type { PromptInput, PromptLimits } from "@opencode/protocol/message.ts"
import { parseModelRef } from "@opencode/protocol/model-ref.ts"
import { attachedFiles, type AttachedFile } from "../attached-files.ts"
import { CommandFailure } from "../fail.ts"
import { readInput } from "../standard-input.ts"
import { requireChoice } from "./run-session.ts"
import type { RunOptions } from "./run.ts"

/** What is sent, whole before anything is opened. */
export interface Prompt {
  text: string
  /** A command to run, with the text as its arguments. */
  command: string | undefined
  files: AttachedFile[]
  model: { providerID: string; modelID: string } | undefined
  variant: string | undefined
  agent: string | undefined
  format: PromptInput["format"]
  limits: PromptLimits
}

/**
 * @param over ends the wait for standard input
 * @throws CommandFailure for what is wrong with the options
 */
export async function promptOf(words: string[], options: RunOptions, over?: AbortSignal): Promise<Prompt> {
  requireSense(options)
  const { command, variant, agent } = options
  const typed = options.interactive ? "" : await readInput(over)
  const text = [words.join(" "), typed].filter((part) => part.trim()).join("\n")
  if (!text && command === undefined && !options.interactive)
    throw new CommandFailure("There is nothing to do: give a message, or text on standard input.")
  const files = attachedFiles(options.file)
  return {
    text,
    command,
    files: options.attach === undefined ? files : await (await import("../sent-files.ts")).sentFiles(files),
    model: modelNamed(options.model),
    variant,
    agent,
    format: options.outputSchema === undefined ? undefined : await formatOf(options.outputSchema),
    limits: {
      ...(options.maxSteps === undefined ? {} : { steps: options.maxSteps }),
      ...(options.maxCost === undefined ? {} : { cost: options.maxCost }),
    },
  }
}

export function modelNamed(text: string | undefined): Prompt["model"] {
  const model = text === undefined ? undefined : parseModelRef(text)
  if (text !== undefined && !model) {
    throw new CommandFailure(`A model is written as provider/model, not "${text}".`)
  }
  return model
}

/** Options that exclude or need each other. */
function requireSense(options: RunOptions): void {
  requireChoice(options)
  if (options.outputSchema !== undefined && options.command !== undefined)
    throw new CommandFailure("--output-schema is for a message: a command has no form for its answer.")
  if (options.interactive && options.outputSchema !== undefined)
    throw new CommandFailure("--interactive is for a person, and --output-schema for a program: give one of them.")
  if (options.interactive && options.format !== "default")
    throw new CommandFailure("--interactive is for a person, and --format json for a program: give one of them.")
  if (options.attach !== undefined && options.port !== undefined)
    throw new CommandFailure("--port is for a run in this process: with --attach the server has its own.")
}

/** A schema that could only fail at the provider is refused here, before there is a session. */
async function formatOf(file: string): Promise<PromptInput["format"]> {
  const schema = schemaIn(file)
  const { schemaProblem } = await import("@opencode/core/tool/json-schema.ts")
  const problem = schemaProblem(schema)
  if (problem) throw new CommandFailure(`The schema in ${file} cannot be used: ${problem}.`)
  return { type: "json_schema", schema }
}

function schemaIn(file: string): Record<string, unknown> {
  const schema = parsed(file)
  if (typeof schema !== "object" || schema === null || Array.isArray(schema))
    throw new CommandFailure(`${file} holds no JSON Schema: it has to be an object.`)
  return schema as Record<string, unknown>
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"))
  } catch (error) {
    const why = error instanceof SyntaxError ? "is no JSON" : "cannot be read"
    throw new CommandFailure(`The schema ${file} ${why}: ${(error as Error).message}`)
  }
}
