// What clients of the app server say.

/** An absolute path. */
export type AbsolutePathBuf = string;

/** How to find out. */
export type AccountSessionsListParams = {
  /** Asks the service about the workspaces first. */
  refreshWorkspaceMetadata?: boolean;
};

/** What is used up. */
export type AddCreditsNudgeCreditType = "credits" | "usage_limit";

/** Who is asked. */
export type ApprovalsReviewer = "user" | "auto_review" | "guardian_subagent";

/** Whose apps. */
export type AppsInstalledParams = {
  /** Asks again, whatever is known. */
  forceRefresh?: boolean;
  /** Whose configuration counts. */
  threadId?: string | null;
};

/** Which apps. */
export type AppsListParams = {
  /** Where to go on: the last answer's `nextCursor`. */
  cursor?: string | null;
  /** Asks again, whatever is known. */
  forceRefetch?: boolean;
  /** How many at most. */
  limit?: number | null;
  /** Whose configuration counts. */
  threadId?: string | null;
};

/** When a user is asked. */
export type AskForApproval = "untrusted" | "on-request" | {
  granular: {
    /** For what a tool server wants to know. */
    mcp_elicitations: boolean;
    /** To have more permissions. */
    request_permissions?: boolean;
    /** Where a rule says so. */
    rules: boolean;
    /** To leave the sandbox. */
    sandbox_approval: boolean;
    /** To use a skill. */
    skill_approval?: boolean;
  };
} | "never";

/** Nothing to say. */
export type BedrockCheckGovCloudRequirementsParams = Record<string, never>;

/** A login to give up. */
export type CancelLoginAccountParams = {
  /** Which: a UUID. */
  loginId: string;
};

/** Where a folder of capabilities is. */
export type CapabilityRootLocation = {
  /** Which. */
  environmentId: string;
  /** Where there. */
  path: string;
  type: "environment";
};

/** Who a client is. */
export type ClientInfo = {
  /**
   * Becomes the front of the `userAgent` if it is the first one to introduce itself, so it has
   * to be a valid header value; may be empty.
   */
  name: string;
  /** For people. */
  title?: string | null;
  /** May be empty. */
  version: string;
};

/** A mode of working. */
export type CollaborationMode = {
  /** Which. */
  mode: ModeKind;
  /** With what. */
  settings: CollaborationSettings;
};

/** Nothing to say. */
export type CollaborationModeListParams = Record<string, never>;

/** What a mode of working works with. Its members have snake case on the wire. */
export type CollaborationSettings = {
  /** What it is told. */
  developer_instructions?: string | null;
  /** Who answers. */
  model: string;
  /** How hard it thinks. */
  reasoning_effort?: string | null;
};

/** What to run and how. */
export type CommandExecParams = {
  /** Program and arguments; not empty. */
  command: Array<string>;
  /** Where it runs; relative paths start at the server's own folder. */
  cwd?: string | null;
  /** All output is kept. */
  disableOutputCap?: boolean;
  /** It may run for ever. */
  disableTimeout?: boolean;
  /** Laid over the environment it would have; `null` removes. */
  env?: Record<string, string | null> | null;
  /**
   * The environment it runs in, an addition; absent: `local`, or the default where this machine
   * may not be used.
   */
  environmentId?: string | null;
  /** Bytes of each stream that are kept; 0 keeps none. Not together with `disableOutputCap`. */
  outputBytesCap?: number | null;
  /** The same by the name of a profile. Not together with `sandboxPolicy`. */
  permissionProfile?: string | null;
  /**
   * The client's name for it, unique on the connection while it runs; may be empty. Needed by
   * whoever streams, has a terminal, or steers it later.
   */
  processId?: string | null;
  /** What it is held to; absent: what the configuration says. */
  sandboxPolicy?: SandboxPolicy | null;
  /** Of its terminal; only with `tty`. */
  size?: CommandExecTerminalSize | null;
  /** Its standard input can be written to. */
  streamStdin?: boolean;
  /** Output is told as it comes, and left out of the answer. */
  streamStdoutStderr?: boolean;
  /**
   * Milliseconds it may run, then it is killed; not negative. Not together with
   * `disableTimeout`.
   */
  timeoutMs?: number | null;
  /** On a terminal, which means both stream members too; all output then is `stdout`. */
  tty?: boolean;
};

/** A new size for a terminal. */
export type CommandExecResizeParams = {
  /** Which one. */
  processId: string;
  /** What it becomes. */
  size: CommandExecTerminalSize;
};

/** Size of a terminal in characters; neither is 0. */
export type CommandExecTerminalSize = {
  /** Characters in a line. */
  cols: number;
  /** Lines. */
  rows: number;
};

