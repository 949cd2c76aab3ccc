//! What every source file keeps to.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

/// Lines a file may have. The aim is half of it; beyond this it is two ideas.
const MAX_LINES: usize = 500;

/// What unfinished work is called.
const UNFINISHED: [&str; 5] = ["TODO", "FIXME", "XXX", "todo!(", "unimplemented!("];

/// Everything that is wrong with the tree.
pub(crate) fn faults(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    for folder in ["crates", "xtask"] {
        for path in sources(&root.join(folder))? {
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let name = path
                .strip_prefix(root)
                .unwrap_or(&path)
                .display()
                .to_string();
            let own = name.ends_with("xtask/src/tidy.rs");
            faults.extend(
                of_file(&text, own)
                    .into_iter()
                    .map(|fault| format!("{name}: {fault}")),
            );
        }
    }
    Ok(faults)
}

fn sources(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn of_file(text: &str, names_the_words: bool) -> Vec<String> {
    let mut faults = Vec::new();
    let lines = text.lines().count();
    if lines > MAX_LINES {
        faults.push(format!(
            "{lines} lines, more than {MAX_LINES}: is it one idea?"
        ));
    }
    let is_tests = text.contains("#[test]") || text.contains("#[tokio::test");
    if !text.starts_with("//!") && !is_tests {
        faults.push("no module documentation on top".to_owned());
    }
    for (number, line) in (1..).zip(text.lines()) {
        if line.ends_with([' ', '\t']) {
            faults.push(format!("line {number} ends in white space"));
        }
        if !names_the_words && UNFINISHED.iter().any(|word| line.contains(word)) {
            faults.push(format!("line {number} is unfinished"));
        }
        if !names_the_words && line.trim_start().starts_with("#[ignore") {
            faults.push(format!("line {number} ignores a test"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_found_and_a_good_file_has_none() {
        assert!(of_file("//! Doc.\n\nfn f() {}\n", false).is_empty());
        assert_eq!(of_file("fn f() {}\n", false).len(), 1);
        assert_eq!(of_file("//! Doc. \n", false).len(), 1);
        assert_eq!(of_file("//! Doc.\n// TODO\n", false).len(), 1);
        assert_eq!(
            of_file(&format!("//! Doc.\n{}", "\n".repeat(MAX_LINES)), false).len(),
            1
        );
    }
}
