//! The app face.

mod commands;
mod handshake;
mod processes;
mod sandboxed;
mod steering;

use outpost_host::process::keeper::KeeperProgram;
use outpost_protocol::app::policy::SandboxPolicy;
use outpost_server::{app::AppConfig, embed::EmbeddedApp};
use serde_json::{Value, json};

use crate::client::Client;

/// What a call is answered.
type Answer = Result<Value, (i64, String)>;

/// A server whose commands are children of the test and held to nothing.
fn server(change: impl FnOnce(&mut AppConfig)) -> EmbeddedApp {
    let mut config = AppConfig {
        default_policy: SandboxPolicy::DangerFullAccess {},
        ..AppConfig::default()
    };
    config.keeper.program = KeeperProgram::None;
    change(&mut config);
    EmbeddedApp::new(config)
}

/// A connection that has introduced itself.
async fn client(server: &EmbeddedApp, capabilities: Value) -> Client {
    let mut client = Client::over(server.connect());
    let params = json!({
        "clientInfo": {"name": "test", "version": "1"}, "capabilities": capabilities,
    });
    client.call("initialize", params).await.unwrap();
    client
}

/// One that knows the experimental methods and is told only of what it has started.
async fn plain(server: &EmbeddedApp) -> Client {
    let unwanted = ["remoteControl/status/changed"];
    let capabilities = json!({"experimentalApi": true, "optOutNotificationMethods": unwanted});
    client(server, capabilities).await
}

fn refused(code: i64, words: &str) -> Answer {
    Err((code, words.to_owned()))
}

/// `params`, and what `more` says instead or besides.
fn with(mut params: Value, more: &Value) -> Value {
    let more = more.as_object().unwrap().clone();
    params.as_object_mut().unwrap().extend(more);
    params
}

/// `sh -c SCRIPT` as a command.
async fn sh(client: &mut Client, script: &str, more: &Value) -> Answer {
    let params = with(json!({"command": ["sh", "-c", script]}), more);
    client.call("command/exec", params).await
}
