//! Files.

use serde::{Deserialize, Serialize};

use super::sandbox::SandboxContext;
use crate::{
    Base64Bytes, PathUri,
    method::{methods, notifications},
};

methods! {
    /// Reads a whole file.
    ReadFile = "fs/readFile": WireFsReadFileParams => FsReadFileResponse;
    /// Writes a whole file.
    WriteFile = "fs/writeFile": WireFsWriteFileParams => Done;
    /// Makes a directory.
    CreateDirectory = "fs/createDirectory": WireFsCreateDirectoryParams => Done;
    /// Kind, size and times.
    GetMetadata = "fs/getMetadata": WireFsGetMetadataParams => FsGetMetadataResponse;
    /// The path without links.
    Canonicalize = "fs/canonicalize": WireFsCanonicalizeParams => FsCanonicalizeResponse;
    /// The names in a directory.
    ReadDirectory = "fs/readDirectory": WireFsReadDirectoryParams => FsReadDirectoryResponse;
    /// The names below a directory.
    Walk = "fs/walk": WireFsWalkParams => FsWalkResponse;
    /// Removes a file, a link or a directory.
    Remove = "fs/remove": WireFsRemoveParams => Done;
    /// Copies a file, a link or a directory.
    Copy = "fs/copy": WireFsCopyParams => Done;
    /// Opens a file under a name of the client's choice.
    Open = "fs/open": WireFsOpenParams => FsOpenResponse;
    /// Reads a part of an open file.
    ReadBlock = "fs/readBlock": FsReadBlockParams => FsReadBlockResponse;
    /// Writes a part of an open file.
    WriteBlock = "fs/writeBlock": FsWriteBlockParams => Done;
    /// Closes an open file.
    Close = "fs/close": FsCloseParams => Done;
    /// Asks to be told, once, when one of some missing paths appears.
    WatchMissing = "fs/watchMissing": FsWatchMissingParams => FsWatchMissingResponse;
}

notifications! {
    /// One of the missing paths has appeared.
    MissingChanged = "fs/missingChanged": FsMissingChangedParams;
}

/// The answer of a call that only does something.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Done {}

fn yes() -> bool {
    true
}

/// Which file to read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WireFsReadFileParams {
    /// Where.
    pub path: PathUri,
    /// The rules it is held to.
    #[serde(default)]
    pub sandbox: Option<SandboxContext>,
    /// `false` refuses a link anywhere in the path.
    #[serde(default = "yes")]
    pub follow_symlinks: bool,
}

/// A file's bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FsReadFileResponse {
    /// All of them.
    pub data_base64: Base64Bytes,
}

/// What to write where.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WireFsWriteFileParams {
    /// Where.
    pub path: PathUri,
    /// Text, because a mistake in it is refused in other words than a mistake elsewhere.
    pub data_base64: String,
    /// The rules it is held to.
    #[serde(default)]
    pub sandbox: Option<SandboxContext>,
    /// `false` refuses a link anywhere in the path.
    #[serde(default = "yes")]
    pub follow_symlinks: bool,
}

/// Which directory to make.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WireFsCreateDirectoryParams {
    /// Where.
    pub path: PathUri,
    /// Missing parents too; an existing directory is fine then.
    #[serde(default)]
    pub recursive: Option<bool>,
    /// The rules it is held to.
    #[serde(default)]
    pub sandbox: Option<SandboxContext>,
    /// `false` refuses a link anywhere in the path.
    #[serde(default = "yes")]
    pub follow_symlinks: bool,
}

/// Whose metadata.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WireFsGetMetadataParams {
    /// Where.
    pub path: PathUri,
    /// The rules it is held to.
    #[serde(default)]
    pub sandbox: Option<SandboxContext>,
    /// `false` refuses a link anywhere in the path.
    #[serde(default = "yes")]
    pub follow_symlinks: bool,
}

/// Kind, size and times.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FsGetMetadataResponse {
    /// The target of the path is a directory.
    pub is_directory: bool,
    /// The target of the path is a regular file.
    pub is_file: bool,
    /// The path itself is a link.
    pub is_symlink: bool,
    /// Bytes; absent from older servers.
    #[serde(default)]
    pub size: u64,
    /// Milliseconds since 1970; 0 when unknown.
    pub created_at_ms: i64,
    /// Milliseconds since 1970; 0 when unknown.
    pub modified_at_ms: i64,
}

/// Which path.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WireFsCanonicalizeParams {
    /// Where.
    pub path: PathUri,
    /// The rules it is held to.
    #[serde(default)]
    pub sandbox: Option<SandboxContext>,
}

/// The path without links.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FsCanonicalizeResponse {
    /// Exists, and has no links, `.` or `..`.
    pub path: PathUri,
}

/// Which directory.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WireFsReadDirectoryParams {
    /// Where.
    pub path: PathUri,
    /// The rules it is held to.
    #[serde(default)]
    pub sandbox: Option<SandboxContext>,
}

