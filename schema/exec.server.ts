// What the exec server says.

/** Bytes, in base64 with padding. */
export type Base64Bytes = string;

/** A part of a streamed body. */
export type BodyDeltaParams = {
  /** The bytes. */
  deltaBase64: Base64Bytes;
  /** Nothing follows. */
  done: boolean;
  /** Why the body is incomplete. */
  error: string | null;
  /** Of which request. */
  requestId: string;
  /** From 1, without gaps. */
  seq: number;
};

/** Clients use newer members and methods only where the server announces them. */
export type Capabilities = {
  /** `sandbox` in capability discovery. */
  capabilityDiscoverySandbox: boolean;
  /** `capabilities/discoverV2`. */
  capabilityDiscoveryV2: boolean;
  /** The proxy can hide credentials. */
  credentialMasking: boolean;
  /** The proxy can hide credentials of further providers. */
  credentialMaskingCustomProviders: boolean;
  /** `environmentConfig/read`. */
  environmentConfigRead: boolean;
  /** Addition: `reason` and `signal` at an exit. */
  exitReason: boolean;
  /** `fs/writeBlock`. */
  fileWriteStreaming: boolean;
  /** `fs/watchMissing`. */
  fsWatchMissing: boolean;
  /** `valueEnvVar` in a request's headers. */
  httpHeaderEnvVars: boolean;
  /** A detail of the Linux sandbox. */
  linuxApprovedRootWritePreservesRestrictions: boolean;
  /** A detail of the Linux sandbox. */
  linuxRootWritePreservesDevices: boolean;
  /** Addition: `lostBytes` and `firstAvailableSeq` in a read. */
  lostBytes: boolean;
  /** `networkProxy` in a start. */
  networkProxyLaunch: boolean;
  /** The proxy can ask about domains. */
  networkProxyReviewDomains: boolean;
  /** Addition: `process/closeStdin`. */
  processCloseStdin: boolean;
  /** Addition: `process/follow`. */
  processFollow: boolean;
  /** Addition: `limits` in a start, and `limitExceeded` at an exit. */
  processLimits: boolean;
  /** Addition: `process/list`. */
  processList: boolean;
  /** Addition: `process/resize`, and `size` in a start. */
  processResize: boolean;
  /** Addition: all the names in `process/signal`. */
  processSignals: boolean;
  /** Addition: `timeoutMs` in a start. */
  processTimeout: boolean;
  /** `sandbox` in `fs/open`. */
  sandboxedFileStreaming: boolean;
  /** `shellSnapshot` in a start. */
  shellSnapshotV2: boolean;
  /** Addition: `graceMs` in `process/terminate`. */
  terminateGrace: boolean;
  /** A container of another operating system. */
  windowsMxc: boolean;
};

/** A file and what it says. */
export type CapabilityFile = {
  /** All of it. */
  contents: string;
  /** Where. */
  path: PathUri;
};

/** As for a write: `accepted`, `unknownProcess`, `stdinClosed` or `starting`. */
export type CloseStdinResponse = {
  /** What became of it. */
  status: WriteStatus;
};

/** The last event. */
export type ClosedParams = {
  /** Which process. */
  processId: string;
  /** Its place in the order. */
  seq: number;
};

/** One layer. */
export type ConfigLayer = {
  /** What relative paths in it are relative to. */
  baseDir: PathUri;
  /** Where it came from, for people. */
  source: string;
  /** What it holds of what was asked. */
  toml: string;
};

/** Layers from the weakest to the strongest. */
export type ConfigLayers = {
  /** Where a client puts layers of its own. */
  cloudInsertionIndex: number;
  /** The layers that hold something of what was asked. */
  layers: Array<ConfigLayer>;
};

/** The configuration, layer by layer. */
export type ConfigReadResponse = {
  /** The folder of the configuration. */
  codexHomeDir: PathUri;
  /** What is wished. */
  config: ConfigLayers;
  /** The machine's name. */
  hostname: string | null;
  /** What is demanded. */
  requirements: ConfigLayers;
  /** The user's home. */
  userHomeDir: PathUri | null;
};

/** What was found in the usual places. */
export type DiscoverResponse = {
  /** Sorted by id. */
  plugins: Array<Plugin>;
  /** Those outside plugins. */
  skills: Array<Skill>;
  /** What was left out and why. */
  warnings: Array<string>;
};