/** Which command to kill. */
export type CommandExecTerminateParams = {
  /** Which one. */
  processId: string;
};

/** Input for a command. */
export type CommandExecWriteParams = {
  /** Nothing follows. */
  closeStdin?: boolean;
  /**
   * The bytes. Text, because a mistake in it is refused in other words than a mistake
   * elsewhere.
   */
  deltaBase64?: string | null;
  /** Which one. */
  processId: string;
};

/** Several changes. */
export type ConfigBatchWriteParams = {
  /** One after the other; none is no mistake. */
  edits: Array<ConfigEdit>;
  /** The version the file has to have. */
  expectedVersion?: string | null;
  /** The file; only the user's own may be written. */
  filePath?: string | null;
  /** Threads that are loaded take over what they can. */
  reloadUserConfig?: boolean;
};

/** One change of several. */
export type ConfigEdit = {
  /** The dotted path of the key. */
  keyPath: string;
  /** What becomes of what was there. */
  mergeStrategy: MergeStrategy;
  /** What it becomes; `null` removes it. */
  value: unknown;
};

/** What to read. */
export type ConfigReadParams = {
  /** Whose project's configuration counts. */
  cwd?: string | null;
  /** The layers too. */
  includeLayers?: boolean;
};

/** One change. */
export type ConfigValueWriteParams = {
  /** The version the file has to have. */
  expectedVersion?: string | null;
  /** The file; only the user's own may be written. */
  filePath?: string | null;
  /** The dotted path of the key. */
  keyPath: string;
  /** What becomes of what was there. */
  mergeStrategy: MergeStrategy;
  /** What it becomes; `null` removes it. */
  value: unknown;
};

/** What to use up. */
export type ConsumeAccountRateLimitResetCreditParams = {
  /** Which; absent: the next. */
  creditId?: string | null;
  /** The same for the same attempt; not empty. */
  idempotencyKey: string;
};

/** One of several tools. */
export type DynamicToolNamespaceTool = {
  /** The model is told of it when it looks for one. */
  deferLoading?: boolean;
  /** What it does. */
  description: string;
  /** What it takes, as a JSON Schema. */
  inputSchema: unknown;
  /** What the model calls it. */
  name: string;
  type: "function";
};

/** A tool, or several with one name in front. */
export type DynamicToolSpec = {
  /** The model is told of it when it looks for one. */
  deferLoading?: boolean;
  /** What it does. */
  description: string;
  /** What it takes, as a JSON Schema. */
  inputSchema: unknown;
  /** What the model calls it. */
  name: string;
  type: "function";
} | {
  /** What they do. */
  description: string;
  /** The name in front. */
  name: string;
  /** They. */
  tools: Array<DynamicToolNamespaceTool>;
  type: "namespace";
};

/** An exec server. */
export type EnvironmentAddParams = {
  /** Shown to it. */
  authBearerToken?: Secret | null;
  /** Milliseconds a connection may take. */
  connectTimeoutMs?: number | null;
  /** The name; one that is known is replaced. `local` is this machine. */
  environmentId: string;
  /** Where it listens; what cannot be dialled is found out when it is needed. */
  execServerUrl: string;
  /** What skills it has to have. */
  skills?: EnvironmentSkillsParams | null;
  /** Sent along with the upgrade, for its logs. */
  websocketRequestId?: string | null;
};

/** Which environment. */
export type EnvironmentInfoParams = {
  /** Its name. */
  environmentId: string;
};

/** What skills an environment has to have. */
export type EnvironmentSkillsParams = {
  /** Names. */
  required?: Array<string> | null;
};

/** Which environment. */
export type EnvironmentStatusParams = {
  /** Its name. */
  environmentId: string;
};

/** What to switch. */
export type ExperimentalFeatureEnablementSetParams = {
  /** On or off, by key; unknown keys are no mistake. */
  enablement: Record<string, boolean>;
};

/** Which features. */
export type ExperimentalFeatureListParams = {
  /** Where to go on: the last answer's `nextCursor`. */
  cursor?: string | null;
  /** How many at most. */
  limit?: number | null;
  /** Whose configuration counts. */
  threadId?: string | null;
};

/** What to copy where. */
export type FsCopyParams = {
  /** To where. */
  destinationPath: AbsolutePathBuf;
  /**
   * Whose files, an addition; absent: those of `local`, or of the default environment where this
   * machine may not be used.
   */
  environmentId?: string | null;
  /** Needed for a directory. */
  recursive?: boolean;
  /** From where. */
  sourcePath: AbsolutePathBuf;
};

