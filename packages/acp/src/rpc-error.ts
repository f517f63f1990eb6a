/** A request's failure as JSON-RPC tells it. The numbers are the protocol's. */
export class RpcError extends Error {
  override readonly name = "RpcError"
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

export const parseError = (): RpcError => new RpcError(-32700, "Parse error: the line is not JSON")

export const invalidRequest = (why: string): RpcError => new RpcError(-32600, `Invalid request: ${why}`)

export const methodNotFound = (method: string): RpcError =>
  new RpcError(-32601, `"Method not found": ${method}`, { method })

export const invalidParams = (why: string, data?: unknown): RpcError =>
  new RpcError(-32602, why ? `Invalid params: ${why}` : "Invalid params", data)

export const internalError = (why: string, data?: unknown): RpcError =>
  new RpcError(-32603, `Internal error: ${why}`, data)

export const sessionNotFound = (sessionId: string): RpcError =>
  invalidParams(`session not found: ${sessionId}`, { sessionId })
