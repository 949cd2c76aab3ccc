//! A server, a client of it and a workspace: what most tests of rows begin with.

use serde_json::{Value, json};

use crate::{
    arena::Arena,
    client::{Client, Refused, chunk},
    hostile::ATTACKS,
    outside::Snapshot,
    policy::{Policy, uri},
    server::{Base, Server, User},
};

/// A server, a client of it and a workspace.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) base: Base,
    pub(crate) server: Server,
    pub(crate) client: Client,
    pub(crate) arena: Arena,
    started: u32,
}

/// How a command ended, and what it said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i64,
    pub(crate) denied: bool,
}

// === impl Room ===

impl Room {
    /// One for each user.
    pub(crate) fn all() -> Vec<Self> {
        let rooms = User::all().into_iter().map(|user| {
            let base = Base::new(user);
            let server = base.server();
            Self::with(base, server)
        });
        rooms.collect()
    }

    pub(crate) fn with(base: Base, server: Server) -> Self {
        let client = Client::new(&server);
        let arena = Arena::new(&base);
        Self {
            base,
            server,
            client,
            arena,
            started: 0,
        }
    }

    /// The object of a policy for this workspace, with nothing denied.
    pub(crate) fn sandbox(&self, policy: Policy) -> Value {
        policy.sandbox(&self.base, &self.arena, false)
    }

    /// Asks for a command under `sandbox` in the workspace; its id.
    pub(crate) fn start(
        &mut self,
        sandbox: &Value,
        argv: &[&str],
        more: &Value,
    ) -> Result<String, Refused> {
        self.started += 1;
        let id = format!("{}", self.started);
        let mut params = json!({
            "cwd": uri(&self.arena.work()), "sandbox": sandbox,
            "env": {
                "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": self.arena.work(),
                "TMPDIR": self.base.path("tmp"),
                outpost_testkit::leaks::VARIABLE: self.base.marker().value(),
            },
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            params[name] = value.clone();
        }
        let asked = self.client.ask_start(&id, argv, &params);
        self.client.answer(asked).map(|_| id)
    }

    /// All that a command says until its close.
    pub(crate) fn ended(&mut self, id: &str) -> Ended {
        let mut ended = Ended::default();
        loop {
            let message = self
                .client
                .until(|message| message["params"]["processId"] == id);
            let params = &message["params"];
            match message["method"].as_str() {
                Some("process/output") => {
                    let bytes = chunk(params);
                    let text = String::from_utf8_lossy(&bytes);
                    let to = if params["stream"] == "stderr" {
                        &mut ended.stderr
                    } else {
                        &mut ended.stdout
                    };
                    to.push_str(&text);
                }
                Some("process/exited") => {
                    ended.code = params["exitCode"].as_i64().expect("an exit code");
                    ended.denied = params["sandboxDenied"] == true;
                }
                Some("process/closed") => return ended,
                other => panic!("not expected here: {other:?}"),
            }
        }
    }

    /// Runs a command under `sandbox` to its end.
    pub(crate) fn run(&mut self, sandbox: &Value, argv: &[&str]) -> Result<Ended, Refused> {
        let id = self.start(sandbox, argv, &json!({}))?;
        Ok(self.ended(&id))
    }

    /// Runs a script under a policy to its end.
    pub(crate) fn bash(&mut self, policy: Policy, script: &str) -> Ended {
        let sandbox = self.sandbox(policy);
        self.bash_in(&sandbox, script)
    }

    /// The same under a policy that was made for the test.
    pub(crate) fn bash_in(&mut self, sandbox: &Value, script: &str) -> Ended {
        self.run(sandbox, &["/bin/bash", "-c", script])
            .expect("it starts")
    }

    /// Runs an attack under `sandbox`.
    pub(crate) fn attack(&mut self, sandbox: &Value, name: &str) -> crate::arena::Outcome {
        let attack = ATTACKS
            .iter()
            .find(|attack| attack.name == name)
            .expect("a known attack");
        let server = self.server.pid();
        let client = (&mut self.client, server);
        // The id of an attack is that of its arena.
        self.arena
            .run(&self.base, client, (attack, 1), (sandbox, &[]))
    }

    /// What is outside the workspace.
    pub(crate) fn outside(&self) -> Snapshot {
        self.arena.snapshot(&[])
    }

    /// Fails when anything outside is not as it was; ends the server.
    #[track_caller]
    pub(crate) fn leave(mut self, before: &Snapshot) {
        assert_eq!(before.changes(&self.outside()), Vec::<String>::new());
        assert_eq!(self.arena.damage(), Vec::<String>::new());
        drop((self.client, self.arena));
        self.server.stop();
    }
}