/** Which directory to make. */
export type FsCreateDirectoryParams = {
  /**
   * Whose files, an addition; absent: those of `local`, or of the default environment where this
   * machine may not be used.
   */
  environmentId?: string | null;
  /** Where. */
  path: AbsolutePathBuf;
  /** Missing parents too, and an existing directory is fine; absent: yes. */
  recursive?: boolean | null;
};

/** Whose metadata. */
export type FsGetMetadataParams = {
  /**
   * Whose files, an addition; absent: those of `local`, or of the default environment where this
   * machine may not be used.
   */
  environmentId?: string | null;
  /** Where. */
  path: AbsolutePathBuf;
};

/** Which directory. */
export type FsReadDirectoryParams = {
  /**
   * Whose files, an addition; absent: those of `local`, or of the default environment where this
   * machine may not be used.
   */
  environmentId?: string | null;
  /** Where. */
  path: AbsolutePathBuf;
};

/** Which file to read. */
export type FsReadFileParams = {
  /**
   * Whose files, an addition; absent: those of `local`, or of the default environment where this
   * machine may not be used.
   */
  environmentId?: string | null;
  /** Where; links are followed. */
  path: AbsolutePathBuf;
};

/** What to remove. */
export type FsRemoveParams = {
  /**
   * Whose files, an addition; absent: those of `local`, or of the default environment where this
   * machine may not be used.
   */
  environmentId?: string | null;
  /** Nothing there is fine too; absent: yes. */
  force?: boolean | null;
  /** Where; a link itself is removed, not its target. */
  path: AbsolutePathBuf;
  /** A directory with what it holds; absent: yes. */
  recursive?: boolean | null;
};

/** Which watch to end. */
export type FsUnwatchParams = {
  /** One that is unknown is no mistake. */
  watchId: string;
};

/** What to watch. */
export type FsWatchParams = {
  /**
   * Whose files, an addition; absent: those of `local`, or of the default environment where this
   * machine may not be used.
   */
  environmentId?: string | null;
  /** A file, or a directory whose direct children are watched. */
  path: AbsolutePathBuf;
  /** The client's name for it, unique on the connection; may be empty. */
  watchId: string;
};

/** What to write where. */
export type FsWriteFileParams = {
  /** Text, because a mistake in it is refused in other words than a mistake elsewhere. */
  dataBase64: string;
  /**
   * Whose files, an addition; absent: those of `local`, or of the default environment where this
   * machine may not be used.
   */
  environmentId?: string | null;
  /** Where. */
  path: AbsolutePathBuf;
};

/** What to search where. */
export type FuzzyFileSearchParams = {
  /** A later search with the same one ends this one. */
  cancellationToken?: string | null;
  /** Characters that have to be there in this order; empty finds nothing. */
  query: string;
  /** Folders to search. */
  roots: Array<string>;
};

/** A session to open. */
export type FuzzyFileSearchSessionStartParams = {
  /** Folders to search. */
  roots: Array<string>;
  /** The client's name for it. */
  sessionId: string;
};

/** A session to end. */
export type FuzzyFileSearchSessionStopParams = {
  /** Which session. */
  sessionId: string;
};

/** What to search for now. */
export type FuzzyFileSearchSessionUpdateParams = {
  /** As in a single search. */
  query: string;
  /** Which session. */
  sessionId: string;
};

/** Which provider. */
export type GatewayOAuthReadParams = {
  /** Absent: the one in use. */
  modelProvider?: string | null;
};

/** How to find out. */
export type GetAccountParams = {
  /** Renews the account's token first. */
  refreshToken?: boolean;
};

/** What is to be told of an account's limits. */
export type GetAccountRateLimitsParams = {
  /** Only sums. */
  excludeResetCreditDetails?: boolean;
  /** The client knows of a reserve. */
  supportsLunaReserve?: boolean;
};

/** Whose use. */
export type GetAccountTokenUsageParams = {
  /** That of a thread; absent: that of the account. */
  threadId?: string | null;
};

/** Whose hooks. */
export type HooksListParams = {
  /** Folders; none: the server's own. Not together with `threadId`. */
  cwds?: Array<string>;
  /** Those of a thread. */
  threadId?: string | null;
};

/** What a client can do. */
export type InitializeCapabilities = {
  /** It knows the experimental methods and members; without it they are refused. */
  experimentalApi?: boolean;
  /** It begins gateway logins by itself. */
  explicitGatewayOauth?: boolean;
  /** What no other member has room for. */
  extensions?: Record<string, unknown> | null;
  /** It shows forms that tool servers ask for. */
  mcpServerOpenaiFormElicitation?: boolean;
  /** Notifications it does not want, by their exact names; unknown names are no mistake. */
  optOutNotificationMethods?: Array<string> | null;
  /** It answers `attestation/generate`. */
  requestAttestation?: boolean;
  /** It asks people where the server would let a model decide. */
  requiredHumanApproval?: boolean;
};

