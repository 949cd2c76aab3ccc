// What clients of the exec server say.

/** Bytes, in base64 with padding. */
export type Base64Bytes = string;

/** One place to look. */
export type CapabilityRoot = {
  /** The client's name for it. */
  id: string;
  /** A directory. */
  path: PathUri;
  /** The rules it is held to. */
  sandbox?: SandboxContext | null;
};

/** Whose input ends. */
export type CloseStdinParams = {
  /** Which process. */
  processId: string;
};

/** Whose capabilities. */
export type DiscoverV2CapabilitiesRequest = {
  /** Without effect on the answer. */
  cwd: PathUri;
  /** The rules it is held to. */
  sandbox?: SandboxContext | null;
};

/** How a process's environment is made from the server's. */
export type EnvPolicy = {
  /** Globs of names to drop, without regard to case. */
  exclude: Array<string>;
  /** Keeps names that look like secrets (`*KEY*`, `*SECRET*`, `*TOKEN*`). */
  ignoreDefaultExcludes: boolean;
  /** Globs of names to keep; empty keeps all. */
  includeOnly: Array<string>;
  /** What is taken from the server's environment. */
  inherit: Inherit;
  /** Variables added after that. */
  set: Record<string, string>;
};

/** Which parts of the configuration. */
export type EnvironmentConfigReadParams = {
  /** Keys of the configuration, segment by segment. */
  configPaths: Array<Array<string>>;
  /** Whose project's configuration. */
  cwd: PathUri;
  /** Keys of the requirements, segment by segment. */
  requirementsPaths: Array<Array<string>>;
};

/** Whose work a process is. */
export type ExecMetadata = {
  /** A UUID. */
  threadId?: UuidText | null;
  /** Free text. */
  toolCallId?: string | null;
};

/** What files may be touched. */
export type FileSystemPolicy = {
  /** The rules; their order has no meaning. */
  entries: Array<SandboxEntry>;
  /** How many levels of directories a `**` may look into. */
  glob_scan_max_depth?: number | null;
  type: "restricted";
} | {
  type: "unrestricted";
};

/** Whose notifications. */
export type FollowParams = {
  /** Whether they are wanted. */
  follow: boolean;
  /** Which process. */
  processId: string;
};

/** Which open file to close; one that is not open is fine. */
export type FsCloseParams = {
  /** Which open file. */
  handleId: string;
};

/** What a file is opened for. */
export type FsOpenMode = "read" | "replace";

/** Which part to read. */
export type FsReadBlockParams = {
  /** Which open file. */
  handleId: string;
  /** How many bytes; 1 to 1 MiB. */
  len: number;
  /** From which byte. */
  offset: number;
};

/** How far to walk. */
export type FsWalkOptions = {
  /** Links to directories are walked too. */
  followDirectorySymlinks: boolean;
  /** 0 names only what the root holds; at most 64. */
  maxDepth: number;
  /** Directories to read; 1 to 10,000. */
  maxDirectories: number;
  /** Entries to answer; 1 to 50,000. */
  maxEntries: number;
  /** Directories whose name starts with a dot are not walked. */
  pruneHiddenDirectories?: boolean;
};

/** What to watch. */
export type FsWatchMissingParams = {
  /** Paths that do not exist. */
  missing: Array<PathUri>;
  /** A path that exists; its end is a change too. */
  present?: PathUri | null;
  /** The client's name for the watch. */
  watchId: number;
};

