// What the app server says.

/** An absolute path. */
export type AbsolutePathBuf = string;

/** An account. */
export type Account = {
  type: "apiKey";
} | {
  /** Its address. */
  email: string | null;
  /** What it pays for. */
  planType: PlanType;
  type: "chatgpt";
  /** Which of its workspaces. */
  workspaceName: string | null;
} | {
  type: "amazonBedrock";
  /** Its keys were given to this server. */
  usesCodexManagedCredentials: boolean;
} | {
  type: "gcp";
};

/** How a login ended. */
export type AccountLoginCompletedNotification = {
  /** Why not. */
  error: string | null;
  /** Which, where it had to be waited for. */
  loginId: string | null;
  /** What to show a new user. */
  onboardingEntrypoint: DesktopOnboardingEntrypoint | null;
  /** Whether somebody is signed in now. */
  success: boolean;
};

/** Which region a workspace is bound to. */
export type AccountRoutingOverride = "NO_CONSTRAINT" | "us" | "us_cr";

/** A button. */
export type AccountSecuritySetupAction = {
  /** What it says. */
  label: string;
  /** What it opens. */
  url: string;
};

/** Something to do. */
export type AccountSecuritySetupNotice = {
  /** Whose account. */
  accountId: string;
  /** Where to do it. */
  action: AccountSecuritySetupAction;
  /** For people. */
  description: string;
  /** For people. */
  title: string;
  /** Whose. */
  userId: string;
};

/** One account that is signed in. */
export type AccountSession = {
  /** For people. */
  displayName: string | null;
  /** Its address. */
  email: string | null;
  /** A picture. */
  imageUrl: string | null;
  /** It is the one in use. */
  isActive: boolean;
  /** Seconds since 1970. */
  lastUsedAt: number;
  /** Which of its workspaces. */
  selectedWorkspaceAccountId: string | null;
  /** Names it. */
  sessionId: string;
  /** Its user. */
  userId: string | null;
  /** All of those. */
  workspaces: Array<AccountSessionWorkspace>;
};

/** One workspace of an account. */
export type AccountSessionWorkspace = {
  /** Names it. */
  accountId: string;
  /** A picture. */
  imageUrl: string | null;
  /** Whose it is. */
  kind: AccountSessionWorkspaceKind | null;
  /** For people. */
  name: string | null;
};

/** Whose a workspace is. */
export type AccountSessionWorkspaceKind = "personal" | "workspace";

/** The accounts that are signed in side by side. */
export type AccountSessionsResponse = {
  /** The one in use. */
  activeSessionId: string | null;
  /** All of them. */
  sessions: Array<AccountSession>;
};

/** Who is signed in now. */
export type AccountUpdatedNotification = {
  /** How; nobody. */
  authMode: AuthMode | null;
  /** What the account pays for. */
  planType: PlanType | null;
};

/** A permission profile in force. */
export type ActivePermissionProfile = {
  /** The one it builds upon. */
  extends: string | null;
  /** Its name; one that is built in begins with a colon. */
  id: string;
};

/** Who is asked. */
export type ApprovalsReviewer = "user" | "auto_review" | "guardian_subagent";

/** Apps. */
export type AppsInstalledResponse = {
  /** The apps. */
  apps: Array<InstalledApp>;
};

/** Apps. */
export type AppsListResponse = {
  /** The apps. */
  data: Array<unknown>;
  /** Where to go on, if there are more. */
  nextCursor: string | null;
};

/** When a user is asked. */
export type AskForApproval = "untrusted" | "on-request" | {
  granular: {
    /** For what a tool server wants to know. */
    mcp_elicitations: boolean;
    /** To have more permissions. */
    request_permissions: boolean;
    /** Where a rule says so. */
    rules: boolean;
    /** To leave the sandbox. */
    sandbox_approval: boolean;
    /** To use a skill. */
    skill_approval: boolean;
  };
} | "never";

/** How somebody is signed in. */
export type AuthMode = "apikey" | "chatgpt" | "chatgptAuthTokens" | "headers" | "agentIdentity" | "personalAccessToken" | "bedrockApiKey" | "bedrockAccessKeys";

/** What tokens count. */
export type AutoCompactTokenLimitScope = "total" | "body_after_prefix";

/** Bytes, in base64 with padding. */
export type Base64Bytes = string;

/** Whether the provider is a government's cloud. */
export type BedrockCheckGovCloudRequirementsResponse = {
  /** Whether it is. */
  isGovCloud: boolean;
  /** The user should know of the rules there. */
  shouldWarn: boolean;
};

/** What became of it. */
export type CancelLoginAccountResponse = {
  /** The short of it. */
  status: CancelLoginAccountStatus;
};

/** What became of a login that was to be given up. */
export type CancelLoginAccountStatus = "canceled" | "notFound";

/** Where keys are kept. */
export type CliAuthCredentialsStoreMode = "file" | "keyring" | "auto" | "ephemeral";

/** A mode of working. */
export type CollaborationMode = {
  /** Which. */
  mode: ModeKind;
  /** With what. */
  settings: CollaborationSettings;
};

/** Modes of working. */
export type CollaborationModeListResponse = {
  /** All of them. */
  data: Array<CollaborationModeMask>;
};

/** What a mode changes. Its members have snake case on the wire. */
export type CollaborationModeMask = {
  /** Which. */
  mode: ModeKind | null;
  /** The model it uses. */
  model: string | null;
  /** For people. */
  name: string;
  /** How hard the model thinks in it. */
  reasoning_effort: string | null;
};

/** What a mode of working works with. Its members have snake case on the wire. */
export type CollaborationSettings = {
  /** What it is told. */
  developer_instructions: string | null;
  /** Who answers. */
  model: string;
  /** How hard it thinks. */
  reasoning_effort: string | null;
};

/** One piece of output. */
export type CommandExecOutputDeltaNotification = {
  /** This stream has used up its cap: what follows in it is dropped. */
  capReached: boolean;
  /** The bytes. */
  deltaBase64: Base64Bytes;
  /** Which command. */
  processId: string;
  /** Where it came from. */
  stream: OutputStream;
};

/** How a command ended. */
export type CommandExecResponse = {
  /** Its status; 128 + n for signal n; 124 when its time was over. */
  exitCode: number;
  /** As `stdout`. */
  stderr: string;
  /** Bytes that are not UTF-8 are replaced; empty when streamed. */
  stdout: string;
};