/** What a client says of itself. */
export type InitializeParams = {
  /** What it can do; absent: nothing beyond the stable dialect. */
  capabilities?: InitializeCapabilities | null;
  /** Who it is. */
  clientInfo: ClientInfo;
};

/** Which tool servers. */
export type ListMcpServerStatusParams = {
  /** Where to go on: the last answer's `nextCursor`. */
  cursor?: string | null;
  /** How much to tell; absent: all. */
  detail?: McpServerStatusDetail | null;
  /** How many at most. */
  limit?: number | null;
  /** Only that one. */
  serverName?: string | null;
  /** Whose configuration counts. */
  threadId?: string | null;
};

/** How to sign in. */
export type LoginAccountParams = {
  /** The key; never told again. */
  apiKey: Secret;
  type: "apiKey";
} | {
  /** Whose look the pages have. */
  appBrand?: LoginAppBrand | null;
  /** With fewer pages. */
  codexStreamlinedLogin?: boolean;
  type: "chatgpt";
  /** The last page is the service's own. */
  useHostedLoginSuccessPage?: boolean;
} | {
  type: "chatgptDeviceCode";
} | {
  /** The token. */
  accessToken: Secret;
  /** Whose it is. */
  chatgptAccountId: string;
  /** What that account pays for. */
  chatgptPlanType?: string | null;
  type: "chatgptAuthTokens";
} | {
  /** The key. */
  apiKey: Secret;
  /** Where it holds. */
  region: string;
  type: "amazonBedrock";
} | {
  /** The public one. */
  accessKeyId: string;
  /** Where they hold. */
  region: string;
  /** The secret one. */
  secretAccessKey: Secret;
  /** Where they are borrowed. */
  sessionToken?: Secret | null;
  type: "amazonBedrockAccessKeys";
};

/** Whose look the pages of a login have. */
export type LoginAppBrand = "codex" | "chatgpt";

/** How much to tell of a tool server. */
export type McpServerStatusDetail = "full" | "toolsAndAuthOnly";

/** What becomes of what was there. */
export type MergeStrategy = "replace" | "upsert";

/** What to say back. */
export type MockExperimentalMethodParams = {
  /** Anything. */
  value?: string | null;
};

/** A mode of working. */
export type ModeKind = "plan" | "default";

/** Which models. */
export type ModelListParams = {
  /** Where to go on: the last answer's `nextCursor`. */
  cursor?: string | null;
  /** Those too that are not for choosing. */
  includeHidden?: boolean | null;
  /** How many at most. */
  limit?: number | null;
  /** Whose; absent: the provider in use. */
  modelProvider?: string | null;
};

/** Nothing to say. */
export type ModelProviderCapabilitiesReadParams = Record<string, never>;

/** Nothing to say. */
export type ModelProviderListParams = Record<string, never>;

/** How a model works with others of its kind. */
export type MultiAgentMode = "explicitRequestOnly" | "proactive" | {
  custom: string;
};

/** Whether the network may be reached. */
export type NetworkAccess = "restricted" | "enabled";

/** Nothing: absent, `null` or `{}`. */
export type NoParams = null | Record<string, never>;

/** Which profiles. */
export type PermissionProfileListParams = {
  /** Where to go on: the last answer's `nextCursor`. */
  cursor?: string | null;
  /** Whose project's configuration counts. */
  cwd?: string | null;
  /** How many at most; absent: all. */
  limit?: number | null;
};

/** A model's tone. */
export type Personality = "none" | "friendly" | "pragmatic";

/** Whose plugins. */
export type PluginInstalledParams = {
  /** Folders whose market places count too. */
  cwds?: Array<AbsolutePathBuf> | null;
  /** Plugins to list although they are not installed. */
  installSuggestionPluginNames?: Array<string> | null;
};

/** What kind of market place. */
export type PluginListMarketplaceKind = "local" | "vertical" | "workspace-directory" | "shared-with-me" | "created-by-me-remote";

/** Which plugins. */
export type PluginListParams = {
  /** Folders whose market places count too. */
  cwds?: Array<AbsolutePathBuf> | null;
  /** Asks again, whatever is known. */
  forceRefetch?: boolean;
  /** Which market places; absent: those of this machine. */
  marketplaceKinds?: Array<PluginListMarketplaceKind> | null;
};

