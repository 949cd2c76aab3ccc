//! Environments: which there are, and where a call is done.

mod commands;
mod faults;
mod files;
mod threads;

use std::time::Duration;

use outpost_client::config::Environments;
use outpost_host::process::keeper::KeeperProgram;
use outpost_rpc::listen::{Auth, Config, Listener, Routes};
use outpost_server::{
    app::AppConfig,
    exec::{ExecConfig, ExecServer},
    serve,
};
use outpost_testkit::proxy::{Proxy, Side, What};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Server, plain, refused, server, sh};
use crate::client::{Client, decode};

/// Longer than anything here takes on a busy machine: reached only when something hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// An exec server on a loopback port, and a proxy in front of it that hears what is said.
struct Far {
    proxy: Proxy,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Far {
    async fn start() -> Self {
        Self::with(|_| {}, Auth::Open).await
    }

    async fn with(change: impl FnOnce(&mut ExecConfig), auth: Auth) -> Self {
        let mut config = ExecConfig::default();
        config.keeper.program = KeeperProgram::None;
        change(&mut config);
        let listening = Config {
            auth,
            insecure_no_auth: false,
            routes: Routes::default(),
            limits: config.limits.clone(),
            connections: 16,
        };
        let address = "ws://127.0.0.1:0".parse().unwrap();
        let listener = Listener::bind(&address, listening).await.unwrap();
        let url = listener.address().to_string();
        let address = url.strip_prefix("ws://").unwrap().parse().unwrap();
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(serve::on(ExecServer::new(config), listener, stop.clone()));
        Self {
            proxy: Proxy::start(address),
            stop,
            tasks,
        }
    }

    fn url(&self) -> String {
        format!("ws://{}", self.proxy.address())
    }

    /// How often this was asked of it.
    fn asked(&self, method: &str) -> usize {
        let method = format!("\"method\":\"{method}\"");
        let entries = self.proxy.recording().entries();
        let fits = entries.iter().filter(|entry| match &entry.what {
            What::Text(text) => entry.from == Side::Client && text.contains(&method),
            _ => false,
        });
        fits.count()
    }

    /// Ends it with everything it has started.
    async fn end(&mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// A server that knows the exec server as `box`, beside this machine.
fn knowing(far: &Far) -> Server {
    let text = format!("[[environments]]\nid = \"box\"\nurl = \"{}\"\n", far.url());
    configured(&text, |_| {})
}

/// A server with these environments.
fn configured(text: &str, change: impl FnOnce(&mut AppConfig)) -> Server {
    server(|config| {
        config.environments = Environments::parse(text, "/".as_ref()).unwrap();
        change(config);
    })
}

/// What makes a command run in `box`.
fn there() -> Value {
    json!({"environmentId": "box"})
}

async fn status(client: &mut Client, id: &str) -> Value {
    let params = json!({"environmentId": id});
    client.call("environment/status", params).await.unwrap()
}

async fn info(client: &mut Client, id: &str) -> Result<Value, (i64, String)> {
    let params = json!({"environmentId": id});
    client.call("environment/info", params).await
}

async fn add(client: &mut Client, id: &str, more: &Value) -> Result<Value, (i64, String)> {
    let params = super::with(json!({"environmentId": id}), more);
    client.call("environment/add", params).await
}

/// The output a command tells until it is answered, and the answer.
async fn told(client: &mut Client, id: i64) -> (Vec<u8>, Value) {
    let mut output = Vec::new();
    loop {
        let message = client
            .until(|message| message["id"] == json!(id) || message.get("id").is_none())
            .await;
        if message["id"] == json!(id) {
            return (output, message);
        }
        output.extend(decode(message["params"]["deltaBase64"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn a_call_is_done_where_it_says_and_without_a_word_here() {
    let mut far = Far::start().await;
    let text = format!(
        "default = \"box\"\n[[environments]]\nid = \"box\"\nurl = \"{}\"\n",
        far.url()
    );
    let server = configured(&text, |_| {});
    let mut client = plain(&server).await;
    let said = Ok(json!({"exitCode": 0, "stdout": "x\n", "stderr": ""}));
    // As with the reference, the default is for threads while this machine may be used.
    for (more, starts) in [
        (json!({}), 0),
        (json!({"environmentId": "local"}), 0),
        (json!({"environmentId": null}), 0),
        (there(), 1),
    ] {
        assert_eq!(sh(&mut client, "echo x", &more).await, said, "{more}");
        assert_eq!(far.asked("process/start"), starts, "{more}");
    }
    let nowhere = json!({"environmentId": "nope"});
    let unknown = refused(-32600, "unknown environment id `nope`");
    assert_eq!(sh(&mut client, "echo x", &nowhere).await, unknown);
    let spawn = json!({
        "command": ["true"], "cwd": "/", "processHandle": "h", "environmentId": "nope",
    });
    assert_eq!(client.call("process/spawn", spawn).await, unknown);
    server.shutdown().await;
    far.end().await;
}

#[tokio::test]
async fn where_this_machine_may_not_be_used_the_default_is_or_nothing() {
    let mut far = Far::start().await;
    let text = format!(
        "default = \"box\"\ninclude_local = false\n[[environments]]\nid = \"box\"\nurl = \"{}\"\n",
        far.url()
    );
    let usual = configured(&text, |_| {});
    let mut client = plain(&usual).await;
    let answer = sh(&mut client, "echo x", &json!({})).await.unwrap();
    assert_eq!(answer["stdout"], "x\n");
    assert_eq!(far.asked("process/start"), 1);
    let local = json!({"environmentId": "local"});
    let unknown = refused(-32600, "unknown environment id `local`");
    assert_eq!(sh(&mut client, "echo x", &local).await, unknown);
    assert_eq!(info(&mut client, "local").await, unknown);
    let status = status(&mut client, "local").await;
    assert_eq!(
        status,
        json!({"status": "unknown", "error": "unknown environment id `local`"})
    );
    usual.shutdown().await;
    let nothing = configured("default = \"none\"\ninclude_local = false\n", |_| {});
    let mut client = plain(&nothing).await;
    let words = "local environment is not configured";
    let answer = sh(&mut client, "echo x", &json!({})).await;
    assert_eq!(answer, refused(-32603, words));
    let spawn = json!({"command": ["true"], "cwd": "/", "processHandle": "h"});
    let answer = client.call("process/spawn", spawn).await;
    assert_eq!(answer, refused(-32603, words));
    // One that is added is used by its name.
    let url = json!({"execServerUrl": far.url()});
    assert_eq!(add(&mut client, "box", &url).await, Ok(json!({})));
    let answer = sh(&mut client, "echo x", &there()).await.unwrap();
    assert_eq!(answer["stdout"], "x\n");
    nothing.shutdown().await;
    far.end().await;
}

#[tokio::test]
async fn an_environment_describes_itself() {
    let mut far = Far::start().await;
    let server = knowing(&far);
    let mut client = plain(&server).await;
    let here = info(&mut client, "local").await.unwrap();
    let cwd = std::env::current_dir().unwrap();
    let cwd = format!("file://{}", cwd.display());
    assert_eq!(here["cwd"], cwd.as_str());
    assert!(here["shell"]["path"].as_str().unwrap().starts_with('/'));
    // Both are this computer.
    assert_eq!(info(&mut client, "box").await.unwrap(), here);
    let ready = json!({"status": "ready"});
    assert_eq!(status(&mut client, "local").await, ready);
    assert_eq!(status(&mut client, "box").await, ready);
    let words = "unknown environment id `nope`";
    assert_eq!(info(&mut client, "nope").await, refused(-32600, words));
    let unknown = json!({"status": "unknown", "error": words});
    assert_eq!(status(&mut client, "nope").await, unknown);
    server.shutdown().await;
    far.end().await;
}

#[tokio::test]
async fn what_cannot_be_added_is_refused_in_the_words_of_the_reference() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let url = "ws://127.0.0.1:1";
    let protocol = |words: &str| refused(-32600, &format!("exec-server protocol error: {words}"));
    let header = |name: &str| {
        protocol(&format!(
            "invalid value for exec-server WebSocket header `{name}`"
        ))
    };
    for (id, more, answer) in [
        (
            "local",
            json!({"execServerUrl": url}),
            protocol("environment id `local` is reserved for EnvironmentManager"),
        ),
        (
            "",
            json!({"execServerUrl": url}),
            protocol("environment id cannot be empty"),
        ),
        (
            &"x".repeat(257),
            json!({"execServerUrl": url}),
            protocol("environment id has more than 256 bytes"),
        ),
        (
            "c",
            json!({"execServerUrl": " "}),
            protocol("remote environment requires an exec-server url"),
        ),
        (
            "c",
            json!({"execServerUrl": "None"}),
            protocol("remote environment cannot use disabled exec-server url"),
        ),
        (
            "c",
            json!({"execServerUrl": url, "authBearerToken": "a\nb"}),
            header("authorization"),
        ),
        (
            "c",
            json!({"execServerUrl": url, "websocketRequestId": "a\nb"}),
            header("x-request-id"),
        ),
        (
            "c",
            json!({}),
            refused(-32600, "Invalid request: missing field `execServerUrl`"),
        ),
        (
            &"x".repeat(256),
            json!({"execServerUrl": url}),
            Ok(json!({})),
        ),
    ] {
        assert_eq!(add(&mut client, id, &more).await, answer, "{id} {more}");
    }
    assert_eq!(status(&mut client, "c").await["status"], "unknown");
    server.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_dialled_is_found_out_when_it_is_needed() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    for (id, url, reason) in [
        (
            "scheme",
            "http://x",
            "the address `http://x` cannot be used",
        ),
        (
            "nobody",
            "ws://127.0.0.1:1",
            "failed to connect to ws://127.0.0.1:1/: connection refused",
        ),
    ] {
        let more = json!({"execServerUrl": format!(" {url} ")});
        assert_eq!(add(&mut client, id, &more).await, Ok(json!({})));
        let begins = format!(
            "failed to get info for environment `{id}`: exec-server connection attempt failed: \
             {reason}"
        );
        let (code, words) = info(&mut client, id).await.unwrap_err();
        assert_eq!(code, -32603);
        assert!(words.starts_with(&begins), "{words}");
        let status = status(&mut client, id).await;
        assert_eq!(status["status"], "disconnected");
        let words = status["error"].as_str().unwrap();
        assert!(words.contains(reason), "{words}");
        let place = json!({"environmentId": id});
        let (code, words) = sh(&mut client, "true", &place).await.unwrap_err();
        assert_eq!(code, -32603);
        let begins = format!("failed to spawn command: environment `{id}` cannot be reached: ");
        assert!(words.starts_with(&begins), "{words}");
        assert!(words.contains("environment/add"), "{words}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn there_are_so_many_environments_and_no_more() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    // Nothing is dialled there.
    let nowhere = json!({"execServerUrl": "unix:///nowhere"});
    for number in 0..256 {
        let id = number.to_string();
        assert_eq!(add(&mut client, &id, &nowhere).await, Ok(json!({})), "{id}");
    }
    let words = "exec-server protocol error: there are 256 environments already; use the name of \
                 one that is not needed";
    let refusal = add(&mut client, "256", &nowhere).await;
    assert_eq!(refusal, refused(-32600, words));
    assert_eq!(add(&mut client, "7", &nowhere).await, Ok(json!({})));
    server.shutdown().await;
}

#[tokio::test]
async fn the_family_is_experimental() {
    let server = server(|_| {});
    let mut client = super::client(&server, json!({})).await;
    for method in ["environment/add", "environment/info", "environment/status"] {
        let params = json!({"environmentId": "x", "execServerUrl": "ws://127.0.0.1:1"});
        let words = format!("{method} requires experimentalApi capability");
        assert_eq!(client.call(method, params).await, refused(-32600, &words));
    }
    server.shutdown().await;
}