/** The effective values; `null` where nothing is said. */
export type Config = {
  /** What is told to the makers. */
  analytics: unknown;
  /** When a user is asked. */
  approval_policy: AskForApproval | null;
  /** Who is asked. */
  approvals_reviewer: ApprovalsReviewer | null;
  /** Settings of apps. */
  apps: unknown;
  /** Settings of the use of browsers. */
  browser_use: unknown;
  /** By whom. */
  client_search_provider: WebSearchProvider | null;
  /** What it is told when it shortens a conversation. */
  compact_prompt: string | null;
  /** Settings of the use of computers. */
  computer_use: unknown;
  /** Settings of a desktop client. */
  desktop: unknown;
  /** What it is told after that. */
  developer_instructions: string | null;
  /** The only workspaces one may sign in to. */
  forced_chatgpt_workspace_id: ForcedChatgptWorkspaceIds | null;
  /** The only way one may sign in. */
  forced_login_method: ForcedLoginMethod | null;
  /** What a model is told first. */
  instructions: string | null;
  /** The model. */
  model: string | null;
  /** Tokens at which a conversation is shortened. */
  model_auto_compact_token_limit: number | null;
  /** What those count. */
  model_auto_compact_token_limit_scope: AutoCompactTokenLimitScope | null;
  /** Tokens the model can take. */
  model_context_window: number | null;
  /** Who provides the model. */
  model_provider: string | null;
  /** How hard it thinks. */
  model_reasoning_effort: string | null;
  /** How much of that is told. */
  model_reasoning_summary: ReasoningSummary | null;
  /** How much it says. */
  model_verbosity: Verbosity | null;
  /** The model for reviews. */
  review_model: string | null;
  /** What commands are held to. */
  sandbox_mode: SandboxMode | null;
  /** The details of one of those modes. */
  sandbox_workspace_write: SandboxWorkspaceWrite | null;
  /** How fast it is to be. */
  service_tier: string | null;
  /** What tools are offered. */
  tools: unknown;
  /** Whether the web is searched. */
  web_search: WebSearchMode | null;
};

/** One layer. */
export type ConfigLayer = {
  /** What it says. */
  config: unknown;
  /** Why it does not count. */
  disabledReason?: string | null;
  /** Where it comes from. */
  name: ConfigLayerSource;
  /** What its content is known by: `sha256:` and 64 digits. */
  version: string;
};

/** A layer, by name. */
export type ConfigLayerMetadata = {
  /** Where it comes from. */
  name: ConfigLayerSource;
  /** What its content is known by. */
  version: string;
};

/** Where a layer comes from. */
export type ConfigLayerSource = {
  /** Where. */
  file: AbsolutePathBuf;
  type: "packagedDefaults";
} | {
  /** In which domain. */
  domain: string;
  /** Under which key. */
  key: string;
  type: "mdm";
} | {
  /** Where; it may be missing. */
  file: AbsolutePathBuf;
  type: "system";
} | {
  /** Names the layer. */
  id: string;
  /** For people. */
  name: string;
  type: "enterpriseManaged";
} | {
  /** Where; it may be missing. */
  file: AbsolutePathBuf;
  /** The profile it is for. */
  profile: string | null;
  type: "user";
} | {
  /** Where. */
  dotCodexFolder: AbsolutePathBuf;
  type: "project";
} | {
  type: "sessionFlags";
} | {
  /** Where. */
  file: AbsolutePathBuf;
  type: "legacyManagedConfigTomlFromFile";
} | {
  type: "legacyManagedConfigTomlFromMdm";
};

/** What is in force. */
export type ConfigReadResponse = {
  /** The effective values. */
  config: Config;
  /** The layers, highest first. */
  layers?: Array<ConfigLayer> | null;
  /** Which layer decided a key, by its dotted path. */
  origins: Record<string, ConfigLayerMetadata>;
};

/** Demands; `null` where there is none. */
export type ConfigRequirements = {
  /** What a model is told besides. */
  additionalDeveloperInstructions: string | null;
  /** Pictures of apps may be taken. */
  allowAppshots: boolean | null;
  /** Browsers and computers may be used. */
  allowBrowserAndComputerUse: boolean | null;
  /** Commands may run in a login shell. */
  allowLoginShell: boolean | null;
  /** No hooks but the administrator's. */
  allowManagedHooksOnly: boolean | null;
  /** The server may be steered from elsewhere. */
  allowRemoteControl: boolean | null;
  /** When a user may be asked. */
  allowedApprovalPolicies: Array<AskForApproval> | null;
  /** Who may be asked. */
  allowedApprovalsReviewers: Array<ApprovalsReviewer> | null;
  /** How one may sign in. */
  allowedLoginMethods: Array<ForcedLoginMethod> | null;
  /** Which profiles may be used. */
  allowedPermissionProfiles: Record<string, boolean> | null;
  /** What commands may be held to. */
  allowedSandboxModes: Array<SandboxMode> | null;
  /** How the web may be searched. */
  allowedWebSearchModes: Array<WebSearchMode> | null;
  /** How, on Windows. */
  allowedWindowsSandboxImplementations: Array<WindowsSandboxImplementation> | null;
  /** Settings of a desktop client. */
  application: unknown;
  /** Settings of reviews by a model. */
  autoReview: unknown;
  /** Settings of the use of browsers. */
  browserUse: unknown;
  /** Where the service is. */
  chatgptBaseUrl: string | null;
  /** Clients look for a newer version. */
  checkForUpdateOnStartup: boolean | null;
  /** Where keys are kept. */
  cliAuthCredentialsStore: CliAuthCredentialsStoreMode | null;
  /** Settings of the use of computers. */
  computerUse: unknown;
  /** Which profile is used if nothing is said. */
  defaultPermissions: string | null;
  /** Where data may be. */
  enforceResidency: ResidencyRequirement | null;
  /** Features that are on or off. */
  featureRequirements: Record<string, boolean> | null;
  /** Settings of feedback. */
  feedback: unknown;
  /** The administrator's hooks. */
  hooks: unknown;
  /** Settings of a client's own browser. */
  inAppBrowser: unknown;
  /** Where logs are: a `file:` URI. */
  logDir: string | null;
  /** Where the catalog of models is: a `file:` URI. */
  modelCatalogJson: string | null;
  /** The only provider. */
  modelProvider: string | null;
  /** What providers there are. */
  modelProviders: Record<string, unknown> | null;
  /** What new threads begin with. */
  models: unknown;
  /** What may be reached. */
  network: unknown;
  /** Settings of telemetry. */
  otel: unknown;
  /** Where databases are: a `file:` URI. */
  sqliteHome: string | null;
};

/** What the administrator demands. */
export type ConfigRequirementsReadResponse = {
  /** Nothing. */
  requirements: ConfigRequirements | null;
  /** Demands about two kinds of speed are kept apart. */
  supportsIndependentSpeedModes: boolean | null;
};

/** A file that is not as it should be. */
export type ConfigWarningNotification = {
  /** At length. */
  details: string | null;
  /** The file. */
  path?: string | null;
  /** Where in it. */
  range?: TextRange | null;
  /** What. */
  summary: string;
};

/** What was written. */
export type ConfigWriteResponse = {
  /** The file. */
  filePath: AbsolutePathBuf;
  /** What counts instead. */
  overriddenMetadata: OverriddenMetadata | null;
  /** Whether it counts. */
  status: WriteStatus;
  /** The file's version now. */
  version: string;
};

/** Who is let. */
export type CyberAccessProgram = "standard" | "daybreakBlue" | "daybreakRed";

/** Something that will go away. */
export type DeprecationNoticeNotification = {
  /** What to do instead. */
  details: string | null;
  /** What. */
  summary: string;
};

/** What to show a new user. */
export type DesktopOnboardingEntrypoint = "life_sciences";

