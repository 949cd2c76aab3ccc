//! What every story is told through: a server, a proxy, a model and the client.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use outpost_testkit::{
    leaks::Marker,
    mock::{Model, Step},
    proxy::{Proxy, Side, What},
    wire::{Run, Wire},
};
use tempfile::TempDir;

use crate::{
    app_server,
    client::{Setting, Way},
    server::Server,
    tools,
};

/// How long an event of a story may take to pass.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How much of a log is shown, in bytes.
const LOG_SHOWN: usize = 4096;

/// A scene before it is played.
pub(crate) struct Scene {
    codex: &'static Path,
    way: Way,
    folder: TempDir,
    marker: Marker,
    steps: Vec<Step>,
    token: String,
}

/// A scene after it was played.
pub(crate) struct Told {
    pub(crate) wire: Wire,
    /// What the tools answered to the model.
    pub(crate) outputs: Vec<String>,
    /// The largest frame that passed, in bytes; 0 where there were no frames.
    pub(crate) largest_frame: usize,
    work: PathBuf,
    _folder: TempDir,
}

/// The parts of a scene that a story can act on while it is played.
pub(crate) struct Stage<'a> {
    pub(crate) proxy: &'a Proxy,
}

// === impl Scene ===

impl Scene {
    /// A scene in which the client finds the server by `way`; nothing when the
    /// story must be skipped.
    pub(crate) fn new(way: Way) -> Option<Self> {
        let codex = tools::codex()?;
        let runs = tools::folder().join("runs");
        fs::create_dir_all(&runs).expect("a folder for the runs");
        let folder = TempDir::new_in(runs).expect("a folder for the run");
        let (marker, steps) = (Marker::new(), Vec::new());
        let token = format!("token-{}", marker.value());
        let scene = Self {
            codex,
            way,
            folder,
            marker,
            steps,
            token,
        };
        fs::create_dir_all(scene.work()).expect("a folder to work in");
        Some(scene)
    }

    /// The folder the commands run in.
    pub(crate) fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Adds what the model says next.
    pub(crate) fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Plays the scene to its end.
    pub(crate) fn play(self) -> Told {
        self.play_with(|_| {})
    }

    /// Plays the scene while `act` acts on it.
    pub(crate) fn play_with(self, act: impl FnOnce(&Stage<'_>) + Send) -> Told {
        let model = Model::start(self.steps.clone());
        let server = (self.way != Way::Program).then(|| self.start_server());
        let proxy = server.as_ref().map(|server| Proxy::start(server.address()));
        let setting = Setting {
            codex: self.codex,
            folder: self.folder.path(),
            marker: &self.marker,
            model_url: model.url(),
            server_url: proxy
                .as_ref()
                .map_or_else(String::new, |proxy| format!("ws://{}", proxy.address())),
            token: &self.token,
        };
        setting.prepare(self.way);
        thread::scope(|scope| {
            if let Some(proxy) = &proxy {
                scope.spawn(|| act(&Stage { proxy }));
            }
            match self.way {
                Way::Added => app_server::run(&setting),
                way => setting.run(way),
            }
        });
        self.told(server, proxy.as_ref(), &model)
    }

    fn start_server(&self) -> Server {
        let folder = self.folder.path();
        let token = folder.join("token");
        fs::write(&token, &self.token).expect("the token can be written");
        let file = token.to_str().expect("the path of the workspace is UTF-8");
        let auth = ["--ws-auth", "capability-token", "--ws-token-file", file];
        // The variable carries no token.
        let flags = if self.way == Way::Variable {
            &[][..]
        } else {
            &auth
        };
        Server::start(self.codex, folder, &self.marker, flags)
    }

    fn told(self, server: Option<Server>, proxy: Option<&Proxy>, model: &Model) -> Told {
        if let Some(server) = server {
            server.stop();
        }
        self.marker.assert_gone(PATIENCE);
        let read = |name: &str| fs::read_to_string(self.folder.path().join(name));
        let (wire, largest_frame) = if let Some(proxy) = &proxy {
            (
                Wire::of(proxy.recording()),
                proxy.recording().largest_frame(),
            )
        } else {
            let lines = |name| read(name).expect("both directions were kept");
            (
                Wire::of_lines(&lines("client.jsonl"), &lines("server.jsonl")),
                0,
            )
        };
        for name in ["client.log", "server.log"] {
            let log = read(name).unwrap_or_default();
            let shown = log.ceil_char_boundary(log.len().saturating_sub(LOG_SHOWN));
            println!("--- the end of {name}\n{}", &log[shown..]);
        }
        let outputs = model.outputs();
        println!("--- outputs\n{outputs:#?}");
        let work = self.work();
        Told {
            wire,
            outputs,
            largest_frame,
            work,
            _folder: self.folder,
        }
    }
}

// === impl Told ===

impl Told {
    /// The one process of the story, which must be whole.
    pub(crate) fn run(&self) -> Run {
        let mut runs = self.wire.runs();
        assert_eq!(runs.len(), 1, "one process was started");
        let run = runs.remove(0);
        run.assert_whole();
        run
    }

    /// A file in the folder the commands ran in.
    pub(crate) fn file(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.work.join(name)).ok()
    }
}

// === impl Stage ===

impl Stage<'_> {
    /// Waits until the server has sent `bytes` bytes of messages about output,
    /// as they are on the wire.
    pub(crate) fn wait_for_output(&self, bytes: usize) {
        let mut sent = 0;
        self.proxy.recording().wait_for(PATIENCE, |entry| {
            if let (Side::Server, What::Text(text)) = (entry.from, &entry.what)
                && text.contains("\"process/output\"")
            {
                sent += text.len();
            }
            sent >= bytes
        });
    }
}
