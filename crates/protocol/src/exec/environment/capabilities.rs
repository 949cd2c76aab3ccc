//! What a server can do beyond the older dialect. Absent means no.

use serde::{Deserialize, Serialize};

/// Clients use newer members and methods only where the server announces them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Capabilities {
    /// `networkProxy` in a start.
    pub network_proxy_launch: bool,
    /// The proxy can ask about domains.
    pub network_proxy_review_domains: bool,
    /// The proxy can hide credentials.
    pub credential_masking: bool,
    /// The proxy can hide credentials of further providers.
    pub credential_masking_custom_providers: bool,
    /// `sandbox` in capability discovery.
    pub capability_discovery_sandbox: bool,
    /// `fs/watchMissing`.
    pub fs_watch_missing: bool,
    /// `capabilities/discoverV2`.
    pub capability_discovery_v2: bool,
    /// `environmentConfig/read`.
    pub environment_config_read: bool,
    /// `valueEnvVar` in a request's headers.
    pub http_header_env_vars: bool,
    /// `sandbox` in `fs/open`.
    pub sandboxed_file_streaming: bool,
    /// `fs/writeBlock`.
    pub file_write_streaming: bool,
    /// `shellSnapshot` in a start.
    pub shell_snapshot_v2: bool,
    /// A container of another operating system.
    pub windows_mxc: bool,
    /// A detail of the Linux sandbox.
    pub linux_root_write_preserves_devices: bool,
    /// A detail of the Linux sandbox.
    pub linux_approved_root_write_preserves_restrictions: bool,
    /// Addition: `process/resize`, and `size` in a start.
    pub process_resize: bool,
    /// Addition: `process/closeStdin`.
    pub process_close_stdin: bool,
    /// Addition: `process/follow`.
    pub process_follow: bool,
    /// Addition: `process/list`.
    pub process_list: bool,
    /// Addition: all the names in `process/signal`.
    pub process_signals: bool,
    /// Addition: `timeoutMs` in a start.
    pub process_timeout: bool,
    /// Addition: `graceMs` in `process/terminate`.
    pub terminate_grace: bool,
    /// Addition: `reason` and `signal` at an exit.
    pub exit_reason: bool,
    /// Addition: `lostBytes` and `firstAvailableSeq` in a read.
    pub lost_bytes: bool,
    /// Addition: `limits` in a start, and `limitExceeded` at an exit.
    pub process_limits: bool,
}