/** The answer of a call that only does something. */
export type Done = Record<string, never>;

/** An environment of a thread. */
export type EnvironmentConnectionNotification = {
  /** Which. */
  environmentId: string;
  /** Whose. */
  threadId: string;
};

/** An environment. */
export type EnvironmentInfoResponse = {
  /** Where commands start there. */
  cwd: PathUri | null;
  /** The user's shell there. */
  shell: EnvironmentShellInfo;
};

/** A shell. */
export type EnvironmentShellInfo = {
  /** `bash`, `zsh` or `sh`. */
  name: string;
  /** The program. */
  path: string;
};

/** Whether an environment can be used. */
export type EnvironmentStatusKind = "ready" | "pending" | "disconnected" | "unknown";

/** Whether an environment can be used. */
export type EnvironmentStatusResponse = {
  /** Why it cannot. */
  error?: string | null;
  /** The short of it. */
  status: EnvironmentStatusKind;
};

/** One feature. */
export type ExperimentalFeature = {
  /** For people, when it is new. */
  announcement: string | null;
  /** It would be on if nothing were said. */
  defaultEnabled: boolean;
  /** For people, where they may choose. */
  description: string | null;
  /** For people, where they may choose. */
  displayName: string | null;
  /** It is on. */
  enabled: boolean;
  /** Its key in the configuration. */
  name: string;
  /** How far it is. */
  stage: ExperimentalFeatureStage;
};

/** What was switched. */
export type ExperimentalFeatureEnablementSetResponse = {
  /** The keys that were known. */
  enablement: Record<string, boolean>;
};

/** Features. */
export type ExperimentalFeatureListResponse = {
  /** In the order they are to be shown. */
  data: Array<ExperimentalFeature>;
  /** Where to go on, if there are more. */
  nextCursor: string | null;
};

/** How far a feature is. */
export type ExperimentalFeatureStage = "beta" | "underDevelopment" | "stable" | "deprecated" | "removed";

/** The only workspaces one may sign in to. */
export type ForcedChatgptWorkspaceIds = string | Array<string>;

/** A way to sign in. */
export type ForcedLoginMethod = "chatgpt" | "api";

/** What has changed. */
export type FsChangedNotification = {
  /** Sorted, each once. */
  changedPaths: Array<AbsolutePathBuf>;
  /** Whose watch. */
  watchId: string;
};

/** Kind and times. */
export type FsGetMetadataResponse = {
  /** Milliseconds since 1970; 0 when unknown. */
  createdAtMs: number;
  /** The target of the path is a directory. */
  isDirectory: boolean;
  /** The target of the path is a regular file. */
  isFile: boolean;
  /** The path itself is a link. */
  isSymlink: boolean;
  /** Milliseconds since 1970; 0 when unknown. */
  modifiedAtMs: number;
};

/** One name in a directory. */
export type FsReadDirectoryEntry = {
  /** Bytes that are not UTF-8 are replaced. */
  fileName: string;
  /** Its target is a directory. */
  isDirectory: boolean;
  /** Its target is a regular file. */
  isFile: boolean;
};

/** The names in a directory. */
export type FsReadDirectoryResponse = {
  /** In no order; links whose target is missing are left out. */
  entries: Array<FsReadDirectoryEntry>;
};

/** A file's bytes. */
export type FsReadFileResponse = {
  /** All of them. */
  dataBase64: Base64Bytes;
};

/** What is watched. */
export type FsWatchResponse = {
  /** Without `.` and `..`. */
  path: AbsolutePathBuf;
};

/** What a hit is. */
export type FuzzyFileSearchMatchType = "file" | "directory";

/** What was found. */
export type FuzzyFileSearchResponse = {
  /** Best first. */
  files: Array<FuzzyFileSearchResult>;
};

/** One hit. Its members have snake case on the wire. */
export type FuzzyFileSearchResult = {
  /** The last part of the path. */
  file_name: string;
  /** The characters of the path that matched, from 0, in order. */
  indices: Array<number> | null;
  /** What it is. */
  match_type: FuzzyFileSearchMatchType;
  /** From the root on. */
  path: string;
  /** The folder it is below. */
  root: string;
  /** More is better; comparable within one answer. */
  score: number;
};

/** A search that is complete. */
export type FuzzyFileSearchSessionCompletedNotification = {
  /** Which session. */
  sessionId: string;
};

/** What was found so far. */
export type FuzzyFileSearchSessionUpdatedNotification = {
  /** All hits so far, best first. */
  files: Array<FuzzyFileSearchResult>;
  /** What this answers; it may be older than the last update. */
  query: string;
  /** Which session. */
  sessionId: string;
};

/** How one signs in at a gateway. */
export type GatewayAuth = {
  mode: "none";
} | {
  /** Under which name. */
  envKey: string;
  mode: "environmentVariable";
} | {
  /** Where a key is in the environment. */
  envKey: string | null;
  mode: "externallyConfigured";
};

/** Whether a provider wants a login at a gateway. */
export type GatewayOAuthReadResponse = {
  /** Why it failed. */
  error: string | null;
  /** Which provider. */
  providerId: string;
  /** For people. */
  providerName: string;
  /** Whether it does. */
  required: boolean;
  /** How far a login is. */
  status: GatewayOAuthStatus | null;
  /** A code can be typed elsewhere. */
  supportsDeviceAuth: boolean;
};

/** How far a login at a gateway is. */
export type GatewayOAuthStatus = "notReady" | "started" | "succeeded" | "failed";

/** Who is signed in. */
export type GetAccountResponse = {
  /** Nobody, or a provider that needs nobody. */
  account: Account | null;
  /** The provider in use wants an account at OpenAI. */
  requiresOpenaiAuth: boolean;
  /** The account's user. */
  userId: string | null;
  /** Where the account's workspace lives. */
  workspaceRouting: WorkspaceRouting | null;
};

/** What an account should do for its security. */
export type GetAccountSecuritySetupResponse = {
  /** Nothing. */
  notice: AccountSecuritySetupNotice | null;
};

/** The state of a repository. */
export type GitInfo = {
  /** The branch. */
  branch: string | null;
  /** Where it comes from. */
  originUrl: string | null;
  /** The commit. */
  sha: string | null;
};

/** A file that cannot be read. */
export type HookErrorInfo = {
  /** Why. */
  message: string;
  /** Where. */
  path: string;
};

/** The moment a hook runs. */
export type HookEventName = "preModelRequest" | "postModelRequest" | "preToolUse" | "permissionRequest" | "postToolUse" | "preCompact" | "postCompact" | "sessionStart" | "sessionEnd" | "userPromptSubmit" | "subagentStart" | "subagentStop" | "stop" | "interrupt";

