//! The real client of a story, as `codex exec`.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use outpost_testkit::{
    leaks::{Marker, VARIABLE},
    program::{Program, command},
};
use serde_json::{Value, json};

use crate::{
    held::{Approval, Held},
    nobody::User,
    server, tools,
};

/// How long one run of the client may take. The longest story prints 100 MB
/// through an outage of four seconds.
const RUN_PATIENCE: Duration = Duration::from_secs(120);

/// How the client finds its exec-server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// By `CODEX_EXEC_SERVER_URL`.
    Variable,
    /// By `environments.toml`, with a bearer token.
    File,
    /// By `environments.toml`, as a program on stdin and stdout.
    Program,
    /// By `environment/add` of the app-server.
    Added,
}

/// What a client needs to know of the scene it plays in.
#[derive(Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) codex: &'a Path,
    pub(crate) folder: &'a Path,
    pub(crate) marker: &'a Marker,
    pub(crate) model_url: String,
    pub(crate) server_url: String,
    pub(crate) token: &'a str,
    pub(crate) held: &'a Held,
    pub(crate) approval: Approval,
    pub(crate) user: User,
}

impl Setting<'_> {
    /// Writes the home of the client.
    pub(crate) fn prepare(&self, way: Way) {
        let home = self.folder.join("home");
        fs::create_dir_all(&home).expect("a home for the client");
        fs::create_dir_all(self.work()).expect("a folder to work in");
        let write = |name: &str, text: String| {
            fs::write(home.join(name), text).expect("the home can be written");
        };
        write("catalog.json", catalog().to_string());
        write("config.toml", self.config(&home.join("catalog.json")));
        match way {
            Way::Variable => {}
            Way::Added => write("environments.toml", "include_local = false\n".to_owned()),
            Way::File => {
                let (url, token) = (&self.server_url, self.token);
                let how = format!("url = {url:?}\nauth_bearer_token = {token:?}\n");
                write("environments.toml", environment(&how));
            }
            Way::Program => {
                let how = format!("program = \"/bin/sh\"\nargs = [\"-c\", {:?}]\n", self.tee());
                write("environments.toml", environment(&how));
            }
        }
        self.user.owns(self.folder);
    }

    /// The folder the commands of the story run in.
    pub(crate) fn work(&self) -> PathBuf {
        self.folder.join("work")
    }

    /// Starts `codex` with `arguments`.
    pub(crate) fn command(&self, way: Way, arguments: &[&str]) -> Command {
        let mut command = command(self.codex);
        command
            .args(arguments)
            .current_dir(self.work())
            .env("PATH", tools::search_path())
            .env("HOME", self.folder)
            .env("CODEX_HOME", self.folder.join("home"))
            .env(VARIABLE, self.marker.value());
        self.user.runs(&mut command);
        if way == Way::Variable {
            command.env("CODEX_EXEC_SERVER_URL", &self.server_url);
        }
        command
    }

    /// Runs one turn to its end, with what the client prints in `client.log`.
    pub(crate) fn run(&self, way: Way) {
        let log = File::create(self.folder.join("client.log")).expect("a log for the client");
        let errors = log.try_clone().expect("a file can be duplicated");
        let mut arguments = vec!["exec", "--skip-git-repo-check", "play the scene"];
        if let Some(sandbox) = self.held.name() {
            arguments.extend(["--sandbox", sandbox]);
        }
        let mut command = self.command(way, &arguments);
        let mut program = Program::start(command.stdout(log).stderr(errors));
        assert!(
            program.wait(RUN_PATIENCE).is_some(),
            "the client did not end"
        );
    }

    fn config(&self, catalog: &Path) -> String {
        format!(
            "model = \"mock\"\nmodel_provider = \"mock\"\nmodel_catalog_json = {catalog:?}\n\
             approval_policy = \"never\"\n{}check_for_update_on_startup = false\n\
             [analytics]\nenabled = false\n\
             [model_providers.mock]\nname = \"mock\"\nbase_url = \"{}\"\n\
             wire_api = \"responses\"\nrequest_max_retries = 0\nstream_max_retries = 0\n{}",
            self.held.lines(),
            self.model_url,
            self.held.tables(),
        )
    }

    /// A script that runs the server and keeps both directions.
    fn tee(&self) -> String {
        let folder = self.folder.display();
        let server = server::over_stdio(self.codex);
        format!(
            "cd '{folder}' && mkdir -p server && \
             export HOME='{folder}' CODEX_HOME='{folder}/server' OUTPOST_HOME='{folder}/server' && \
             tee client.jsonl | {server} 2>server.log | tee server.jsonl"
        )
    }
}

/// An `environments.toml` with one environment and no local one.
fn environment(how: &str) -> String {
    format!("default = \"box\"\ninclude_local = false\n[[environments]]\nid = \"box\"\n{how}")
}

/// A catalog with one model that has every tool the stories use.
fn catalog() -> Value {
    json!({ "models": [{
        "slug": "mock", "display_name": "mock", "description": "mock",
        "default_reasoning_level": "low",
        "supported_reasoning_levels": [{ "effort": "low", "description": "low" }],
        "shell_type": "unified_exec", "apply_patch_tool_type": "freeform",
        "input_modalities": ["text", "image"], "visibility": "list", "supported_in_api": true,
        "priority": 1, "base_instructions": "play", "default_reasoning_summary": "none",
        "support_verbosity": false, "supports_parallel_tool_calls": false,
        "supports_reasoning_summaries": false, "experimental_supported_tools": [],
        "truncation_policy": { "mode": "tokens", "limit": 10_000 },
        "context_window": 272_000, "effective_context_window_percent": 95
    }] })
}