/** Why. */
export type PluginReconcileParams = {
  /** For the record. */
  reason?: string | null;
};

/** Which process to kill. */
export type ProcessKillParams = {
  /** Which one. */
  processHandle: string;
};

/** A new size for a terminal. */
export type ProcessResizePtyParams = {
  /** Which one. */
  processHandle: string;
  /** What it becomes. */
  size: ProcessTerminalSize;
};

/** What to start and how. */
export type ProcessSpawnParams = {
  /** Program and arguments; not empty. */
  command: Array<string>;
  /** Where it runs. */
  cwd: AbsolutePathBuf;
  /** Laid over the environment it would have; `null` removes. */
  env?: Record<string, string | null> | null;
  /**
   * The environment it runs in, an addition; absent: `local`, or the default where this machine
   * may not be used.
   */
  environmentId?: string | null;
  /** Bytes of each stream that are kept; `null`: all. */
  outputBytesCap?: number | null;
  /** The client's name for it, unique on the connection while it runs. */
  processHandle: string;
  /** Of its terminal; only with `tty`. */
  size?: ProcessTerminalSize | null;
  /** Its standard input can be written to. */
  streamStdin?: boolean;
  /** Output is told as it comes, and left out of the end. */
  streamStdoutStderr?: boolean;
  /** Milliseconds it may run, then it is killed; `null`: for ever. */
  timeoutMs?: number | null;
  /** On a terminal, which means both stream members too. */
  tty?: boolean;
};

/** Size of a terminal in characters; neither is 0. */
export type ProcessTerminalSize = {
  /** Characters in a line. */
  cols: number;
  /** Lines. */
  rows: number;
};

/** Input for a process. */
export type ProcessWriteStdinParams = {
  /** Nothing follows. */
  closeStdin?: boolean;
  /**
   * The bytes. Text, because a mistake in it is refused in other words than a mistake
   * elsewhere.
   */
  deltaBase64?: string | null;
  /** Which one. */
  processHandle: string;
};

/** Which files may be read, as older clients say it. */
export type ReadAccess = {
  type: "fullAccess";
};

/** How much of a model's thinking is told. */
export type ReasoningSummary = "auto" | "concise" | "detailed" | "none";

/** Names a request until its answer. */
export type RequestId = string | number;

/** The error member of an answer. */
export type RpcError = {
  /** What kind of error; see `code`. */
  code: number;
  /** For programs. */
  data?: unknown;
  /** For people. */
  message: string;
};

/** What commands are held to, in short. */
export type SandboxMode = "read-only" | "workspace-write" | "danger-full-access";

/** What a command is held to. */
export type SandboxPolicy = {
  type: "dangerFullAccess";
} | {
  access?: ReadAccess | null;
  networkAccess?: boolean;
  type: "readOnly";
} | {
  networkAccess?: NetworkAccess;
  type: "externalSandbox";
} | {
  excludeSlashTmp?: boolean;
  excludeTmpdirEnvVar?: boolean;
  networkAccess?: boolean;
  readOnlyAccess?: ReadAccess | null;
  type: "workspaceWrite";
  writableRoots?: Array<AbsolutePathBuf>;
};

/** A key or a token: plain text on the wire, and nothing to see where values are printed. */
export type Secret = string;

/** A folder of capabilities. */
export type SelectedCapabilityRoot = {
  /** Names it. */
  id: string;
  /** Where it is. */
  location: CapabilityRootLocation;
};

/** What to ask the owner for. */
export type SendAddCreditsNudgeEmailParams = {
  /** What is used up. */
  creditType: AddCreditsNudgeCreditType;
};

/** Nothing to say. */
export type ServerDiagnosticsParams = Record<string, never>;

/** What to switch: exactly one of path and name. */
export type SkillsConfigWriteParams = {
  /** On or off. */
  enabled: boolean;
  /** The skills of that name. */
  name?: string | null;
  /** The skill that lies there. */
  path?: AbsolutePathBuf | null;
};

/** Where else to look. */
export type SkillsExtraRootsSetParams = {
  /** Folders; none: nowhere else. */
  extraRoots: Array<AbsolutePathBuf>;
};

/** Whose skills. */
export type SkillsListParams = {
  /** Folders; none: the server's own. */
  cwds?: Array<string>;
  /** Looks again, whatever is known. */
  forceReload?: boolean;
};

/** A direction. */
export type SortDirection = "asc" | "desc";

/** Which attachments. */
export type ThreadAttachmentListParams = {
  /** Where to go on: the last answer's `nextCursor`. */
  cursor?: string | null;
  /** How many at most. */
  limit?: number | null;
  /** Whose; it need not exist. */
  threadId: string;
};

