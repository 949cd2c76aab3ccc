//! `docs/coverage.md` is what the table says.

use std::{env, fs, path::Path};

use outpost_protocol::app::table::coverage;

#[test]
fn the_coverage_document_is_made_from_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/coverage.md");
    if env::var_os("OUTPOST_WRITE_COVERAGE").is_some() {
        fs::write(&path, coverage()).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == coverage(),
        "docs/coverage.md is not what the table says; write it with \
         `OUTPOST_WRITE_COVERAGE=1 cargo test -p outpost-protocol --test it coverage`"
    );
}
