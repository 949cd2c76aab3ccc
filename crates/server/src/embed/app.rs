//! From arguments to a handle: the server, its link, the handshake.

use std::io;

use outpost_protocol::{
    RequestId,
    app::session::{ClientInfo, Initialize, InitializeCapabilities, InitializeParams, Initialized},
};
use outpost_rpc::link::Link;

use super::{
    EmbeddedApp,
    event::ClientRequest,
    handle::{self, AppHandle},
    inbox::Inbox,
    refusals,
};
use crate::app::AppConfig;

/// What [`app`] needs.
#[derive(Clone, Debug)]
pub struct AppArgs {
    /// The server.
    pub config: AppConfig,
    /// The client it will have.
    pub client: ClientArgs,
}

/// A client, as it introduces itself and wants to be told.
#[derive(Clone, Debug)]
pub struct ClientArgs {
    /// Who it is.
    pub info: ClientInfo,
    /// What it can do, and which notifications it does not want.
    pub capabilities: InitializeCapabilities,
    /// Messages that may wait to be read by the server, and events by the embedder; at least one.
    pub capacity: usize,
    /// What becomes of events that find no room.
    pub delivery: Delivery,
    /// Each notification that has a name in the older family comes under that name too.
    pub legacy_events: bool,
}

/// What becomes of events that find no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// Notifications are dropped and counted in [`Event::Lagged`](super::Event), and requests of
    /// the server's are failed back with -32001. Never dropped are pieces of a text or of an
    /// output and the end of something: the server waits until they are read.
    #[default]
    BestEffort,
    /// The server waits until they are read, whatever they are.
    Lossless,
}

/// The capacity where none is said.
const CAPACITY: usize = 128;

/// Names the handshake among the requests; it is answered before any other is made.
const HANDSHAKE: &str = "initialize";

/// Starts a server in this process and introduces a client to it.
///
/// Needs a Tokio runtime, and [`dispatch`](crate::dispatch) first thing in `main` for commands to
/// be held by a keeper. Fails with [`InvalidData`](io::ErrorKind::InvalidData) when the handshake
/// is refused. The server belongs to the handle.
///
/// A program without a runtime makes one, keeps it as long as the handle, and waits with it:
///
/// ```no_run
/// use outpost_server::embed::{self, AppArgs, ClientRequest};
/// use serde_json::json;
///
/// fn main() -> std::io::Result<()> {
///     outpost_server::dispatch();
///     // With workers of its own, so that the server goes on between the calls.
///     let runtime = tokio::runtime::Builder::new_multi_thread()
///         .enable_all()
///         .build()?;
///     let args = AppArgs::of_this_machine("my-program", "1.0")?;
///     let app = runtime.block_on(embed::app(args))?;
///     app.ignore_events();
///     let request = ClientRequest::new(1, "command/exec", &json!({"command": ["date"]}))?;
///     match runtime.block_on(app.request(request))? {
///         Ok(answer) => println!("{answer}"),
///         Err(refusal) => println!("refused: {refusal}"),
///     }
///     runtime.block_on(app.shutdown())
/// }
/// ```
pub async fn app(args: AppArgs) -> io::Result<AppHandle> {
    let server = EmbeddedApp::new(args.config);
    let link = server.connect();
    introduce(link, args.client, Some(server)).await
}

/// Introduces a client to an app server at the other end of a link, wherever that is:
/// [`EmbeddedApp::connect`] gives one, and so does [`dial`](outpost_rpc::dial::dial). A shutdown
/// of the handle ends the connection and not the server.
pub async fn attach(link: Link, client: ClientArgs) -> io::Result<AppHandle> {
    introduce(link, client, None).await
}

async fn introduce(
    link: Link,
    client: ClientArgs,
    server: Option<EmbeddedApp>,
) -> io::Result<AppHandle> {
    let keeps_all = client.delivery == Delivery::Lossless;
    let inbox = Inbox::new(client.capacity, keeps_all, client.legacy_events);
    let (wire, mut runtime) = handle::start(link, client.capacity, inbox);
    runtime.server = server;
    let mut handle = AppHandle::new(wire, runtime);
    let params = InitializeParams {
        client_info: client.info,
        capabilities: Some(client.capabilities),
    };
    let id = RequestId::Text(HANDSHAKE.to_owned());
    let answer = handle.request(ClientRequest::of::<Initialize>(id, &params)?);
    let welcome = match answer.await? {
        Ok(answer) => serde_json::from_str(answer.get()).map_err(|error| error.to_string()),
        Err(refusal) => Err(refusal.to_string()),
    };
    match welcome {
        Ok(server) => handle.introduced(server),
        Err(words) => {
            // Why it was not wanted matters more than how it ended.
            handle.shutdown().await.ok();
            return Err(refusals::handshake(&words));
        }
    }
    handle.notify::<Initialized>(&outpost_protocol::NoParams)?;
    Ok(handle)
}

// === impl AppArgs ===

impl AppArgs {
    /// This user's server on this computer, and a client of this name and version, both with the
    /// usual choices. Blocks on the file system; fails with
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) where [`AppConfig::of_this_machine`] does.
    pub fn of_this_machine(
        name: impl Into<String>,
        version: impl Into<String>,
    ) -> io::Result<Self> {
        let config = AppConfig::of_this_machine::<&str>(&[]);
        let config = config.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        Ok(Self {
            config,
            client: ClientArgs::new(name, version),
        })
    }
}

// === impl ClientArgs ===

impl ClientArgs {
    /// A client that takes the stable methods and all notifications.
    #[must_use]
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            info: ClientInfo {
                name: name.into(),
                title: None,
                version: version.into(),
            },
            capabilities: InitializeCapabilities::default(),
            capacity: CAPACITY,
            delivery: Delivery::default(),
            legacy_events: false,
        }
    }
}
