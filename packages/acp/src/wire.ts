/** The protocol's words, as its own package spells them. Types alone: at run time nothing of it is loaded. */
export type {
  AvailableCommand,
  ContentBlock,
  CreateElicitationRequest,
  InitializeResponse,
  PermissionOption,
  Plan,
  RequestPermissionRequest,
  SessionConfigOption,
  SessionInfo,
  SessionUpdate,
  StopReason,
  ToolCallContent,
  ToolCallLocation,
  ToolCallUpdate,
  ToolKind,
} from "@agentclientprotocol/sdk"

/** With what is used of tokens, which the protocol has as a draft. */
export type { PromptResponse } from "@agentclientprotocol/sdk/unstable"