/** Which part to write. */
export type FsWriteBlockParams = {
  /** The bytes; 1 to 1 MiB. */
  chunk: Base64Bytes;
  /** Which open file. */
  handleId: string;
  /** From which byte. */
  offset: number;
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

/** What to request. */
export type HttpRequestParams = {
  /** The body. */
  bodyBase64?: Base64Bytes | null;
  /** Sent in this order, repeats included. */
  headers?: Array<HttpHeader>;
  /** Any token; its case is kept. */
  method: string;
  /** What becomes of redirects. */
  redirectPolicy?: RedirectPolicy;
  /** Names the stream of a streamed body. */
  requestId: string;
  /** The body comes in notifications instead of in the answer. */
  streamResponse?: boolean;
  /** For the whole exchange, a streamed body included; absent: unlimited. */
  timeoutMs?: number | null;
  /** http or https. */
  url: string;
};

/** What is taken from the server's environment. */
export type Inherit = "core" | "all" | "none";

/** What a client says of itself. */
export type InitializeParams = {
  /** Free text, for logs. The reference's own client is `codex-environment`. */
  clientName: string;
  /** The session to take up again. */
  resumeSessionId?: string | null;
};

/** How much a process and its descendants may use; without a member, as much as the server. */
export type Limits = {
  /** Seconds of processor time. */
  cpuSeconds?: number | null;
  /** Bytes of each file that is written. */
  fileSizeBytes?: number | null;
  /** Bytes of memory. */
  memoryBytes?: number | null;
  /** Open files of each process. */
  openFiles?: number | null;
  /** Processes and threads at the same time. */
  pids?: number | null;
};

/** Details of a managed network. */
export type ManagedNetwork = {
  /** Whether sockets may be bound. */
  allowLocalBinding?: boolean;
  /** Ports of the loopback interface that stay reachable. */
  loopbackPorts?: Array<number>;
};

/** What to do with a rule about a path that does not exist. */
export type MissingPathBehavior = "skip";

/** Whether the network may be reached. */
export type NetworkPolicy = "restricted" | "enabled";

/** Nothing: absent, `null` or `{}`. */
export type NoParams = null | Record<string, never>;

/** A path as a `file:` URI. */
export type PathUri = string;

/** What is allowed. */
export type Permissions = {
  /** What files may be touched. */
  file_system: FileSystemPolicy;
  /** Whether the network may be reached. */
  network: NetworkPolicy;
  type: "managed";
} | {
  type: "disabled";
} | {
  /** Whether the network may be reached. */
  network: NetworkPolicy;
  type: "external";
};

/** What relative rules are about. */
export type PolicyContext = {
  /** The folder relative rules are about. */
  cwd?: PathUri | null;
  /** The folders of the project. */
  workspaceRoots?: Array<PathUri>;
};

/** What to read. */
export type ReadParams = {
  /** Only what comes after this sequence number. */
  afterSeq?: number | null;
  /** Budget of raw bytes; at least one chunk is answered. */
  maxBytes?: number | null;
  /** Which process. */
  processId: string;
  /** How long to wait for something. */
  waitMs?: number | null;
};

/** What becomes of redirects. */
export type RedirectPolicy = "follow" | "stop";

/** Names a request until its answer. */
export type RequestId = string | number;

/** A new size. */
export type ResizeParams = {
  /** Which process. */
  processId: string;
  /** The size. */
  size: TerminalSize;
};

/** The error member of an answer. */
export type RpcError = {
  /** What kind of error; see `code`. */
  code: number;
  /** For programs. */
  data?: unknown;
  /** For people. */
  message: string;
};

/** What may be done with a file, and with everything below a directory. */
export type SandboxAccess = "read" | "write" | "deny";

/** The sandbox of one call. */
export type SandboxContext = {
  /** The folder relative rules are about; a command's own folder without it. */
  cwd?: PathUri | null;
  /** What is allowed. */
  permissions: Permissions;
  /** In place of `cwd` and `workspace_roots`, both of them, where it is given. */
  policyContext?: PolicyContext | null;
  /** Whether a caller wants less than the policy says; of no effect here. */
  sandboxOverride?: SandboxOverride | null;
  /** Of no effect here: `SpecialPath::Tmpdir` is about the environment. */
  temporaryDirectories?: Array<PathUri> | null;
  /** Of no effect here. */
  useLegacyLandlock?: boolean;
  /** Of no effect here. */
  userHomeDir?: PathUri | null;
  /** Of no effect here, but required on the wire. */
  windowsSandboxLevel: WindowsSandboxLevel;
  /** Of no effect here. */
  windowsSandboxProxySettingsMode?: WindowsSandboxProxySettingsMode | null;
  /** The folders of the project. */
  workspaceRoots?: Array<PathUri>;
};

/** One rule about files. */
export type SandboxEntry = {
  /** What may be done there. */
  access: SandboxAccess;
  /** What to do if nothing is there. */
  missing_path_behavior?: MissingPathBehavior | null;
  /** What it is about. */
  path: SandboxPath;
};

/** Whether a caller wants less than the policy says. */
export type SandboxOverride = "noOverride" | "escalatedSandboxWithRestrictions" | "bypassSandboxFirstAttempt";

/** What a rule is about. */
export type SandboxPath = {
  /** Where. */
  path: PathUri;
  type: "path";
} | {
  /**
   * Absolute, relative to the policy's folder, or after `PROJECT_ROOTS_GLOB`. `*` stays
   * within one name, `**` does not.
   */
  pattern: string;
  type: "glob_pattern";
} | {
  type: "special";
  /** Which. */
  value: SpecialPath;
};

/** A shell. */
export type ShellInfo = {
  /** `bash`, `zsh` or `sh`. */
  name: string;
  /** The program. */
  path: string;
};

/** A shell whose start-up files were captured before. */
export type ShellSnapshot = {
  /** 1 to 256 bytes. */
  scopeId: string;
  /** The shell. */
  shell: ShellInfo;
};

/** Signals by name. The reference knows only `interrupt`. */
export type SignalName = "interrupt" | "terminate" | "kill" | "hangup" | "quit" | "user1" | "user2";

/** Which signal for whom. */
export type SignalParams = {
  /** Which process. */
  processId: string;
  /** Which signal. */
  signal: SignalName;
};

/**
 * A place that is known by what it is for.
 *
 * A kind that is not known here does not decode: the refusal names it.
 */
export type SpecialPath = {
  kind: "root";
} | {
  kind: "minimal";
} | {
  kind: "current_working_directory";
} | {
  kind: "project_roots";
  /** Below each of them, by this relative path. */
  subpath?: string | null;
} | {
  kind: "tmpdir";
} | {
  kind: "slash_tmp";
} | {
  kind: "unknown";
  /** What the caller calls it. */
  path: string;
  /** Below it. */
  subpath?: string | null;
};

/** Rows and columns of a terminal. */
export type TerminalSize = {
  /** Characters a line. */
  cols: number;
  /** Lines. */
  rows: number;
};

/** Which process to end. */
export type TerminateParams = {
  /** Addition: SIGTERM first, SIGKILL after this many milliseconds. */
  graceMs?: number | null;
  /** Which process. */
  processId: string;
};

/** The text of a UUID, checked when it is read. */
export type UuidText = string;

/** Levels of another operating system's sandbox. */
export type WindowsSandboxLevel = "disabled" | "restricted-token" | "elevated" | "mxc";

/** What another operating system's sandbox does with its proxy settings. */
export type WindowsSandboxProxySettingsMode = "reconcile" | "preserve";

/** Where to look. */
export type WireCapabilityRootsDiscoverParams = {
  /** At most 128. */
  roots: Array<CapabilityRoot>;
};

/** How to start a process. */
export type WireExecParams = {
  /** The name the program sees itself called by. */
  arg0?: string | null;
  /** Program and arguments; not empty. */
  argv: Array<string>;
  /** Where it runs. */
  cwd: PathUri;
  /** The network only through a managed proxy. */
  enforceManagedNetwork?: boolean;
  /** Variables, added last. */
  env: Record<string, string>;
  /** How the environment is made; absent: `env` is all of it. */
  envPolicy?: EnvPolicy | null;
  /**
   * Addition: how much the process and its descendants may use; what cannot be enforced is
   * refused.
   */
  limits?: Limits | null;
  /** Details of the managed network. */
  managedNetwork?: ManagedNetwork | null;
  /** For the record: whose work this is. */
  metadata?: ExecMetadata | null;
  /** A proxy to be started beside the process. */
  networkProxy?: unknown;
  /** Keeps the standard input open for `process/write`. */
  pipeStdin?: boolean;
  /** Unique in the session; may be empty. */
  processId: string;
  /** What the process may do. */
  sandbox?: SandboxContext | null;
  /** Refused when it names an unknown shell; otherwise without effect. */
  shellSnapshot?: ShellSnapshot | null;
  /** Addition: the size of the terminal from the start; 24 × 80 without it. */
  size?: TerminalSize | null;
  /** Addition: milliseconds after which the tree is killed and the reason is `timedOut`. */
  timeoutMs?: number | null;
  /** A terminal instead of pipes. */
  tty: boolean;
};

/** Which path. */
export type WireFsCanonicalizeParams = {
  /** Where. */
  path: PathUri;
  /** The rules it is held to. */
  sandbox?: SandboxContext | null;
};

/** What to copy where. */
export type WireFsCopyParams = {
  /** To. */
  destinationPath: PathUri;
  /** With everything below. */
  recursive: boolean;
  /** The rules it is held to. */
  sandbox?: SandboxContext | null;
  /** From. */
  sourcePath: PathUri;
};

/** Which directory to make. */
export type WireFsCreateDirectoryParams = {
  /** `false` refuses a link anywhere in the path. */
  followSymlinks?: boolean;
  /** Where. */
  path: PathUri;
  /** Missing parents too; an existing directory is fine then. */
  recursive?: boolean | null;
  /** The rules it is held to. */
  sandbox?: SandboxContext | null;
};

/** Whose metadata. */
export type WireFsGetMetadataParams = {
  /** `false` refuses a link anywhere in the path. */
  followSymlinks?: boolean;
  /** Where. */
  path: PathUri;
  /** The rules it is held to. */
  sandbox?: SandboxContext | null;
};

/** What to open. */
export type WireFsOpenParams = {
  /** The client's name for the open file; at most 32 bytes. */
  handleId: string;
  /** What for. */
  mode?: FsOpenMode;
  /** Where. */
  path: PathUri;
  /** The rules it is held to. */
  sandbox?: SandboxContext | null;
};

/** Which directory. */
export type WireFsReadDirectoryParams = {
  /** Where. */
  path: PathUri;
  /** The rules it is held to. */
  sandbox?: SandboxContext | null;
};

/** Which file to read. */
export type WireFsReadFileParams = {
  /** `false` refuses a link anywhere in the path. */
  followSymlinks?: boolean;
  /** Where. */
  path: PathUri;
  /** The rules it is held to. */
  sandbox?: SandboxContext | null;
};

/** What to remove. */
export type WireFsRemoveParams = {
  /** `false` refuses a link anywhere in the path's folders. */
  followSymlinks?: boolean;
  /** A missing path is fine; absent means yes. */
  force?: boolean | null;
  /** Where; of a link, the link is removed. */
  path: PathUri;
  /** With everything below; absent means yes. */
  recursive?: boolean | null;
  /** The rules it is held to. */
  sandbox?: SandboxContext | null;
};

/** What to walk. */
export type WireFsWalkParams = {
  /** How far. */
  options: FsWalkOptions;
  /** Where. */
  path: PathUri;
  /** The rules it is held to. */
  sandbox?: SandboxContext | null;
};

/** What to write where. */
export type WireFsWriteFileParams = {
  /** Text, because a mistake in it is refused in other words than a mistake elsewhere. */
  dataBase64: string;
  /** `false` refuses a link anywhere in the path. */
  followSymlinks?: boolean;
  /** Where. */
  path: PathUri;
  /** The rules it is held to. */
  sandbox?: SandboxContext | null;
};

/** Bytes for the standard input. */
export type WriteParams = {
  /** The bytes; none is accepted and is not the end of the input. */
  chunk: Base64Bytes;
  /** Which process. */
  processId: string;
  /** Makes the write idempotent; absent in the older dialect. */
  writeId?: string | null;
};

/** Parameters by their methods. */
export interface Requests {
  "capabilities/discoverV2": DiscoverV2CapabilitiesRequest;
  "capabilityRoots/discoverV1": WireCapabilityRootsDiscoverParams;
  "environment/info": NoParams;
  "environment/status": NoParams;
  "environmentConfig/read": EnvironmentConfigReadParams;
  "fs/canonicalize": WireFsCanonicalizeParams;
  "fs/close": FsCloseParams;
  "fs/copy": WireFsCopyParams;
  "fs/createDirectory": WireFsCreateDirectoryParams;
  "fs/getMetadata": WireFsGetMetadataParams;
  "fs/open": WireFsOpenParams;
  "fs/readBlock": FsReadBlockParams;
  "fs/readDirectory": WireFsReadDirectoryParams;
  "fs/readFile": WireFsReadFileParams;
  "fs/remove": WireFsRemoveParams;
  "fs/walk": WireFsWalkParams;
  "fs/watchMissing": FsWatchMissingParams;
  "fs/writeBlock": FsWriteBlockParams;
  "fs/writeFile": WireFsWriteFileParams;
  "http/request": HttpRequestParams;
  "initialize": InitializeParams;
  "process/closeStdin": CloseStdinParams;
  "process/follow": FollowParams;
  "process/list": NoParams;
  "process/read": ReadParams;
  "process/resize": ResizeParams;
  "process/signal": SignalParams;
  "process/start": WireExecParams;
  "process/terminate": TerminateParams;
  "process/write": WriteParams;
}

/** Parameters by their names. */
export interface Notifications {
  "initialized": unknown;
}
