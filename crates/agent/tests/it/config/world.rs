//! A computer with folders of its own.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use outpost_agent::config::{Configuration, Edit, MergeStrategy, Places, Write};
use serde_json::Value;

/// The folders.
pub(crate) struct World {
    dir: tempfile::TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file. In it, `@` stands for this computer's own folder.
    pub(crate) fn put(&self, name: &str, text: &str) {
        self.write(name, self.text(text));
    }

    /// Writes a file as it is.
    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    /// `path` without this computer's own folder, so that it can be compared.
    pub(crate) fn relative(&self, path: &Path) -> String {
        let relative = path.strip_prefix(self.dir.path()).unwrap();
        relative.display().to_string()
    }

    /// `text` with this computer's own folder for `@`.
    pub(crate) fn text(&self, text: &str) -> String {
        text.replace('@', self.dir.path().to_str().unwrap())
    }

    pub(crate) fn repository(&self, name: &str) {
        self.put(&format!("{name}/.git/HEAD"), "ref: refs/heads/main\n");
    }

    pub(crate) fn open(&self, flags: &[&str]) -> Configuration {
        Configuration::open(places(self.dir.path()), flags).unwrap()
    }
}

/// The places below `folder`.
pub(crate) fn places(folder: &Path) -> Places {
    Places {
        home: folder.join("home"),
        system: folder.join("system"),
    }
}

/// A write of some values.
pub(crate) fn values(values: &[(&str, Value)]) -> Write {
    let edit = |(path, value): &(&str, Value)| Edit {
        key_path: (*path).to_owned(),
        value: value.clone(),
        strategy: MergeStrategy::Replace,
    };
    Write {
        edits: values.iter().map(edit).collect(),
        ..Write::default()
    }
}