/** Whose terminals are to end. */
export type ThreadBackgroundTerminalsCleanParams = {
  /** Its id. */
  threadId: string;
};

/** Which terminals. */
export type ThreadBackgroundTerminalsListParams = {
  /** Where to go on: the last answer's `nextCursor`. */
  cursor?: string | null;
  /** How many at most. */
  limit?: number | null;
  /** Whose. */
  threadId: string;
};

/** Which thread. */
export type ThreadGoalGetParams = {
  /** Its id. */
  threadId: string;
};

/** How a thread's past is kept. */
export type ThreadHistoryMode = "legacy" | "paginated";

/** Which items come without their output. */
export type ThreadItemOutputDeferral = {
  /** Commands. */
  commandExecution?: boolean;
  /** Calls of tool servers. */
  mcpToolCall?: boolean;
};

/** An item to go on beside. */
export type ThreadItemsListAnchor = {
  /** Its id. */
  itemId: string;
  type: "item";
};

/** Where to go on with items. */
export type ThreadItemsListCursor = string | ThreadItemsListAnchor;

/** Which items. */
export type ThreadItemsListParams = {
  /** Where to go on. */
  cursor?: ThreadItemsListCursor | null;
  /** Which items come without their output. */
  deferOutput?: ThreadItemOutputDeferral | null;
  /** How many at most. */
  limit?: number | null;
  /** In which direction; absent: the oldest first. */
  sortDirection?: SortDirection | null;
  /** Whose. */
  threadId: string;
  /** Only those of this turn. */
  turnId?: string | null;
};

/** Folders. */
export type ThreadListCwdFilter = string | Array<string>;

/** Which threads. */
export type ThreadListParams = {
  /** Only those that come from this thread. */
  ancestorThreadId?: string | null;
  /** Those that were put away, or those that were not. */
  archived?: boolean | null;
  /** Only those that go with this thread. */
  attachedToThreadId?: string | null;
  /** Only those of the account in use. */
  currentAccountOnly?: boolean;
  /** Where to go on: the last answer's `nextCursor`. */
  cursor?: string | null;
  /** Only those that work in these folders. */
  cwd?: ThreadListCwdFilter | null;
  /** Without these. */
  excludedThreadIds?: Array<string> | null;
  /** Those too that go with another. */
  includeAttachedThreads?: boolean;
  /** How many at most; absent or 0: 25. */
  limit?: number | null;
  /** Only those of these providers; empty: all. */
  modelProviders?: Array<string> | null;
  /** Only those that clients of these names began. */
  originators?: Array<string> | null;
  /** Only those that the model of this thread began. */
  parentThreadId?: string | null;
  /** Only those of this project. */
  projectId?: string | null;
  /** Only those with this in what they are called. */
  searchTerm?: string | null;
  /** Only those of this section. */
  sectionId?: string | null;
  /** In which direction; absent: the newest first. */
  sortDirection?: SortDirection | null;
  /** In which order; absent: by their beginning. */
  sortKey?: ThreadSortKey | null;
  /** Only those that such programs began; empty: those a user began. */
  sourceKinds?: Array<ThreadSourceKind> | null;
  /** Without looking at the files. */
  useStateDbOnly?: boolean;
};

/** Which ids. */
export type ThreadLoadedListParams = {
  /** Where to go on: the last answer's `nextCursor`. */
  cursor?: string | null;
  /** How many at most; absent: all. */
  limit?: number | null;
};

/** Which thread. */
export type ThreadReadParams = {
  /** With its turns. */
  includeTurns?: boolean;
  /** Its id. */
  threadId: string;
};

/** What the user did. */
export type ThreadReadStateOperation = {
  type: "read";
} | {
  type: "unread";
};

/** The user has read, or wants to have not. */
export type ThreadReadStateUpdateParams = {
  /** What the client last knew. */
  expectedRevision: string;
  /** Which of both. */
  operation: ThreadReadStateOperation;
  /** Which thread. */
  threadId: string;
};

/** A name for a thread. */
export type ThreadSetNameParams = {
  /** White space around it is taken off; something has to be left. */
  name: string;
  /** Which. */
  threadId: string;
};

