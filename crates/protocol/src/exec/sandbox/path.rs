//! What a rule is about.

use serde::{Deserialize, Deserializer, Serialize};

use crate::PathUri;

/// What a pattern begins with that is meant below every folder of the project.
pub const PROJECT_ROOTS_GLOB: &str = "codex-project-roots://";

/// What a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "type",
    rename_all = "snake_case",
    deny_unknown_fields,
    expecting = "internally tagged enum ExecFileSystemPath"
)]
pub enum SandboxPath {
    /// One file, or a directory and everything below it.
    Path {
        /// Where.
        path: PathUri,
    },
    /// What is there under names of a form.
    GlobPattern {
        /// Absolute, relative to the policy's folder, or after [`PROJECT_ROOTS_GLOB`]. `*` stays
        /// within one name, `**` does not.
        pattern: String,
    },
    /// A place that is known by what it is for.
    Special {
        /// Which.
        value: SpecialPath,
    },
}

/// A place that is known by what it is for.
///
/// A kind that is not known here does not decode: the refusal names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", try_from = "WireSpecialPath")]
#[cfg_attr(feature = "schema", schemars(!try_from, deny_unknown_fields))]
pub enum SpecialPath {
    /// The whole file system.
    Root,
    /// What programs need to run at all.
    Minimal,
    /// The policy's folder. The reference grants nothing for it.
    CurrentWorkingDirectory,
    /// The folders of the project.
    ProjectRoots {
        /// Below each of them, by this relative path.
        #[serde(skip_serializing_if = "Option::is_none")]
        subpath: Option<String>,
    },
    /// What `TMPDIR` names.
    Tmpdir,
    /// `/tmp`.
    SlashTmp,
    /// A place that the caller could not name in this dialect.
    Unknown {
        /// What the caller calls it.
        path: String,
        /// Below it.
        #[serde(skip_serializing_if = "Option::is_none")]
        subpath: Option<String>,
    },
}

/// The same before it is known which members belong to the kind.
#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "internally tagged enum FileSystemSpecialPath"
)]
struct WireSpecialPath {
    kind: Kind,
    // A `null` is refused here, as it is no string.
    #[serde(default, deserialize_with = "present")]
    path: Option<String>,
    #[serde(default)]
    subpath: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    // In the order in which the reference lists them when it refuses another.
    Root,
    Minimal,
    CurrentWorkingDirectory,
    ProjectRoots,
    Tmpdir,
    SlashTmp,
    Unknown,
}

fn present<'de, D: Deserializer<'de>>(decoder: D) -> Result<Option<String>, D::Error> {
    String::deserialize(decoder).map(Some)
}

// === impl SpecialPath ===

impl TryFrom<WireSpecialPath> for SpecialPath {
    type Error = &'static str;

    fn try_from(wire: WireSpecialPath) -> Result<Self, Self::Error> {
        let WireSpecialPath {
            kind,
            path,
            subpath,
        } = wire;
        if path.is_some() && !matches!(kind, Kind::Unknown) {
            return Err("`path` is for a special path of kind `unknown` only");
        }
        if subpath.is_some() && !matches!(kind, Kind::ProjectRoots | Kind::Unknown) {
            return Err(
                "`subpath` is for special paths of kind `project_roots` and `unknown` only",
            );
        }
        Ok(match kind {
            Kind::Root => Self::Root,
            Kind::Minimal => Self::Minimal,
            Kind::CurrentWorkingDirectory => Self::CurrentWorkingDirectory,
            Kind::ProjectRoots => Self::ProjectRoots { subpath },
            Kind::Tmpdir => Self::Tmpdir,
            Kind::SlashTmp => Self::SlashTmp,
            Kind::Unknown => Self::Unknown {
                path: path.ok_or("missing field `path`")?,
                subpath,
            },
        })
    }
}