/// The names in a directory.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FsReadDirectoryResponse {
    /// In no order; links whose target is missing are left out.
    pub entries: Vec<FsReadDirectoryEntry>,
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FsReadDirectoryEntry {
    /// Bytes that are not UTF-8 are replaced.
    pub file_name: String,
    /// Its target is a directory.
    pub is_directory: bool,
    /// Its target is a regular file.
    pub is_file: bool,
}

/// What to walk.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WireFsWalkParams {
    /// Where.
    pub path: PathUri,
    /// How far.
    pub options: FsWalkOptions,
    /// The rules it is held to.
    #[serde(default)]
    pub sandbox: Option<SandboxContext>,
}

/// How far to walk.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FsWalkOptions {
    /// 0 names only what the root holds; at most 64.
    pub max_depth: usize,
    /// Directories to read; 1 to 10,000.
    pub max_directories: usize,
    /// Entries to answer; 1 to 50,000.
    pub max_entries: usize,
    /// Links to directories are walked too.
    pub follow_directory_symlinks: bool,
    /// Directories whose name starts with a dot are not walked.
    #[serde(default)]
    pub prune_hidden_directories: bool,
}

/// What was found.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FsWalkResponse {
    /// Breadth first, sorted within a directory.
    pub entries: Vec<FsWalkEntry>,
    /// Directories that could not be read.
    pub errors: Vec<FsWalkError>,
    /// A limit was reached.
    pub truncated: bool,
}

/// One name below the root.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FsWalkEntry {
    /// Where.
    pub path: PathUri,
    /// What.
    pub kind: FsWalkKind,
}

/// What a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum FsWalkKind {
    /// A regular file, or a link to one.
    File,
    /// A directory, or a link to one.
    Directory,
}

/// A directory that could not be read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FsWalkError {
    /// Where.
    pub path: PathUri,
    /// Why.
    pub message: String,
}

/// What to remove.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WireFsRemoveParams {
    /// Where; of a link, the link is removed.
    pub path: PathUri,
    /// With everything below; absent means yes.
    #[serde(default)]
    pub recursive: Option<bool>,
    /// A missing path is fine; absent means yes.
    #[serde(default)]
    pub force: Option<bool>,
    /// The rules it is held to.
    #[serde(default)]
    pub sandbox: Option<SandboxContext>,
    /// `false` refuses a link anywhere in the path's folders.
    #[serde(default = "yes")]
    pub follow_symlinks: bool,
}

/// What to copy where.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WireFsCopyParams {
    /// From.
    pub source_path: PathUri,
    /// To.
    pub destination_path: PathUri,
    /// With everything below.
    pub recursive: bool,
    /// The rules it is held to.
    #[serde(default)]
    pub sandbox: Option<SandboxContext>,
}

/// What to open.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WireFsOpenParams {
    /// The client's name for the open file; at most 32 bytes.
    pub handle_id: String,
    /// Where.
    pub path: PathUri,
    /// What for.
    #[serde(default)]
    pub mode: FsOpenMode,
    /// The rules it is held to.
    #[serde(default)]
    pub sandbox: Option<SandboxContext>,
}

/// What a file is opened for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum FsOpenMode {
    /// Reading.
    #[default]
    Read,
    /// Writing; the file is made, or emptied, at once.
    Replace,
}

/// The file is open.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FsOpenResponse {
    /// As asked.
    pub handle_id: String,
}

/// Which part to read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FsReadBlockParams {
    /// Which open file.
    pub handle_id: String,
    /// From which byte.
    pub offset: u64,
    /// How many bytes; 1 to 1 MiB.
    pub len: usize,
}

/// A part of a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FsReadBlockResponse {
    /// The bytes.
    pub chunk: Base64Bytes,
    /// Fewer bytes than asked: the file ends here.
    pub eof: bool,
}

/// Which part to write.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FsWriteBlockParams {
    /// Which open file.
    pub handle_id: String,
    /// From which byte.
    pub offset: u64,
    /// The bytes; 1 to 1 MiB.
    pub chunk: Base64Bytes,
}

/// Which open file to close; one that is not open is fine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FsCloseParams {
    /// Which open file.
    pub handle_id: String,
}

/// What to watch.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FsWatchMissingParams {
    /// The client's name for the watch.
    pub watch_id: u64,
    /// Paths that do not exist.
    pub missing: Vec<PathUri>,
    /// A path that exists; its end is a change too.
    #[serde(default)]
    pub present: Option<PathUri>,
}

/// Whether there is a watch now.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FsWatchMissingResponse {
    /// `false`: look yourself.
    pub watching: bool,
}

/// Which watch saw something; it is over.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FsMissingChangedParams {
    /// The client's name for the watch.
    pub watch_id: u64,
}