/** What is to be changed; what is absent stays. */
export type ThreadSettingsUpdateParams = {
  /** When somebody is asked. */
  approvalPolicy?: AskForApproval | null;
  /** Who is asked. */
  approvalsReviewer?: ApprovalsReviewer | null;
  /** The mode of working; its model and effort win over those here. */
  collaborationMode?: CollaborationMode | null;
  /** The folder; a relative one is below the server's. */
  cwd?: string | null;
  /** Plugins that are not used. */
  disabledPluginIds?: Array<string> | null;
  /** How hard the model thinks. */
  effort?: string | null;
  /** Where commands run. */
  environments?: Array<TurnEnvironmentParams> | null;
  /** Who answers. */
  model?: string | null;
  /** How the model works with others of its kind. */
  multiAgentMode?: MultiAgentMode | null;
  /** A permission profile. */
  permissions?: string | null;
  /** Its tone. */
  personality?: Personality | null;
  /** What commands are held to; not together with `permissions`. */
  sandboxPolicy?: SandboxPolicy | null;
  /** How soon. */
  serviceTier?: string | null;
  /** How much of that is told. */
  summary?: ReasoningSummary | null;
  /** Whose. */
  threadId: string;
};

/** What threads are put in order by. */
export type ThreadSortKey = "created_at" | "updated_at" | "recency_at" | "section_position";

/** What kind of program began a thread. */
export type ThreadSourceKind = "cli" | "vscode" | "exec" | "appServer" | "subAgent" | "subAgentReview" | "subAgentCompact" | "subAgentThreadSpawn" | "subAgentOther" | "unknown";

/** How a thread is to begin; what is absent is as configured. */
export type ThreadStartParams = {
  /** Another model of the provider is better than none. */
  allowProviderModelFallback?: boolean;
  /** When somebody is asked. */
  approvalPolicy?: AskForApproval | null;
  /** Who is asked. */
  approvalsReviewer?: ApprovalsReviewer | null;
  /** What the model is told in place of the usual. */
  baseInstructions?: string | null;
  /** Configuration for this thread alone, by dotted keys. */
  config?: Record<string, unknown> | null;
  /** The folder; a relative one is below the server's. */
  cwd?: string | null;
  /** A switch of the reference's clients. */
  daybreakEnabled?: boolean | null;
  /** What it is told beside that. */
  developerInstructions?: string | null;
  /** Tools that the client has for the model. */
  dynamicTools?: Array<DynamicToolSpec> | null;
  /** Where commands run; absent: on the server's own machine. */
  environments?: Array<TurnEnvironmentParams> | null;
  /** It is never to be kept. */
  ephemeral?: boolean | null;
  /** The client is told what the provider says, as it is. */
  experimentalRawEvents?: boolean;
  /** How its past is to be kept. */
  historyMode?: ThreadHistoryMode | null;
  /** For tests of the experimental members. */
  mockExperimentalField?: string | null;
  /** Who answers. */
  model?: string | null;
  /** Who provides it. */
  modelProvider?: string | null;
  /** How it works with others of its kind. */
  multiAgentMode?: MultiAgentMode | null;
  /** A permission profile. */
  permissions?: string | null;
  /** Its tone. */
  personality?: Personality | null;
  /** The project to put it in. */
  projectId?: string | null;
  /** The folders that are worked on; absent: that folder. */
  runtimeWorkspaceRoots?: Array<AbsolutePathBuf> | null;
  /** What commands are held to; not together with `permissions`. */
  sandbox?: SandboxMode | null;
  /** Folders of capabilities. */
  selectedCapabilityRoots?: Array<SelectedCapabilityRoot> | null;
  /** The name of a service that the client is part of. */
  serviceName?: string | null;
  /** How soon it answers. */
  serviceTier?: string | null;
  /** Why the user begins one. */
  sessionStartSource?: ThreadStartSource | null;
  /** What it is for, in the client's words. */
  threadSource?: string | null;
};

/** Why a user begins a thread. */
export type ThreadStartSource = "startup" | "clear";

/** Which turns. */
export type ThreadTurnsListParams = {
  /** Where to go on: one of the last answer's cursors. */
  cursor?: string | null;
  /** With how much of their items; absent: a summary. */
  itemsView?: TurnItemsView | null;
  /** How many at most. */
  limit?: number | null;
  /** In which direction; absent: the newest first. */
  sortDirection?: SortDirection | null;
  /** Whose. */
  threadId: string;
};

/** Which thread. */
export type ThreadUnsubscribeParams = {
  /** Its id. */
  threadId: string;
};

/** Where commands are to run. */
export type TurnEnvironmentParams = {
  /** The folder there. */
  cwd: string;
  /** Names it; `local` is the server's own machine. */
  environmentId: string;
  /** The folders there that are worked on; absent: that folder. */
  runtimeWorkspaceRoots?: Array<string> | null;
};

/** How much of a turn's items is shown. */
export type TurnItemsView = "notLoaded" | "summary" | "full";

