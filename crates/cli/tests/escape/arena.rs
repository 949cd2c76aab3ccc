//! Where one attack takes place: a workspace, and beside it all that it is after.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use outpost_testkit::program::Program;
use serde_json::{Value, json};

use crate::{
    client::{Client, chunk},
    hostile::{Attack, METADATA, Segment},
    outside::{Listeners, Snapshot},
    policy::uri,
    server::Base,
};

/// What a secret file says.
const SECRET: &str = "the secret";

/// The folders and processes of one attack.
#[derive(Debug)]
pub(crate) struct Arena {
    folder: PathBuf,
    name: String,
    listeners: Listeners,
    victim: Program,
    segment: Segment,
}

/// What an attack said.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i64,
    pub(crate) said: String,
}

// === impl Arena ===

impl Arena {
    pub(crate) fn new(base: &Base) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("outpost-hostile-{}-{number}", std::process::id());
        let folder = base.path("arenas").join(&name);
        let folders = [
            "",
            "work",
            "work/vault",
            "outside",
            "outside/folder",
            "outside/empty",
            "secret",
        ];
        for path in folders.map(|path| folder.join(path)) {
            fs::create_dir(&path).expect("a new folder");
            let open = fs::Permissions::from_mode(0o777);
            fs::set_permissions(&path, open).expect("our own");
            base.user.give(&path);
        }
        let files = [
            ("outside/file", "outside"),
            ("outside/second", "second"),
            ("outside/folder/inside", "inside"),
            ("secret/key", SECRET),
            ("work/vault/key", SECRET),
            ("work/own", "own"),
        ];
        for (path, text) in files {
            let path = folder.join(path);
            fs::write(&path, text).expect("a new file");
            let open = fs::Permissions::from_mode(0o666);
            fs::set_permissions(&path, open).expect("our own");
            base.user.give(&path);
        }
        // It is the test's own, and bears no mark of what servers start.
        let victim = Program::start(base.user.command("/usr/bin/sleep").arg("600"));
        Self {
            listeners: Listeners::new(&folder.join("outside"), &name),
            segment: Segment::new(),
            folder,
            name,
            victim,
        }
    }

    /// With repositories in the workspace.
    pub(crate) fn with_repositories(self, base: &Base) -> Self {
        for root in ["work", "work/nested"].map(|root| self.path(root)) {
            fs::create_dir_all(root.join(".git/hooks")).expect("new folders");
            fs::write(root.join(".git/config"), "[core]\n").expect("a new file");
            for path in ["", ".git", ".git/hooks", ".git/config"] {
                base.user.give(&root.join(path));
            }
        }
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.path("work")
    }

    pub(crate) fn listeners(&self) -> &Listeners {
        &self.listeners
    }

    /// The words of the hostile program for an attack.
    fn words(&self, base: &Base, attack: &Attack, server: i32, seconds: u64) -> Vec<String> {
        let path = |name| self.path(name).display().to_string();
        let mut words = vec![
            base.path("tools/hostile").display().to_string(),
            "hostile".to_owned(),
            attack.name.to_owned(),
        ];
        words.extend([
            format!("work={}", path("work")),
            format!("outside={}", path("outside")),
            format!("secret={}", path("secret")),
            format!("tools={}", base.path("tools").display()),
            format!("victim={}", self.victim.pid().as_raw_nonzero()),
            format!("server={server}"),
            format!("tcp={}", self.listeners.tcp()),
            format!("udp={}", self.listeners.udp()),
            format!("name={}", self.name),
            format!("key={}", self.segment.key()),
            format!("seconds={seconds}"),
        ]);
        words
    }

    /// Has the server behind `client` run an attack here; `more` are further words for it.
    pub(crate) fn run(
        &self,
        base: &Base,
        (client, server): (&mut Client, i32),
        (attack, seconds): (&Attack, u64),
        (sandbox, more): (&Value, &[&str]),
    ) -> Outcome {
        let mut argv = self.words(base, attack, server, seconds);
        argv.extend(more.iter().map(|&word| word.to_owned()));
        let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
        let marker = base.marker().value();
        let params = json!({
            "cwd": uri(&self.work()), "tty": attack.terminal, "sandbox": sandbox,
            "env": {
                "PATH": "/usr/local/bin:/usr/bin:/bin", "TMPDIR": base.path("tmp"),
                outpost_testkit::leaks::VARIABLE: marker,
            },
        });
        let asked = client.ask_start(&self.name, &argv, &params);
        match client.answer(asked) {
            Ok(_) => Outcome::of(client, &self.name),
            Err((code, words)) => Outcome {
                code,
                said: format!("not started: {words}"),
            },
        }
    }

    /// The state of everything that an attack must leave as it is.
    pub(crate) fn snapshot(&self, also: &[&str]) -> Snapshot {
        let mut folders = vec![self.path("outside"), self.path("secret")];
        folders.extend(also.iter().map(|name| self.path(name)));
        Snapshot::of(&folders)
    }

    /// What is wrong outside that no snapshot shows.
    pub(crate) fn damage(&mut self) -> Vec<String> {
        let mut damage = Vec::new();
        if let Some(status) = self.victim.wait(Duration::ZERO) {
            damage.push(format!("the victim ended: {status}"));
        }
        for folder in ["/dev/shm", "/etc", "/usr", "/"] {
            let path = PathBuf::from(folder).join(&self.name);
            if fs::symlink_metadata(&path).is_ok() {
                damage.push(format!("{} is there", path.display()));
                fs::remove_file(&path).expect("a file that an attack made");
            }
        }
        for name in METADATA {
            let path = self.work().join(name);
            if fs::symlink_metadata(&path).is_ok() {
                damage.push(format!("{} is there", path.display()));
            }
        }
        damage
    }
}

// === impl Outcome ===

impl Outcome {
    /// All that a process says until its close.
    fn of(client: &mut Client, id: &str) -> Self {
        let (mut said, mut code) = (Vec::new(), -1);
        loop {
            let message = client.until(|message| message["params"]["processId"] == id);
            let params = &message["params"];
            match message["method"].as_str() {
                Some("process/output") => said.extend(chunk(params)),
                Some("process/exited") => code = params["exitCode"].as_i64().unwrap_or(-1),
                Some("process/closed") => break,
                other => panic!("not expected here: {other:?}"),
            }
        }
        let said = String::from_utf8_lossy(&said).replace('\r', "");
        Self { code, said }
    }

    /// The last line.
    pub(crate) fn verdict(&self) -> &str {
        self.said.lines().last().unwrap_or_default()
    }

    /// Whether the attack says that every way was blocked.
    pub(crate) fn is_blocked(&self) -> bool {
        self.code == 0 && self.verdict().starts_with("blocked ")
    }

    /// Whether the attack says that a way was open.
    pub(crate) fn has_escaped(&self) -> bool {
        self.code == 1 && self.verdict().starts_with("ESCAPED ")
    }
}
