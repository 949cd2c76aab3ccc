//! Which crate may depend on which: the table of `ARCHITECTURE.md`, held against the manifests.

use std::{fs, path::Path};

use anyhow::Context as _;

/// A crate and what it may use of ours. Tests may use more.
const ARROWS: [(&str, &[&str]); 8] = [
    ("protocol", &[]),
    ("rpc", &["protocol"]),
    ("host", &[]),
    ("agent", &["protocol"]),
    ("client", &["protocol", "rpc"]),
    ("server", &["agent", "client", "host", "protocol", "rpc"]),
    ("cli", &["client", "host", "protocol", "rpc", "server"]),
    ("testkit", &[]),
];

/// Every arrow that is not in the table.
pub(crate) fn faults(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    for (name, allowed) in ARROWS {
        let path = root.join("crates").join(name).join("Cargo.toml");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        for used in dependencies(&text) {
            if !allowed.contains(&used) {
                faults.push(format!("crates/{name} may not depend on outpost-{used}"));
            }
        }
    }
    Ok(faults)
}

/// Our crates that a manifest names outside of its development dependencies.
fn dependencies(manifest: &str) -> Vec<&str> {
    let mut section = "";
    let mut found = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if section == "[dependencies]"
            && let Some(rest) = line.strip_prefix("outpost-")
        {
            found.extend(rest.split(['.', ' ', '=']).next());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn development_dependencies_do_not_count() {
        let manifest = "[dependencies]\noutpost-rpc.workspace = true\nserde = \"1\"\n\n\
                        [dev-dependencies]\noutpost-server.workspace = true\n";
        assert_eq!(dependencies(manifest), ["rpc"]);
    }
}