/** One hook. */
export type HookMetadata = ({
  /** Nobody waits for it. */
  async: boolean;
  /** A shell's line. */
  command: string;
  handlerType: "command";
} | {
  handlerType: "mcpTool";
  /** Whose. */
  server: string;
  /** Which. */
  tool: string;
} | {
  handlerType: "prompt";
} | {
  handlerType: "agent";
}) & ({
  /** How much it may add to a conversation, in tokens; 0: anything. */
  additionalContextLimit: number | null;
  /** What it is known by when a user trusts it. */
  currentHash: string;
  /** Its place among all. */
  displayOrder: number;
  /** It is on. */
  enabled: boolean;
  /** Where it runs, if that is what brought it. */
  environmentId: string | null;
  /** The moment. */
  eventName: HookEventName;
  /** The administrator wants it. */
  isManaged: boolean;
  /** Names it: its file, moment and place there. */
  key: string;
  /** What the moment has to be about. */
  matcher: string | null;
  /** The plugin that brought it. */
  pluginId: string | null;
  /** Whose file that is. */
  source: HookSource;
  /** The file that says so. */
  sourcePath: AbsolutePathBuf;
  /** For people, while it runs. */
  statusMessage: string | null;
  /** Seconds it may take. */
  timeoutSec: number;
  /** Whether one does. */
  trustStatus: HookTrustStatus;
});

/** Whose file a hook is in. */
export type HookSource = "system" | "user" | "project" | "mdm" | "sessionFlags" | "plugin" | "cloudRequirements" | "cloudManagedConfig" | "legacyManagedConfigFile" | "legacyManagedConfigMdm" | "unknown";

/** Whether a user trusts a hook. */
export type HookTrustStatus = "managed" | "untrusted" | "trusted" | "modified";

/** The hooks of one folder. */
export type HooksListEntry = {
  /** The folder. */
  cwd: string;
  /** What cannot be read. */
  errors: Array<HookErrorInfo>;
  /** In the order they run. */
  hooks: Array<HookMetadata>;
  /** What is odd. */
  warnings: Array<string>;
};

/** Hooks. */
export type HooksListResponse = {
  /** One entry a folder. */
  data: Array<HooksListEntry>;
};

/** What a server says of itself. */
export type InitializeResponse = {
  /** The folder of the configuration and of what is kept. */
  codexHome: AbsolutePathBuf;
  /** `unix`. */
  platformFamily: string;
  /** `linux`. */
  platformOs: string;
  /**
   * `NAME/VERSION (OS VERSION; ARCH) TERMINAL (CLIENT; CLIENT VERSION)`; clients read the
   * version from it.
   */
  userAgent: string;
};

/** What a model understands. */
export type InputModality = "text" | "image" | "audio";

/** One app. */
export type InstalledApp = {
  /** A model can use it now. */
  callable: boolean;
  /** It is on. */
  enabled: boolean;
  /** Names it. */
  id: string;
  /** Names it to a model. */
  runtimeName: string | null;
};

/** Tool servers. */
export type ListMcpServerStatusResponse = {
  /** The servers. */
  data: Array<unknown>;
  /** Where to go on, if there are more. */
  nextCursor: string | null;
};

/** How far a login came. */
export type LoginAccountResponse = {
  type: "apiKey";
} | {
  /** What to open. */
  authUrl: string;
  /** Names it from here on. */
  loginId: string;
  type: "chatgpt";
} | {
  /** Names it from here on. */
  loginId: string;
  type: "chatgptDeviceCode";
  /** What to type. */
  userCode: string;
  /** Where to type it. */
  verificationUrl: string;
} | {
  type: "chatgptAuthTokens";
} | {
  type: "amazonBedrock";
};

/** A market place that cannot be read. */
export type MarketplaceLoadErrorInfo = {
  /** Where. */
  marketplacePath: AbsolutePathBuf;
  /** Why. */
  message: string;
};

/** What was said. */
export type MockExperimentalMethodResponse = {
  /** The same. */
  echoed: string | null;
};

/** A mode of working. */
export type ModeKind = "plan" | "default";

/** One model. */
export type Model = {
  /** An older form of `serviceTiers`. */
  additionalSpeedTiers: Array<string>;
  /** What to tell when it is new. */
  availabilityNux: ModelAvailabilityNux | null;
  /** What else it does for those who are let. */
  availableAccessPrograms: ModelAccessPrograms | null;
  /** How hard it thinks if nothing is said. */
  defaultReasoningEffort: string;
  /** How fast if nothing is said. */
  defaultServiceTier: string | null;
  /** For people. */
  description: string;
  /** For people. */
  displayName: string;
  /** Not for choosing. */
  hidden: boolean;
  /** Names it here. */
  id: string;
  /** What it understands. */
  inputModalities: Array<InputModality>;
  /** The one that is used if nothing is said. */
  isDefault: boolean;
  /** Names it to its provider. */
  model: string;
  /** What it is for in particular. */
  modelSpecialty: string | null;
  /** How it works with others of its kind. */
  multiAgentVersion: MultiAgentVersion | null;
  /** How fast it can be had. */
  serviceTiers: Array<ModelServiceTier>;
  /** How hard it can think. */
  supportedReasoningEfforts: Array<ReasoningEffortOption>;
  /** Its tone can be chosen. */
  supportsPersonality: boolean;
  /** The model to use instead. */
  upgrade: string | null;
  /** What to tell of that. */
  upgradeInfo: ModelUpgradeInfo | null;
};

/** What a model does for those who are let. */
export type ModelAccessPrograms = {
  /** In matters of security. */
  cyber: Array<CyberAccessProgram>;
};

/** What to tell when a model is new. */
export type ModelAvailabilityNux = {
  /** For people. */
  message: string;
};

/** Models. */
export type ModelListResponse = {
  /** In the order they are to be shown. */
  data: Array<Model>;
  /** Where to go on, if there are more. */
  nextCursor: string | null;
};

/** What a provider can do beside models. */
export type ModelProviderCapabilitiesReadResponse = {
  /** Make pictures. */
  imageGeneration: boolean;
  /** Search the web. */
  webSearch: boolean;
};

/** Who provides models. */
export type ModelProviderListResponse = {
  /** The user may choose another. */
  canChangeDefault: boolean;
  /** All providers that are configured. */
  data: Array<ModelProviderSummary>;
  /** The one in use. */
  defaultProviderId: string;
};

/** Somebody who provides models. */
export type ModelProviderSummary = {
  /** Where it is. */
  baseUrl: string | null;
  /** `modelProvider/config/write` can change it. */
  canEdit: boolean;
  /** Names it. */
  id: string;
  /** For people. */
  name: string;
  /** What kind it is. */
  settings: ProviderSettings;
};

/** How fast a model can be had. */
export type ModelServiceTier = {
  /** For people. */
  description: string;
  /** Names it. */
  id: string;
  /** For people. */
  name: string;
};

/** A model to use instead. */
export type ModelUpgradeInfo = {
  /** For people, at length. */
  migrationMarkdown: string | null;
  /** Which. */
  model: string;
  /** Where to read more. */
  modelLink: string | null;
  /** Seconds since 1970: when the old one goes away. */
  retirementAt: number | null;
  /** For people. */
  upgradeCopy: string | null;
};

/** How a model works with others of its kind. */
export type MultiAgentMode = "explicitRequestOnly" | "proactive" | {
  custom: string;
};

/** How a model works with others of its kind. */
export type MultiAgentVersion = "disabled" | "v1" | "v2";

/** Whether the network may be reached. */
export type NetworkAccess = "restricted" | "enabled";

