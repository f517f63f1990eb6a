import { internalError, invalidParams, RpcError } from "./rpc-error.ts"

interface ApiResult<Data> {
  data?: Data
  error?: unknown
  response?: Response
}

/** What the API says is wrong with a request that named nothing wrong is nothing that the client could mend. */
const CLIENT_ERRORS = new Set([400, 404, 409, 413])

/** The data of an answer. @throws RpcError with its sentence */
export function dataOf<Data>({ data, error, response }: ApiResult<Data>): Data {
  if (error === undefined) return data as Data
  const said = error as { name?: unknown; _tag?: unknown; data?: { message?: unknown }; message?: unknown }
  const message = String(said.data?.message ?? said.message ?? JSON.stringify(error))
  const facts = { errorName: String(said.name ?? said._tag ?? "UnknownError") }
  throw CLIENT_ERRORS.has(response?.status ?? 0) ? invalidParams(message, facts) : internalError(message, facts)
}

/** Whether the API answered that there is no such thing. */
export const isMissing = (error: unknown): boolean =>
  error instanceof RpcError && /NotFound/.test(String((error.data as { errorName?: unknown } | undefined)?.errorName))
