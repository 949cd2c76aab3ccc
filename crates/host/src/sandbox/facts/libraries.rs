//! What our own program is loaded with. It is the first one that runs inside of a sandbox, also of
//! one in which nothing else of the system is.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read},
    os::unix::{ffi::OsStrExt, fs::FileExt},
    path::{Path, PathBuf},
    sync::OnceLock,
};

use super::{Kind, Spot, resolve::resolve};
use crate::sandbox::plan::PlanError;

const PROGRAM: &str = "/proc/self/exe";
const MAPS: &str = "/proc/self/maps";

/// How long the name of a program's loader may be; the longest path.
const MAX_NAME: usize = 4096;

/// The libraries in our memory and the loader that our program names, by every name. None where it
/// is linked statically. Looked for once: another program would be another process.
pub(super) fn find() -> Result<Vec<Spot>, PlanError> {
    static FOUND: OnceLock<Vec<Spot>> = OnceLock::new();
    if let Some(found) = FOUND.get() {
        return Ok(found.clone());
    }
    let found = search()?;
    Ok(FOUND.get_or_init(|| found).clone())
}

fn search() -> Result<Vec<Spot>, PlanError> {
    let unreadable = |path: &str| {
        let path = path.into();
        move |source| PlanError::Unreadable { path, source }
    };
    let loader = File::open(PROGRAM)
        .and_then(|file| loader(&file))
        .map_err(unreadable(PROGRAM))?;
    let Some(loader) = loader else {
        return Ok(Vec::new());
    };
    let mut maps = Vec::new();
    File::open(MAPS)
        .and_then(|mut file| file.read_to_end(&mut maps))
        .map_err(unreadable(MAPS))?;
    let program = fs::read_link(PROGRAM).map_err(unreadable(PROGRAM))?;
    let mut paths = mapped(&maps);
    paths.remove(&program);
    paths.extend(other_names(&paths));
    paths.insert(loader);
    let spots: Result<Vec<Spot>, PlanError> = paths.iter().map(|path| resolve(path)).collect();
    let exists = |spot: &Spot| spot.kind == Kind::File;
    Ok(spots?.into_iter().filter(exists).collect())
}

/// The links beside `files` that lead to them: a program names a library without the last parts of
/// its version.
pub(super) fn other_names(files: &BTreeSet<PathBuf>) -> Vec<PathBuf> {
    let directories: BTreeSet<&Path> = files.iter().filter_map(|file| file.parent()).collect();
    let mut found = Vec::new();
    for directory in directories {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            let leads_to = is_link.then(|| fs::read_link(&path).ok()).flatten();
            if leads_to.is_some_and(|target| files.contains(&directory.join(target))) {
                found.push(path);
            }
        }
    }
    found
}

/// The files of the kernel's table of a process's memory that are code; a line is `range rights
/// offset device inode path`.
pub(super) fn mapped(table: &[u8]) -> BTreeSet<PathBuf> {
    let mut paths = BTreeSet::new();
    for line in table.split(|byte| *byte == b'\n') {
        let is_code = line.split(|byte| *byte == b' ').nth(1) == Some(b"r-xp");
        // Nothing before the path has a slash, and what is not a file has none.
        let start = line.iter().position(|byte| *byte == b'/');
        if let (true, Some(start)) = (is_code, start) {
            paths.insert(PathBuf::from(OsStr::from_bytes(&line[start..])));
        }
    }
    paths
}

/// The loader that a program for 64-bit machines of this byte order names, if it does.
pub(super) fn loader(file: &File) -> io::Result<Option<PathBuf>> {
    /// The kind of a segment that names the loader.
    const INTERPRETER: u32 = 3;
    let mut header = [0; 64];
    file.read_exact_at(&mut header, 0)?;
    let table = word(&header, 32);
    let size = u64::from(half(&header, 54));
    let count = u64::from(half(&header, 56));
    for index in 0..count {
        let mut segment = [0; 40];
        file.read_exact_at(&mut segment, table.saturating_add(index * size))?;
        if u32::from_ne_bytes([segment[0], segment[1], segment[2], segment[3]]) != INTERPRETER {
            continue;
        }
        let length = usize::try_from(word(&segment, 32)).unwrap_or(usize::MAX);
        let mut name = vec![0; length.min(MAX_NAME)];
        file.read_exact_at(&mut name, word(&segment, 8))?;
        name.retain(|byte| *byte != 0);
        return Ok(Some(Path::new(OsStr::from_bytes(&name)).to_owned()));
    }
    Ok(None)
}

fn word(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_ne_bytes(word)
}

fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_ne_bytes([bytes[at], bytes[at + 1]])
}
