//! `outpost schema`: the schemas of both protocols, as files.
//!
//! They are the files of `schema/`, which are made from the types and held to them by a test; so
//! the program carries texts and nothing that makes them.

use std::{fs, path::Path};

use anyhow::Context;

use crate::{args::Schema, exit};

/// A file's name and what is in it.
macro_rules! file {
    ($name:literal) => {
        ($name, include_str!(concat!("../../../../schema/", $name)))
    };
}

const JSON_SCHEMA: [(&str, &str); 4] = [
    file!("app.client.json"),
    file!("app.server.json"),
    file!("exec.client.json"),
    file!("exec.server.json"),
];

const TYPESCRIPT: [(&str, &str); 4] = [
    file!("app.client.ts"),
    file!("app.server.ts"),
    file!("exec.client.ts"),
    file!("exec.server.ts"),
];

/// Writes the files.
pub(crate) fn write(arguments: &Schema) -> anyhow::Result<u8> {
    let folder = &arguments.out;
    let made = fs::create_dir_all(folder);
    made.with_context(|| format!("cannot make the folder {}", folder.display()))?;
    write_all(folder, &JSON_SCHEMA)?;
    if arguments.typescript {
        write_all(folder, &TYPESCRIPT)?;
    }
    Ok(exit::DONE)
}

fn write_all(folder: &Path, files: &[(&str, &str)]) -> anyhow::Result<()> {
    for (name, text) in files {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