/** Where output came from. */
export type OutputStream = "stdout" | "stderr";

/** What counts instead of what was written. */
export type OverriddenMetadata = {
  /** What is in force. */
  effectiveValue: unknown;
  /** For people. */
  message: string;
  /** Who says so. */
  overridingLayer: ConfigLayerMetadata;
};

/** A path as a `file:` URI. */
export type PathUri = string;

/** Profiles. */
export type PermissionProfileListResponse = {
  /** In the order they are to be shown. */
  data: Array<PermissionProfileSummary>;
  /** Where to go on, if there are more. */
  nextCursor: string | null;
};

/** One profile. */
export type PermissionProfileSummary = {
  /** The administrator lets it be used. */
  allowed: boolean;
  /** For people. */
  description: string | null;
  /** Its name; one that is built in begins with a colon. */
  id: string;
};

/** A model's tone. */
export type Personality = "none" | "friendly" | "pragmatic";

/** What an account pays for. */
export type PlanType = "free" | "go" | "plus" | "pro" | "prolite" | "promax" | "team" | "self_serve_business_prolite" | "self_serve_business_usage_based" | "business" | "ent26" | "enterprise_cbp_automation" | "enterprise_cbp_usage_based" | "enterprise" | "edu" | "edu_plus" | "edu_pro" | "sci" | "sci_plus" | "unknown";

/** The plugins that are installed. */
export type PluginInstalledResponse = {
  /** Market places that cannot be read. */
  marketplaceLoadErrors: Array<MarketplaceLoadErrorInfo>;
  /** By market place. */
  marketplaces: Array<unknown>;
};

/** The plugins that can be installed. */
export type PluginListResponse = {
  /** Those to show first. */
  featuredPluginIds: Array<string>;
  /** Market places that cannot be read. */
  marketplaceLoadErrors: Array<MarketplaceLoadErrorInfo>;
  /** By market place. */
  marketplaces: Array<unknown>;
};

/** What was changed. */
export type PluginReconcileResponse = {
  /** The plugins that were. */
  changedPlugins: Array<unknown>;
  /** Those that could not be unpacked. */
  failedMaterializationRemotePluginIds: Array<string>;
  /** Those that could not be fetched. */
  failedRemotePluginIds: Array<string>;
};

/** How a process ended. */
export type ProcessExitedNotification = {
  /** Its status; 128 + n for signal n; 124 when its time was over. */
  exitCode: number;
  /** Something held its output open after its end, and was not waited for. */
  outputDrainTimedOut: boolean | null;
  /** Which process. */
  processHandle: string;
  /** As `stdout`. */
  stderr: string;
  /** Some of it was dropped. */
  stderrCapReached: boolean;
  /** Bytes that are not UTF-8 are replaced; empty when streamed. */
  stdout: string;
  /** Some of it was dropped. */
  stdoutCapReached: boolean;
};

/** One piece of output. */
export type ProcessOutputDeltaNotification = {
  /** This stream has used up its cap: what follows in it is dropped. */
  capReached: boolean;
  /** The bytes. */
  deltaBase64: Base64Bytes;
  /** Which process. */
  processHandle: string;
  /** Where it came from. */
  stream: OutputStream;
};

/** What kind of provider. */
export type ProviderSettings = {
  type: "openai";
} | {
  /** How one signs in there. */
  auth: GatewayAuth;
  type: "customGateway";
} | {
  /** Which of the user's profiles. */
  profile: string | null;
  /** Where. */
  region: string | null;
  type: "bedrock";
} | {
  /** What proves it. */
  credentialFile: string | null;
  /** Where. */
  location: string | null;
  /** Which project. */
  projectId: string | null;
  type: "gcp";
};

/** One way to think. */
export type ReasoningEffortOption = {
  /** For people. */
  description: string;
  /** Its name, as in `low`. */
  reasoningEffort: string;
};

/** How much of a model's thinking is told. */
export type ReasoningSummary = "auto" | "concise" | "detailed" | "none";

/** How far remote control has come. */
export type RemoteControlConnectionStatus = "disabled" | "connecting" | "connected" | "errored";

/** Whether somebody steers this server from elsewhere. */
export type RemoteControlStatus = {
  /** Set only while somebody does. */
  environmentId: string | null;
  /** The same for as long as the folder of the configuration is. */
  installationId: string;
  /** The name of the machine. */
  serverName: string;
  /** Always disabled here. */
  status: RemoteControlConnectionStatus;
};

/** Names a request until its answer. */
export type RequestId = string | number;

/** Where data may be. */
export type ResidencyRequirement = "us";

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
  /** The network may be reached. */
  networkAccess: boolean;
  type: "readOnly";
} | {
  /** Whether the network may be reached there. */
  networkAccess: NetworkAccess;
  type: "externalSandbox";
} | {
  /** Not in `/tmp`. */
  excludeSlashTmp: boolean;
  /** Not in the folder that `TMPDIR` names. */
  excludeTmpdirEnvVar: boolean;
  /** The network may be reached. */
  networkAccess: boolean;
  type: "workspaceWrite";
  /** Folders beside the project's. */
  writableRoots: Array<AbsolutePathBuf>;
};

/** What commands may do that may write to a project. */
export type SandboxWorkspaceWrite = {
  /** Not to `/tmp`. */
  exclude_slash_tmp: boolean;
  /** Not to what `TMPDIR` names. */
  exclude_tmpdir_env_var: boolean;
  /** They may reach the network. */
  network_access: boolean;
  /** Folders beside the project. */
  writable_roots: Array<string>;
};

/** One number. */
export type ServerDiagnosticsGauge = {
  /** What it counts, as in `app.requests.queued`. */
  name: string;
  /** How many. */
  value: number;
};

/** The program. */
export type ServerDiagnosticsProcess = {
  /** Its process id. */
  id: number;
  /** Another measure of it, known on macOS only. */
  physicalFootprintBytes: number | null;
  /** Memory it has. */
  residentMemoryBytes: number | null;
};

/** How the server is doing. */
export type ServerDiagnosticsResponse = {
  /** Numbers, each under a name of its own. */
  gauges: Array<ServerDiagnosticsGauge>;
  /** The program. */
  process: ServerDiagnosticsProcess;
};

/** What kind of program began a thread. */
export type SessionSource = "cli" | "vscode" | "exec" | "appServer" | {
  custom: string;
} | {
  subAgent: SubAgentSource;
} | "unknown";

/** What a skill needs. */
export type SkillDependencies = {
  /** Tools. */
  tools: Array<SkillToolDependency>;
};

/** A skill that cannot be read. */
export type SkillErrorInfo = {
  /** Why. */
  message: string;
  /** Where. */
  path: string;
};

/** How a skill is shown. */
export type SkillInterface = {
  /** Its colour, as in `#00ff00`. */
  brandColor: string | null;
  /** What to ask first. */
  defaultPrompt: string | null;
  /** For people. */
  displayName: string | null;
  /** A picture. */
  iconLarge: AbsolutePathBuf | null;
  /** A picture elsewhere. */
  iconLargeUrl: string | null;
  /** A picture. */
  iconSmall: AbsolutePathBuf | null;
  /** A picture elsewhere. */
  iconSmallUrl: string | null;
  /** For people. */
  shortDescription: string | null;
};

