//! The app face.

mod account;
mod commands;
mod embedding;
mod environments;
mod files;
mod handshake;
mod held;
mod models;
mod processes;
mod sandboxed;
mod search;
mod settings;
mod skills;
mod small;
mod steering;
mod threads;
mod watches;

use std::ops::Deref;

use outpost_agent::config::{Configuration, Places};
use outpost_host::process::keeper::KeeperProgram;
use outpost_server::{app::AppConfig, embed::EmbeddedApp};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::Client;

/// What a call is answered.
type Answer = Result<Value, (i64, String)>;

/// A server with a home of its own: the `home` below its folder, which also has what the
/// administrator may have said, in `system`. Neither is there before something makes it.
struct Server {
    app: EmbeddedApp,
    folder: TempDir,
}

impl Server {
    fn home(&self) -> std::path::PathBuf {
        self.folder.path().join("home")
    }
}

impl Deref for Server {
    type Target = EmbeddedApp;

    fn deref(&self) -> &EmbeddedApp {
        &self.app
    }
}

/// A server whose commands are children of the test and held to nothing.
fn server(change: impl FnOnce(&mut AppConfig)) -> Server {
    let flags = ["sandbox_mode=danger-full-access"];
    configured(tempfile::tempdir().unwrap(), &flags, change)
}

/// A server whose commands are children of the test, in `folder`, with `flags` as on the command
/// line.
fn configured(folder: TempDir, flags: &[&str], change: impl FnOnce(&mut AppConfig)) -> Server {
    let places = Places {
        home: folder.path().join("home"),
        system: folder.path().join("system"),
    };
    let configuration = Configuration::open(places, flags).unwrap();
    let mut config = AppConfig::new(configuration);
    config.keeper.program = KeeperProgram::None;
    change(&mut config);
    Server {
        app: EmbeddedApp::new(config),
        folder,
    }
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
