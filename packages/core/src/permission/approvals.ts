import type { PermissionReply, PermissionRuleset, SavedApproval } from "@opencode/protocol/permission.ts"
import { fault } from "../lib/fault.ts"
import type { ApprovalPlace } from "../store/approval-store.ts"
import type { Store } from "../store/store.ts"
import type { Gate } from "./gate.ts"

/** What a person approved for a project beyond the process, and the answers that make it so. */
export interface Approvals {
  /**
   * Answers a question of the gate, and keeps what the answer allows if that was asked for.
   * @throws the faults of `Gate.reply`; fault `conflict` or `storage` when it is allowed and could not be kept
   */
  reply(requestID: string, answer: ApprovalAnswer, sessionID?: string): Promise<void>
  /** Oldest first. */
  list(): SavedApproval[]
  /** From now on it is asked again, in other processes too. @throws fault `not_found` */
  remove(id: string): Promise<void>
}

export interface ApprovalAnswer {
  reply: PermissionReply
  message?: string | undefined
  save?: true | undefined
}

export interface ApprovalsDeps {
  store: Pick<Store, "approvals" | "write">
  gate: Pick<Gate, "reply" | "forget">
  /** Lets other processes know that more is approved. */
  tellOthers(): Promise<void>
  place: ApprovalPlace
  id(prefix: "apr"): string
  now(): number
}

/** A person reads the list to its end; what makes more of them is no person. */
const MAX_SAVED = 1_000

/** What decides what runs later, and what stands between a mistake and its endless repetition, is asked in each process. */
const NEVER_SAVED = new Set(["control_file", "trust", "doom_loop"])

/** What is kept of an answer. Pure. */
export const lasting = (rules: PermissionRuleset): PermissionRuleset =>
  rules.filter(({ permission }) => !NEVER_SAVED.has(permission))

export function createApprovals({ store, gate, tellOthers, place, id, now }: ApprovalsDeps): Approvals {
  async function save(rules: PermissionRuleset): Promise<void> {
    if (rules.length === 0) return
    if (store.approvals.list(place).length + rules.length > MAX_SAVED) {
      throw fault(
        "conflict",
        `It is allowed now and not kept: ${MAX_SAVED} approvals of this project are. Remove some.`,
      )
    }
    const created = now()
    const approvals = rules.map(({ permission, pattern }) => ({
      id: id("apr"),
      permission,
      pattern,
      time: { created },
    }))
    await store.write((tx) => {
      for (const approval of approvals) store.approvals.add(tx, place, approval)
    })
    await tellOthers()
  }

  return {
    async reply(requestID, { save: isKept, ...answer }, sessionID) {
      const rules = gate.reply(requestID, answer, sessionID)
      if (!isKept) return
      await save(lasting(rules))
      // What is kept is looked up: who removes it takes it back from this process as well.
      gate.forget(lasting(rules))
    },
    list: () => store.approvals.list(place),
    async remove(approvalID) {
      const approval = store.approvals.list(place).find(({ id }) => id === approvalID)
      if (!approval) {
        throw fault("not_found", `No such approval is saved in this project: ${approvalID}`)
      }
      await store.write((tx) => store.approvals.remove(tx, place, approvalID))
      gate.forget(savedRules([approval]))
    },
  }
}

/** The rules that they are. */
export const savedRules = (approvals: readonly SavedApproval[]): PermissionRuleset =>
  approvals.map(({ permission, pattern }) => ({ permission, pattern, action: "allow" }))