/** One skill. */
export type SkillMetadata = {
  /** What it needs. */
  dependencies?: SkillDependencies | null;
  /** When to use it. */
  description: string;
  /** It is on. */
  enabled: boolean;
  /** How it is shown. */
  interface?: SkillInterface | null;
  /** Names it. */
  name: string;
  /** Its `SKILL.md`. */
  path: string;
  /** The plugin that brought it. */
  pluginId: string | null;
  /** Whose it is. */
  scope: SkillScope;
  /** The same in fewer words; an older place for it. */
  shortDescription?: string | null;
};

/** Whose a skill is. */
export type SkillScope = "user" | "repo" | "system" | "admin";

/** One tool a skill needs. */
export type SkillToolDependency = {
  /** What to run for it. */
  command?: string | null;
  /** For people. */
  description?: string | null;
  /** How it is reached. */
  transport?: string | null;
  /** What kind of tool. */
  type: string;
  /** Where it is. */
  url?: string | null;
  /** Which. */
  value: string;
};

/** Nothing to say. */
export type SkillsChangedNotification = Record<string, never>;

/** What came of it. */
export type SkillsConfigWriteResponse = {
  /** On or off. */
  effectiveEnabled: boolean;
};

/** The skills of one folder. */
export type SkillsListEntry = {
  /** The folder. */
  cwd: string;
  /** Those that cannot be read. */
  errors: Array<SkillErrorInfo>;
  /** Those that can be used there. */
  skills: Array<SkillMetadata>;
};

/** Skills. */
export type SkillsListResponse = {
  /** One entry a folder. */
  data: Array<SkillsListEntry>;
};

/** Why a model began a thread. Its members have snake case on the wire. */
export type SubAgentSource = "review" | "compact" | {
  thread_spawn: {
    /** What it is called. */
    agent_nickname: string | null;
    /** Where it stands among them. */
    agent_path: string | null;
    /** What it is for. */
    agent_role: string | null;
    /** How many models stand between it and the user. */
    depth: number;
    /** The thread of the model that began it. */
    parent_thread_id: string;
  };
} | "memory_consolidation" | {
  other: string;
};

/** A place in a text. */
export type TextPosition = {
  /** Characters from 1. */
  column: number;
  /** From 1. */
  line: number;
};

/** A part of a text. */
export type TextRange = {
  /** The character after its last. */
  end: TextPosition;
  /** Its first character. */
  start: TextPosition;
};

/** A thread. */
export type Thread = {
  /** The name of a model that another model began. */
  agentNickname: string | null;
  /** What such a model is for. */
  agentRole: string | null;
  /** The thread it goes with. */
  attachedToThreadId: string | null;
  /** The user may write to it. */
  canAcceptDirectInput: boolean | null;
  /** The version of the program that began it. */
  cliVersion: string;
  /** In seconds since 1970. */
  createdAt: number;
  /** The folder it works in. */
  cwd: AbsolutePathBuf;
  /** A switch of the reference's clients. */
  daybreakEnabled: boolean | null;
  /** Where its commands run. */
  environments: Array<ThreadEnvironment> | null;
  /** It is never kept. */
  ephemeral: boolean;
  /** What no other member has room for. */
  extra: ThreadExtra | null;
  /** The thread whose beginning it has. */
  forkedFromId: string | null;
  /** The state of the repository when it began. */
  gitInfo: GitInfo | null;
  /** How its past is kept. */
  historyMode: ThreadHistoryMode;
  /** Names it; a UUID of version 7. */
  id: string;
  /** Its model. */
  model: string | null;
  /** Who provides its model. */
  modelProvider: string;
  /** Its name, if it has been given one. */
  name: string | null;
  /** The name of the client that began it. */
  originator: string | null;
  /** The thread whose model began it. */
  parentThreadId: string | null;
  /** The file it is kept in. */
  path: string | null;
  /** The beginning of the first message; empty before it. */
  preview: string;
  /** The project the user put it in. */
  projectId: string | null;
  /** How hard its model thinks, where that was said. */
  reasoningEffort: string | null;
  /** When something last happened that the user would look for, in seconds since 1970. */
  recencyAt: number | null;
  /** The section the user put it in. */
  section: ThreadSection | null;
  /** Since when, in seconds since 1970. */
  sectionEnteredAt: number | null;
  /** The same for a thread and those that were forked from it to work with it. */
  sessionId: string;
  /** What kind of program began it. */
  source: SessionSource;
  /** What it does. */
  status: ThreadStatus;
  /** What it is for, in the words of the client that began it. */
  threadSource: string | null;
  /** Its turns, where they were asked for. */
  turns: Array<Turn>;
  /** In seconds since 1970. */
  updatedAt: number;
};

/** What a turn waits for. */
export type ThreadActiveFlag = "waitingOnApproval" | "waitingOnUserInput";

/** What a client attached to a thread. */
export type ThreadAttachment = {
  /** Its kind, in the client's words. */
  attachmentType: string;
  /** In seconds since 1970. */
  createdAt: number;
  /** Names it. */
  id: string;
  /** What it is, in the client's words. */
  identityKey: string;
  /** The client's own. */
  payload: unknown;
};

/** Attachments. */
export type ThreadAttachmentListResponse = {
  /** They. */
  data: Array<ThreadAttachment>;
  /** Where to go on, if there are more. */
  nextCursor: string | null;
};

/** A command of a thread that goes on between its turns. */
export type ThreadBackgroundTerminal = {
  /** What runs. */
  command: string;
  /** How much of a processor it uses, in percent. */
  cpuPercent: number | null;
  /** In which folder. */
  cwd: string;
  /** The item that began it. */
  itemId: string;
  /** What the kernel calls it. */
  osPid: number | null;
  /** Names it among those of the thread. */
  processId: string;
  /** How much memory it uses, in KiB. */
  rssKb: number | null;
};

/** Terminals. */
export type ThreadBackgroundTerminalsListResponse = {
  /** They. */
  data: Array<ThreadBackgroundTerminal>;
  /** Where to go on, if there are more. */
  nextCursor: string | null;
};

/** A thread is no longer at hand. */
export type ThreadClosedNotification = {
  /** Which. */
  threadId: string;
};

/** Where a thread's commands run. */
export type ThreadEnvironment = {
  /** The folder there. */
  cwd: string;
  /** Names it; `local` is the server's own machine. */
  environmentId: string;
  /** The folders there that are worked on. */
  runtimeWorkspaceRoots: Array<string>;
};

/** Nothing yet. */
export type ThreadExtra = Record<string, never>;

/** What a thread is to reach. */
export type ThreadGoal = {
  /** In seconds since 1970. */
  createdAt: number;
  /** In the user's words. */
  objective: string;
  /** How far it is. */
  status: ThreadGoalStatus;
  /** Whose. */
  threadId: string;
  /** How long it took. */
  timeUsedSeconds: number;
  /** How much may be used for it. */
  tokenBudget: number | null;
  /** How much was used. */
  tokensUsed: number;
  /** In seconds since 1970. */
  updatedAt: number;
};

