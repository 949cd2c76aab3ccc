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
    wire::Wire,
};
use tempfile::TempDir;

use crate::{
    app_server,
    client::{Setting, Way},
    held::{Approval, Held},
    nobody::User,
    server::{self, Server},
    told::Told,
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
    held: Held,
    approval: Approval,
    user: User,
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
            held: Held::Free,
            approval: Approval::Never,
            user: User::Own,
        };
        for folder in [scene.work(), scene.beside("")] {
            fs::create_dir_all(folder).expect("a folder of the story");
        }
        Some(scene)
    }

    /// The same; nothing also where no walls can be raised.
    pub(crate) fn behind_walls(way: Way) -> Option<Self> {
        if outpost_testkit::walls::missing() {
            return None;
        }
        Self::new(way)
    }

    /// The folder the commands run in.
    pub(crate) fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// A path in a folder beside the one the commands run in.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join("beside").join(name)
    }

    /// Holds the commands to `held`.
    pub(crate) fn held(mut self, held: Held) -> Self {
        self.held = held;
        self
    }

    /// Lets the client ask before it runs a command; the answer is yes.
    pub(crate) fn approved(mut self) -> Self {
        self.approval = Approval::Untrusted;
        self
    }

    /// Lets nobody run the client and the server; nothing when that cannot be.
    pub(crate) fn told_by_nobody(mut self) -> Option<Self> {
        self.user = User::Nobody;
        let programs = [self.codex, &server::program(self.codex)];
        self.user.can_start(programs).then_some(self)
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
            held: &self.held,
            approval: self.approval,
            user: self.user,
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
        Server::start(self.codex, folder, &self.marker, self.user, flags)
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
        Told {
            wire,
            outputs,
            largest_frame,
            folder: self.folder,
        }
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
