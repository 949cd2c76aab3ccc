//! What is to be told about the configuration.

use std::path::PathBuf;

use super::{fault::Fault, files::Standing, layers::Source};

/// Something that does not do what its author may think.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// A file is broken, and something else is in force.
    Broken {
        /// What is wrong, and where.
        fault: Fault,
        /// What is in force.
        standing: Standing,
    },
    /// A layer has settings that nothing knows.
    Unknown {
        /// The layer.
        source: Source,
        /// The settings, as dotted keys in order.
        keys: Vec<String>,
    },
    /// The administrator's requirements have keys that nothing knows.
    UnknownRequirements {
        /// The file.
        file: PathBuf,
        /// The keys, dotted and in order.
        keys: Vec<String>,
    },
    /// A project says what only the user may say, and is not heard.
    NotForProjects {
        /// The project's file.
        file: PathBuf,
        /// The settings, as dotted keys.
        keys: Vec<String>,
    },
}

impl Warning {
    pub(super) fn note_unknown(source: &Source, keys: &[String], warnings: &mut Vec<Self>) {
        if !keys.is_empty() {
            warnings.push(Self::Unknown {
                source: source.clone(),
                keys: keys.to_vec(),
            });
        }
    }
}
