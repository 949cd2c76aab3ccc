//! The reference's own schema, written by the reference itself.

use std::{env, fs, path::Path, process::Stdio, sync::OnceLock, time::Duration};

use outpost_testkit::program::{Lines, Program, command};
use serde_json::Value;
use tempfile::TempDir;

/// How long the program may take for what takes it a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where its schemas are.
pub(super) struct Reference {
    folder: TempDir,
}

/// The schemas, written once; `None`, loudly, where there is no reference.
///
/// # Panics
/// When there is none although the suites with real programs are required.
pub(super) fn reference() -> Option<&'static Reference> {
    static WRITTEN: OnceLock<Option<Reference>> = OnceLock::new();
    WRITTEN.get_or_init(Reference::write).as_ref()
}

impl Reference {
    fn write() -> Option<Self> {
        let program = program()?;
        let folder = TempDir::new().unwrap();
        for (name, more) in [("stable", None), ("experimental", Some("--experimental"))] {
            let mut codex = command(&program);
            codex
                .envs(env::vars_os())
                .env("CODEX_HOME", folder.path())
                .args(["app-server", "generate-json-schema", "--out"])
                .arg(folder.path().join(name))
                .args(more)
                .stderr(Stdio::null());
            let status = Program::start(&mut codex).wait(PATIENCE);
            assert!(status.is_some_and(|status| status.success()), "{status:?}");
        }
        Some(Self { folder })
    }

    /// A type's schema with its own definitions; `None` where the surface has no such type.
    pub(super) fn of(&self, surface: &str, name: &str) -> Option<Value> {
        let folder = self.folder.path().join(surface);
        let file = format!("{name}.json");
        ["", "v1", "v2"]
            .iter()
            .map(|part| folder.join(part).join(&file))
            .find(|path| path.exists())
            .map(|path| read(&path))
    }

    /// The schema of every message of one kind: its name and that of its parameters.
    pub(super) fn messages(&self, surface: &str, kind: &str) -> Vec<(String, Value)> {
        let all = self.of(surface, kind).unwrap();
        let variants = all["oneOf"].as_array().unwrap().iter();
        variants
            .map(|variant| {
                let name = variant["properties"]["method"]["enum"][0].as_str().unwrap();
                let mut params = variant["properties"]["params"].clone();
                if let Some(params) = params.as_object_mut() {
                    params.insert("definitions".to_owned(), all["definitions"].clone());
                }
                (name.to_owned(), params)
            })
            .collect()
    }
}

/// What the reference answers to one request that is its first.
pub(super) fn answer(request: &str) -> Option<Value> {
    use std::io::Write as _;

    let home = TempDir::new().unwrap();
    let mut codex = command(program()?);
    codex
        .envs(env::vars_os())
        .env("CODEX_HOME", home.path())
        .arg("app-server")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut codex = Program::start(&mut codex);
    let mut stdin = codex.take_stdin().unwrap();
    writeln!(stdin, "{request}").unwrap();
    let line = Lines::of(codex.take_stdout().unwrap()).line(PATIENCE);
    drop(stdin);
    Some(serde_json::from_str(&line.unwrap()).unwrap())
}

fn program() -> Option<std::ffi::OsString> {
    let program = env::var_os("OUTPOST_CODEX_BIN");
    if program.is_none() {
        let required = env::var("OUTPOST_REQUIRE_COMPAT").as_deref() == Ok("1");
        assert!(!required, "OUTPOST_CODEX_BIN is not set");
        outpost_testkit::skipped("the schema of the reference: OUTPOST_CODEX_BIN is not set");
    }
    program
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}