/** What it is to reach. */
export type ThreadGoalGetResponse = {
  /** Absent: nothing was said. */
  goal: ThreadGoal | null;
};

/** How far a goal is. */
export type ThreadGoalStatus = "active" | "paused" | "blocked" | "usageLimited" | "budgetLimited" | "complete";

/** How a thread's past is kept. */
export type ThreadHistoryMode = "legacy" | "paginated";

/** An item, with the turn it is in. */
export type ThreadItemEntry = {
  /** In milliseconds since 1970. */
  completedAtMs: number | null;
  /** The item; carried as it is. */
  item: unknown;
  /** It is here without its output. */
  outputDeferred: boolean;
  /** In milliseconds since 1970. */
  startedAtMs: number | null;
  /** The turn. */
  turnId: string;
};

/** Items. */
export type ThreadItemsListResponse = {
  /** Where to begin to go back. */
  backwardsCursor: string | null;
  /** In the order that was asked for. */
  data: Array<ThreadItemEntry>;
  /** Where to go on, if there are more. */
  nextCursor: string | null;
};

/** Threads. */
export type ThreadListResponse = {
  /** Where to begin to go back. */
  backwardsCursor: string | null;
  /** In the order that was asked for. */
  data: Array<Thread>;
  /** Where to go on, if there are more. */
  nextCursor: string | null;
  /** How far the user has read, by thread. */
  readStates: Record<string, ThreadReadState> | null;
};

/** Ids. */
export type ThreadLoadedListResponse = {
  /** The oldest first. */
  data: Array<string>;
  /** Where to go on, if there are more. */
  nextCursor: string | null;
};

/** A thread has another name. */
export type ThreadNameUpdatedNotification = {
  /** Which. */
  threadId: string;
  /** The name. */
  threadName: string | null;
};

/** A thread. */
export type ThreadReadResponse = {
  /** How far the user has read. */
  readState: ThreadReadState | null;
  /** It. */
  thread: Thread;
};

/** How far the user has read. */
export type ThreadReadState = {
  /** The first that was not read; absent: all was. */
  firstUnread: ThreadUnreadPosition | null;
  /** Another with each change. */
  revision: string;
};

/** The user has read further. */
export type ThreadReadStateChangedNotification = {
  /** How far. */
  readState: ThreadReadState;
  /** In which thread. */
  threadId: string;
};

/** How far the user has read now. */
export type ThreadReadStateUpdateResponse = {
  /** That. */
  readState: ThreadReadState;
};

/** A place to put threads. */
export type ThreadSection = {
  /** For people. */
  appearance: ThreadSectionAppearance | null;
  /** Names it here. */
  id: string;
  /** For people. */
  name: string;
};

/** How a section is shown. */
export type ThreadSectionAppearance = {
  /** For people. */
  color: string | null;
  /** For people. */
  icon: string | null;
};

/** How a thread's later turns are done. */
export type ThreadSettings = {
  /** The profile that comes from, if it comes from one. */
  activePermissionProfile: ActivePermissionProfile | null;
  /** When somebody is asked. */
  approvalPolicy: AskForApproval;
  /** Who is asked. */
  approvalsReviewer: ApprovalsReviewer;
  /** The mode of working. */
  collaborationMode: CollaborationMode;
  /** The folder. */
  cwd: AbsolutePathBuf;
  /** Plugins that are not used. */
  disabledPluginIds: Array<string>;
  /** How hard it thinks, where that was said. */
  effort: string | null;
  /** Where commands run. */
  environments: Array<ThreadEnvironment> | null;
  /** Who answers. */
  model: string;
  /** Who provides it. */
  modelProvider: string;
  /** How it works with others of its kind. */
  multiAgentMode: MultiAgentMode;
  /** Its tone. */
  personality: Personality | null;
  /** What commands are held to. */
  sandboxPolicy: SandboxPolicy;
  /** How soon. */
  serviceTier: string | null;
  /** How much of that is told. */
  summary: ReasoningSummary | null;
};

/** A thread's later turns are done in another way. */
export type ThreadSettingsUpdatedNotification = {
  /** Which. */
  threadId: string;
  /** All of how they are done. */
  threadSettings: ThreadSettings;
};

/** A thread that has begun, and how its turns are done. */
export type ThreadStartResponse = {
  /** The profile that comes from, if it comes from one. */
  activePermissionProfile: ActivePermissionProfile | null;
  /** When somebody is asked. */
  approvalPolicy: AskForApproval;
  /** Who is asked. */
  approvalsReviewer: ApprovalsReviewer;
  /** The folder. */
  cwd: AbsolutePathBuf;
  /** Plugins that are not used. */
  disabledPluginIds: Array<string>;
  /** Files with words for the model. */
  instructionSources: Array<string>;
  /** Who answers. */
  model: string;
  /** Who provides it. */
  modelProvider: string;
  /** How it works with others of its kind. */
  multiAgentMode: MultiAgentMode;
  /** How hard the model thinks, where that was said. */
  reasoningEffort: string | null;
  /** The folders that are worked on. */
  runtimeWorkspaceRoots: Array<AbsolutePathBuf>;
  /** What commands are held to. */
  sandbox: SandboxPolicy;
  /** How soon it answers. */
  serviceTier: string | null;
  /** It. */
  thread: Thread;
};

/** A thread has begun. */
export type ThreadStartedNotification = {
  /** It. */
  thread: Thread;
};

/** What a thread does. */
export type ThreadStatus = {
  type: "notLoaded";
} | {
  type: "idle";
} | {
  type: "systemError";
} | {
  /** What the turn waits for. */
  activeFlags: Array<ThreadActiveFlag>;
  type: "active";
};

/** What a thread does has changed. */
export type ThreadStatusChangedNotification = {
  /** What it does now. */
  status: ThreadStatus;
  /** Which. */
  threadId: string;
};

/** Turns. */
export type ThreadTurnsListResponse = {
  /** Where to begin to go back. */
  backwardsCursor: string | null;
  /** In the order that was asked for. */
  data: Array<Turn>;
  /** Where to go on, if there are more. */
  nextCursor: string | null;
};

/** The first that was not read. */
export type ThreadUnreadPosition = {
  type: "threadStart";
} | {
  /** Its id. */
  turnId: string;
  type: "turn";
};

/** What became of it. */
export type ThreadUnsubscribeResponse = {
  /** What. */
  status: ThreadUnsubscribeStatus;
};

/** What became of not wanting to be told. */
export type ThreadUnsubscribeStatus = "notLoaded" | "notSubscribed" | "unsubscribed";

/** A turn. */
export type Turn = {
  /** In seconds since 1970. */
  completedAt: number | null;
  /** In milliseconds. */
  durationMs: number | null;
  /** Why it failed; carried as it is. */
  error: unknown;
  /** Names it. */
  id: string;
  /** What happened in it; carried as it is. */
  items: Array<unknown>;
  /** How much of that is here. */
  itemsView: TurnItemsView;
  /** The turn of the user that it belongs to. */
  rootTurnId: string | null;
  /** In seconds since 1970. */
  startedAt: number | null;
  /** How far it is. */
  status: TurnStatus;
};