/** What was found. */
export type DiscoverRootsResponse = {
  /** In the order of the question. */
  roots: Array<DiscoveredRoot>;
};

/** What one place holds. */
export type DiscoveredRoot = {
  /** Why nothing could be found out. */
  error: string | null;
  /** The client's name for it. */
  id: string;
  /** Manifests that give skills below them a name space. */
  namespaceManifests: Array<CapabilityFile>;
  /** The directory. */
  path: PathUri;
  /** The plugin whose folder it is. */
  plugin: PluginFiles | null;
  /** The skills below it. */
  skills: Array<SkillFiles>;
  /** What was left out and why. */
  warnings: Array<string>;
};

/** A place that is always looked at. */
export type DiscoveryRoot = {
  /** Which. */
  id: string;
  /** Where. */
  path: PathUri;
};

/** The answer of a call that only does something. */
export type Done = Record<string, never>;

/** The machine. */
export type EnvironmentInfo = {
  /** What this server can do beyond the older dialect. */
  capabilities: Capabilities;
  /** The server's working directory. */
  cwd?: PathUri | null;
  /** The version of the dialect. */
  executorVersion?: string | null;
  /** `linux`. */
  platformOs?: string | null;
  /** Put in front of PATH in inherited environments. */
  prependPathDirs: Array<PathUri>;
  /** Names what provides the machine; opaque. */
  providerId?: string | null;
  /** The user's shell. */
  shell: ShellInfo;
  /** The temporary directory. */
  tempDir?: PathUri | null;
  /** Temporary directories named by the environment. */
  temporaryDirectories: Array<PathUri>;
  /** The user's home. */
  userHomeDir?: PathUri | null;
};

/** Why a process ended. */
export type ExitReason = "exited" | "signaled" | "timedOut" | "terminated" | "expired" | "keeperLost";

/** The end of a process. */
export type ExitedParams = {
  /** The exit status; 128 + n for signal n. */
  exitCode: number;
  /** Addition: the member of `Limits`(super::Limits) that ended it, as in `memoryBytes`. */
  limitExceeded?: string | null;
  /** Which process. */
  processId: string;
  /** Addition: why. */
  reason?: ExitReason | null;
  /** A failure of the command that the sandbox caused. */
  sandboxDenied: boolean;
  /** Its place in the order. */
  seq: number;
  /** Addition: the name of the signal, as in `SIGKILL`. */
  signal?: string | null;
};

/** From where notifications go on, or where they stopped. */
export type FollowResponse = {
  /** The next sequence number; what lies before it is to be read. */
  nextSeq: number;
};

/** The path without links. */
export type FsCanonicalizeResponse = {
  /** Exists, and has no links, `.` or `..`. */
  path: PathUri;
};

/** Kind, size and times. */
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
  /** Bytes; absent from older servers. */
  size: number;
};

/** Which watch saw something; it is over. */
export type FsMissingChangedParams = {
  /** The client's name for the watch. */
  watchId: number;
};

/** The file is open. */
export type FsOpenResponse = {
  /** As asked. */
  handleId: string;
};

