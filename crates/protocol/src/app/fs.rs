//! Files of the machine, by absolute path and without a sandbox, and watching them.

use serde::{Deserialize, Serialize};

use super::{AbsolutePath, Done};
use crate::{
    Base64Bytes,
    method::{methods, notifications},
};

methods! {
    /// Reads a whole file.
    ReadFile = "fs/readFile": FsReadFileParams => FsReadFileResponse;
    /// Writes a whole file; its folder has to exist.
    WriteFile = "fs/writeFile": FsWriteFileParams => Done;
    /// Makes a directory.
    CreateDirectory = "fs/createDirectory": FsCreateDirectoryParams => Done;
    /// Kind and times.
    GetMetadata = "fs/getMetadata": FsGetMetadataParams => FsGetMetadataResponse;
    /// The names in a directory.
    ReadDirectory = "fs/readDirectory": FsReadDirectoryParams => FsReadDirectoryResponse;
    /// Removes a file, a link or a directory.
    Remove = "fs/remove": FsRemoveParams => Done;
    /// Copies a file, a link or a directory.
    Copy = "fs/copy": FsCopyParams => Done;
    /// Asks to be told of changes at a path, which need not exist.
    Watch = "fs/watch": FsWatchParams => FsWatchResponse;
    /// Ends a watch; nothing is told of it after the answer.
    Unwatch = "fs/unwatch": FsUnwatchParams => Done;
}

notifications! {
    /// Something has changed below a watch.
    Changed = "fs/changed": FsChangedNotification;
}

/// Which file to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FsReadFileParams {
    /// Where; links are followed.
    pub path: AbsolutePath,
    /// Whose files, an addition; absent: those of `local`, or of the default environment where this
    /// machine may not be used.
    #[serde(
        default,
        rename = "environmentId",
        skip_serializing_if = "Option::is_none"
    )]
    pub environment_id: Option<String>,
}

/// A file's bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FsReadFileResponse {
    /// All of them.
    pub data_base64: Base64Bytes,
}

/// What to write where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FsWriteFileParams {
    /// Where.
    pub path: AbsolutePath,
    /// Text, because a mistake in it is refused in other words than a mistake elsewhere.
    pub data_base64: String,
    /// Whose files, an addition; absent: those of `local`, or of the default environment where this
    /// machine may not be used.
    #[serde(
        default,
        rename = "environmentId",
        skip_serializing_if = "Option::is_none"
    )]
    pub environment_id: Option<String>,
}

/// Which directory to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FsCreateDirectoryParams {
    /// Where.
    pub path: AbsolutePath,
    /// Missing parents too, and an existing directory is fine; absent: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recursive: Option<bool>,
    /// Whose files, an addition; absent: those of `local`, or of the default environment where this
    /// machine may not be used.
    #[serde(
        default,
        rename = "environmentId",
        skip_serializing_if = "Option::is_none"
    )]
    pub environment_id: Option<String>,
}

/// Whose metadata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FsGetMetadataParams {
    /// Where.
    pub path: AbsolutePath,
    /// Whose files, an addition; absent: those of `local`, or of the default environment where this
    /// machine may not be used.
    #[serde(
        default,
        rename = "environmentId",
        skip_serializing_if = "Option::is_none"
    )]
    pub environment_id: Option<String>,
}

/// Kind and times.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FsGetMetadataResponse {
    /// The target of the path is a directory.
    pub is_directory: bool,
    /// The target of the path is a regular file.
    pub is_file: bool,
    /// The path itself is a link.
    pub is_symlink: bool,
    /// Milliseconds since 1970; 0 when unknown.
    pub created_at_ms: i64,
    /// Milliseconds since 1970; 0 when unknown.
    pub modified_at_ms: i64,
}

/// Which directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FsReadDirectoryParams {
    /// Where.
    pub path: AbsolutePath,
    /// Whose files, an addition; absent: those of `local`, or of the default environment where this
    /// machine may not be used.
    #[serde(
        default,
        rename = "environmentId",
        skip_serializing_if = "Option::is_none"
    )]
    pub environment_id: Option<String>,
}

/// The names in a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// What to remove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FsRemoveParams {
    /// Where; a link itself is removed, not its target.
    pub path: AbsolutePath,
    /// A directory with what it holds; absent: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recursive: Option<bool>,
    /// Nothing there is fine too; absent: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
    /// Whose files, an addition; absent: those of `local`, or of the default environment where this
    /// machine may not be used.
    #[serde(
        default,
        rename = "environmentId",
        skip_serializing_if = "Option::is_none"
    )]
    pub environment_id: Option<String>,
}

/// What to copy where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FsCopyParams {
    /// From where.
    pub source_path: AbsolutePath,
    /// To where.
    pub destination_path: AbsolutePath,
    /// Needed for a directory.
    #[serde(default)]
    pub recursive: bool,
    /// Whose files, an addition; absent: those of `local`, or of the default environment where this
    /// machine may not be used.
    #[serde(
        default,
        rename = "environmentId",
        skip_serializing_if = "Option::is_none"
    )]
    pub environment_id: Option<String>,
}

/// What to watch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FsWatchParams {
    /// The client's name for it, unique on the connection; may be empty.
    pub watch_id: String,
    /// A file, or a directory whose direct children are watched.
    pub path: AbsolutePath,
    /// Whose files, an addition; absent: those of `local`, or of the default environment where this
    /// machine may not be used.
    #[serde(
        default,
        rename = "environmentId",
        skip_serializing_if = "Option::is_none"
    )]
    pub environment_id: Option<String>,
}

/// What is watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FsWatchResponse {
    /// Without `.` and `..`.
    pub path: AbsolutePath,
}

/// Which watch to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FsUnwatchParams {
    /// One that is unknown is no mistake.
    pub watch_id: String,
}

/// What has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FsChangedNotification {
    /// Whose watch.
    pub watch_id: String,
    /// Sorted, each once.
    pub changed_paths: Vec<AbsolutePath>,
}