/** Parameters by their methods. */
export interface Requests {
  "account/bedrock/checkGovCloudRequirements": BedrockCheckGovCloudRequirementsParams;
  "account/gatewayOAuth/read": GatewayOAuthReadParams | null;
  "account/login/cancel": CancelLoginAccountParams;
  "account/login/start": LoginAccountParams;
  "account/logout": NoParams;
  "account/rateLimitResetCredit/consume": ConsumeAccountRateLimitResetCreditParams;
  "account/rateLimits/read": GetAccountRateLimitsParams | null;
  "account/read": GetAccountParams;
  "account/securitySetup/read": NoParams;
  "account/sendAddCreditsNudgeEmail": SendAddCreditsNudgeEmailParams;
  "account/usage/read": GetAccountTokenUsageParams | null;
  "account/workspaceMessages/read": NoParams;
  "accountSession/list": AccountSessionsListParams;
  "app/installed": AppsInstalledParams;
  "app/list": AppsListParams;
  "collaborationMode/list": CollaborationModeListParams;
  "command/exec": CommandExecParams;
  "command/exec/resize": CommandExecResizeParams;
  "command/exec/terminate": CommandExecTerminateParams;
  "command/exec/write": CommandExecWriteParams;
  "config/batchWrite": ConfigBatchWriteParams;
  "config/mcpServer/reload": NoParams;
  "config/read": ConfigReadParams;
  "config/value/write": ConfigValueWriteParams;
  "configRequirements/read": NoParams;
  "environment/add": EnvironmentAddParams;
  "environment/info": EnvironmentInfoParams;
  "environment/status": EnvironmentStatusParams;
  "experimentalFeature/enablement/set": ExperimentalFeatureEnablementSetParams;
  "experimentalFeature/list": ExperimentalFeatureListParams;
  "fs/copy": FsCopyParams;
  "fs/createDirectory": FsCreateDirectoryParams;
  "fs/getMetadata": FsGetMetadataParams;
  "fs/readDirectory": FsReadDirectoryParams;
  "fs/readFile": FsReadFileParams;
  "fs/remove": FsRemoveParams;
  "fs/unwatch": FsUnwatchParams;
  "fs/watch": FsWatchParams;
  "fs/writeFile": FsWriteFileParams;
  "fuzzyFileSearch": FuzzyFileSearchParams;
  "fuzzyFileSearch/sessionStart": FuzzyFileSearchSessionStartParams;
  "fuzzyFileSearch/sessionStop": FuzzyFileSearchSessionStopParams;
  "fuzzyFileSearch/sessionUpdate": FuzzyFileSearchSessionUpdateParams;
  "hooks/list": HooksListParams;
  "initialize": InitializeParams;
  "mcpServerStatus/list": ListMcpServerStatusParams;
  "mock/experimentalMethod": MockExperimentalMethodParams;
  "model/list": ModelListParams;
  "modelProvider/capabilities/read": ModelProviderCapabilitiesReadParams;
  "modelProvider/list": ModelProviderListParams;
  "permissionProfile/list": PermissionProfileListParams;
  "plugin/installed": PluginInstalledParams;
  "plugin/list": PluginListParams;
  "plugin/reconcile": PluginReconcileParams;
  "process/kill": ProcessKillParams;
  "process/resizePty": ProcessResizePtyParams;
  "process/spawn": ProcessSpawnParams;
  "process/writeStdin": ProcessWriteStdinParams;
  "remoteControl/status/read": NoParams;
  "server/diagnostics": ServerDiagnosticsParams;
  "skills/config/write": SkillsConfigWriteParams;
  "skills/extraRoots/set": SkillsExtraRootsSetParams;
  "skills/list": SkillsListParams;
  "thread/attachment/list": ThreadAttachmentListParams;
  "thread/backgroundTerminals/clean": ThreadBackgroundTerminalsCleanParams;
  "thread/backgroundTerminals/list": ThreadBackgroundTerminalsListParams;
  "thread/goal/get": ThreadGoalGetParams;
  "thread/items/list": ThreadItemsListParams;
  "thread/list": ThreadListParams;
  "thread/loaded/list": ThreadLoadedListParams;
  "thread/name/set": ThreadSetNameParams;
  "thread/read": ThreadReadParams;
  "thread/readState/update": ThreadReadStateUpdateParams;
  "thread/settings/update": ThreadSettingsUpdateParams;
  "thread/start": ThreadStartParams;
  "thread/turns/list": ThreadTurnsListParams;
  "thread/unsubscribe": ThreadUnsubscribeParams;
  "windowsSandbox/readiness": NoParams;
}

/** Parameters by their names. */
export interface Notifications {
  "initialized": NoParams;
}