/** A part of a file. */
export type FsReadBlockResponse = {
  /** The bytes. */
  chunk: Base64Bytes;
  /** Fewer bytes than asked: the file ends here. */
  eof: boolean;
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

/** One name below the root. */
export type FsWalkEntry = {
  /** What. */
  kind: FsWalkKind;
  /** Where. */
  path: PathUri;
};

/** A directory that could not be read. */
export type FsWalkError = {
  /** Why. */
  message: string;
  /** Where. */
  path: PathUri;
};

/** What a name is. */
export type FsWalkKind = "file" | "directory";

/** What was found. */
export type FsWalkResponse = {
  /** Breadth first, sorted within a directory. */
  entries: Array<FsWalkEntry>;
  /** Directories that could not be read. */
  errors: Array<FsWalkError>;
  /** A limit was reached. */
  truncated: boolean;
};

/** Whether there is a watch now. */
export type FsWatchMissingResponse = {
  /** `false`: look yourself. */
  watching: boolean;
};

/** One header line. */
export type HttpHeader = {
  /** Lower-case in answers. */
  name: string;
  /** The value. */
  value: string;
  /** A variable of the server's environment whose value is appended. */
  valueEnvVar?: string | null;
};

/** The answer; any HTTP status is a success here. */
export type HttpRequestResponse = {
  /** The body; empty when it is streamed. */
  bodyBase64: Base64Bytes;
  /** In order, repeats included. */
  headers: Array<HttpHeader>;
  /** The HTTP status. */
  status: number;
};

/** The session. */
export type InitializeResponse = {
  /** What `environment/info` answers; absent from older servers. */
  environmentInfo?: EnvironmentInfo | null;
  /** For clients of the older dialect: `exec-server.v0`. */
  protocolVersion?: string | null;
  /** Whoever knows it may resume the session: keep it as a secret. The same one on resume. */
  sessionId: string;
};

/** The processes of the session. */
export type ListResponse = {
  /** In order of their start. */
  processes: Array<ProcessSummary>;
};

/** One piece of output. */
export type OutputParams = {
  /** The bytes, at most 64 KiB. */
  chunk: Base64Bytes;
  /** Which process. */
  processId: string;
  /** From 1, shared with exit and close, without gaps. */
  seq: number;
  /** Where it came from. */
  stream: OutputStream;
};

/** Where output came from. */
export type OutputStream = "stdout" | "stderr" | "pty";

/** A path as a `file:` URI. */
export type PathUri = string;

/** A plugin. */
export type Plugin = {
  /** For people. */
  displayName: string;
  /** Its files. */
  files: PluginFiles;
  /** `name@marketplace`. */
  id: string;
  /** Its name elsewhere. */
  remotePluginId: string | null;
  /** Its folder. */
  root: PathUri;
  /** Its skills. */
  skills: Array<Skill>;
  /** The version that is used. */
  version: string;
};

/** The files of a plugin. */
export type PluginFiles = {
  /** Its apps. */
  appsConfig: CapabilityFile | null;
  /** What it is. */
  manifest: CapabilityFile;
  /** Its tool servers. */
  mcpConfig: CapabilityFile | null;
};

/** One process. */
export type ProcessSummary = {
  /** Milliseconds since its start. */
  ageMs: number;
  /** Program and arguments. */
  argv: Array<string>;
  /** Ended, and its output is complete. */
  closed: boolean;
  /** Where it runs. */
  cwd: PathUri;
  /** The exit status. */
  exitCode: number | null;
  /** The exit status is known. */
  exited: boolean;
  /** Addition: the member of `Limits` that ended it, as in `memoryBytes`. */
  limitExceeded?: string | null;
  /** The next sequence number. */
  nextSeq: number;
  /** The operating system's. */
  pid: number;
  /** The client's name for it. */
  processId: string;
  /** Has a terminal. */
  tty: boolean;
};

/** One retained chunk. */
export type ReadChunk = {
  /** The bytes. */
  chunk: Base64Bytes;
  /** Its sequence number. */
  seq: number;
  /** Where it came from. */
  stream: OutputStream;
};

/** Retained output and where the process stands. */
export type ReadResponse = {
  /** In order of `seq`. */
  chunks: Array<ReadChunk>;
  /** Ended, and its output is complete. */
  closed: boolean;
  /** The exit status. */
  exitCode: number | null;
  /** The exit status is known. */
  exited: boolean;
  /** For clients that report their own failures in this form; a server sends `null`. */
  failure: string | null;
  /** Addition, only after an eviction: the oldest sequence number still retained. */
  firstAvailableSeq?: number | null;
  /** Addition: the member of `Limits` that ended it, as in `memoryBytes`. */
  limitExceeded?: string | null;
  /** Addition, only after an eviction: bytes after the cursor that are gone. */
  lostBytes?: number | null;
  /** The cursor for the next read is one less. */
  nextSeq: number;
  /** Addition: why the process ended. */
  reason?: ExitReason | null;
  /** A failure of the command that the sandbox caused. */
  sandboxDenied: boolean;
  /** Addition: the name of the signal that ended it. */
  signal?: string | null;
};

/** Names a request until its answer. */
export type RequestId = string | number;

/** Done. */
export type ResizeResponse = Record<string, never>;

/** The error member of an answer. */
export type RpcError = {
  /** What kind of error; see `code`. */
  code: number;
  /** For programs. */
  data?: unknown;
  /** For people. */
  message: string;
};

/** A shell. */
export type ShellInfo = {
  /** `bash`, `zsh` or `sh`. */
  name: string;
  /** The program. */
  path: string;
};

/** Sent, or there was nobody to send it to. */
export type SignalResponse = Record<string, never>;

/** A skill. */
export type Skill = {
  /** What it needs. */
  dependencies: SkillDependencies | null;
  /** What it is for. */
  description: string;
  /** The place it was found in; absent inside a plugin. */
  discoveryRoot?: DiscoveryRoot | null;
  /** With its plugin's name in front where it has one. */
  name: string;
  /** `SKILL.md`. */
  path: PathUri;
  /** When it may be used. */
  policy: SkillPolicy | null;
  /** The same in fewer words. */
  shortDescription: string | null;
};

/** What a skill needs. */
export type SkillDependencies = {
  /** Tools. */
  tools: Array<SkillTool>;
};

/** The files of a skill. */
export type SkillFiles = {
  /** `SKILL.md`. */
  instructions: CapabilityFile;
  /** `agents/openai.yaml` beside it. */
  metadata: CapabilityFile | null;
};

/** When a skill may be used. */
export type SkillPolicy = {
  /** Without being asked for. */
  allowImplicitInvocation: boolean | null;
  /** In which products. */
  products: Array<string>;
};

/** A tool a skill needs. */
export type SkillTool = {
  /** How it is started. */
  command: string | null;
  /** For people. */
  description: string | null;
  /** For signing in. */
  oauthCallbackPort: number | null;
  /** How it is reached. */
  transport: string | null;
  /** What kind. */
  type: string;
  /** Where it is. */
  url: string | null;
  /** Which. */
  value: string;
};

/** The process runs. */
export type StartResponse = {
  /** As asked. */
  processId: string;
  /** `none`, or the walls around it. Absent from older servers. */
  sandboxType?: string | null;
};

/** Whether the machine can be used. */
export type StatusResponse = {
  /** `ready`. */
  status: string;
};

/** Whether there was something to end. */
export type TerminateResponse = {
  /** The process itself (not only descendants of it) was running. */
  running: boolean;
};

/** What became of the bytes. */
export type WriteResponse = {
  /** For clients of the older dialect: whether they were accepted. */
  accepted?: boolean | null;
  /** What became of the bytes. */
  status: WriteStatus;
};

/** What became of the bytes. */
export type WriteStatus = "accepted" | "unknownProcess" | "stdinClosed" | "starting";

/** Results by the methods they answer. */
export interface Answers {
  "capabilities/discoverV2": DiscoverResponse;
  "capabilityRoots/discoverV1": DiscoverRootsResponse;
  "environment/info": EnvironmentInfo;
  "environment/status": StatusResponse;
  "environmentConfig/read": ConfigReadResponse;
  "fs/canonicalize": FsCanonicalizeResponse;
  "fs/close": Done;
  "fs/copy": Done;
  "fs/createDirectory": Done;
  "fs/getMetadata": FsGetMetadataResponse;
  "fs/open": FsOpenResponse;
  "fs/readBlock": FsReadBlockResponse;
  "fs/readDirectory": FsReadDirectoryResponse;
  "fs/readFile": FsReadFileResponse;
  "fs/remove": Done;
  "fs/walk": FsWalkResponse;
  "fs/watchMissing": FsWatchMissingResponse;
  "fs/writeBlock": Done;
  "fs/writeFile": Done;
  "http/request": HttpRequestResponse;
  "initialize": InitializeResponse;
  "process/closeStdin": CloseStdinResponse;
  "process/follow": FollowResponse;
  "process/list": ListResponse;
  "process/read": ReadResponse;
  "process/resize": ResizeResponse;
  "process/signal": SignalResponse;
  "process/start": StartResponse;
  "process/terminate": TerminateResponse;
  "process/write": WriteResponse;
}

/** Parameters by their names. */
export interface Notifications {
  "fs/missingChanged": FsMissingChangedParams;
  "http/request/bodyDelta": BodyDeltaParams;
  "process/closed": ClosedParams;
  "process/exited": ExitedParams;
  "process/output": OutputParams;
}