/** How much of a turn's items is shown. */
export type TurnItemsView = "notLoaded" | "summary" | "full";

/** How far a turn is. */
export type TurnStatus = "completed" | "interrupted" | "failed" | "inProgress";

/** How much a model says. */
export type Verbosity = "low" | "medium" | "high";

/** Something a user should know. */
export type WarningNotification = {
  /** What. */
  message: string;
  /** Where it happened; told only to those who follow that thread. */
  threadId: string | null;
};

/** Whether the web is searched. */
export type WebSearchMode = "disabled" | "cached" | "indexed" | "live";

/** Who searches. */
export type WebSearchProvider = "standalone" | "search_mcp";

/** How commands are held, on Windows. */
export type WindowsSandboxImplementation = "elevated" | "unelevated" | "mxc";

/** Whether the sandbox of Windows is set up. */
export type WindowsSandboxReadiness = "ready" | "notConfigured" | "updateRequired";

/** Whether the sandbox of Windows is set up. */
export type WindowsSandboxReadinessResponse = {
  /** Never, on Linux. */
  status: WindowsSandboxReadiness;
};

/** Where a workspace lives. */
export type WorkspaceRouting = {
  /** Which region it is bound to. */
  accountRoutingOverride: AccountRoutingOverride;
  /** The service that holds it. */
  backendOrigin: string;
  /** The account. */
  chatgptAccountId: string;
};

/** Whether what was written counts. */
export type WriteStatus = "ok" | "okOverridden";

/** Results by the methods they answer. */
export interface Answers {
  "account/bedrock/checkGovCloudRequirements": BedrockCheckGovCloudRequirementsResponse;
  "account/gatewayOAuth/read": GatewayOAuthReadResponse;
  "account/login/cancel": CancelLoginAccountResponse;
  "account/login/start": LoginAccountResponse;
  "account/logout": Done;
  "account/rateLimitResetCredit/consume": unknown;
  "account/rateLimits/read": unknown;
  "account/read": GetAccountResponse;
  "account/securitySetup/read": GetAccountSecuritySetupResponse;
  "account/sendAddCreditsNudgeEmail": unknown;
  "account/usage/read": unknown;
  "account/workspaceMessages/read": unknown;
  "accountSession/list": AccountSessionsResponse;
  "app/installed": AppsInstalledResponse;
  "app/list": AppsListResponse;
  "collaborationMode/list": CollaborationModeListResponse;
  "command/exec": CommandExecResponse;
  "command/exec/resize": Done;
  "command/exec/terminate": Done;
  "command/exec/write": Done;
  "config/batchWrite": ConfigWriteResponse;
  "config/mcpServer/reload": Done;
  "config/read": ConfigReadResponse;
  "config/value/write": ConfigWriteResponse;
  "configRequirements/read": ConfigRequirementsReadResponse;
  "environment/add": Done;
  "environment/info": EnvironmentInfoResponse;
  "environment/status": EnvironmentStatusResponse;
  "experimentalFeature/enablement/set": ExperimentalFeatureEnablementSetResponse;
  "experimentalFeature/list": ExperimentalFeatureListResponse;
  "fs/copy": Done;
  "fs/createDirectory": Done;
  "fs/getMetadata": FsGetMetadataResponse;
  "fs/readDirectory": FsReadDirectoryResponse;
  "fs/readFile": FsReadFileResponse;
  "fs/remove": Done;
  "fs/unwatch": Done;
  "fs/watch": FsWatchResponse;
  "fs/writeFile": Done;
  "fuzzyFileSearch": FuzzyFileSearchResponse;
  "fuzzyFileSearch/sessionStart": Done;
  "fuzzyFileSearch/sessionStop": Done;
  "fuzzyFileSearch/sessionUpdate": Done;
  "hooks/list": HooksListResponse;
  "initialize": InitializeResponse;
  "mcpServerStatus/list": ListMcpServerStatusResponse;
  "mock/experimentalMethod": MockExperimentalMethodResponse;
  "model/list": ModelListResponse;
  "modelProvider/capabilities/read": ModelProviderCapabilitiesReadResponse;
  "modelProvider/list": ModelProviderListResponse;
  "permissionProfile/list": PermissionProfileListResponse;
  "plugin/installed": PluginInstalledResponse;
  "plugin/list": PluginListResponse;
  "plugin/reconcile": PluginReconcileResponse;
  "process/kill": Done;
  "process/resizePty": Done;
  "process/spawn": Done;
  "process/writeStdin": Done;
  "remoteControl/status/read": RemoteControlStatus;
  "server/diagnostics": ServerDiagnosticsResponse;
  "skills/config/write": SkillsConfigWriteResponse;
  "skills/extraRoots/set": Done;
  "skills/list": SkillsListResponse;
  "thread/attachment/list": ThreadAttachmentListResponse;
  "thread/backgroundTerminals/clean": Done;
  "thread/backgroundTerminals/list": ThreadBackgroundTerminalsListResponse;
  "thread/goal/get": ThreadGoalGetResponse;
  "thread/items/list": ThreadItemsListResponse;
  "thread/list": ThreadListResponse;
  "thread/loaded/list": ThreadLoadedListResponse;
  "thread/name/set": Done;
  "thread/read": ThreadReadResponse;
  "thread/readState/update": ThreadReadStateUpdateResponse;
  "thread/settings/update": Done;
  "thread/start": ThreadStartResponse;
  "thread/turns/list": ThreadTurnsListResponse;
  "thread/unsubscribe": ThreadUnsubscribeResponse;
  "windowsSandbox/readiness": WindowsSandboxReadinessResponse;
}

/** Parameters by their names. */
export interface Notifications {
  "account/login/completed": AccountLoginCompletedNotification;
  "account/updated": AccountUpdatedNotification;
  "command/exec/outputDelta": CommandExecOutputDeltaNotification;
  "configWarning": ConfigWarningNotification;
  "deprecationNotice": DeprecationNoticeNotification;
  "fs/changed": FsChangedNotification;
  "fuzzyFileSearch/sessionCompleted": FuzzyFileSearchSessionCompletedNotification;
  "fuzzyFileSearch/sessionUpdated": FuzzyFileSearchSessionUpdatedNotification;
  "process/exited": ProcessExitedNotification;
  "process/outputDelta": ProcessOutputDeltaNotification;
  "remoteControl/status/changed": RemoteControlStatus;
  "skills/changed": SkillsChangedNotification;
  "thread/closed": ThreadClosedNotification;
  "thread/environment/connected": EnvironmentConnectionNotification;
  "thread/environment/disconnected": EnvironmentConnectionNotification;
  "thread/name/updated": ThreadNameUpdatedNotification;
  "thread/readState/changed": ThreadReadStateChangedNotification;
  "thread/settings/updated": ThreadSettingsUpdatedNotification;
  "thread/started": ThreadStartedNotification;
  "thread/status/changed": ThreadStatusChangedNotification;
  "warning": WarningNotification;
}
