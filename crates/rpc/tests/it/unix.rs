//! WebSocket over a Unix socket.

use outpost_rpc::{
    dial::{DialOptions, dial},
    frame::Frame,
    link::Received,
    listen::{Address, Config},
    transport::PeerInfo,
};
use tempfile::TempDir;
use tokio::{net::UnixStream, task::JoinSet};

use crate::{
    raw::Raw,
    server::{Server, soon},
};

#[tokio::test]
async fn a_unix_socket_serves_strangers_by_hand_and_our_own_client() {
    let folder = TempDir::new().unwrap();
    let address = Address::Unix(folder.path().join("socket"));
    let Address::Unix(path) = address.clone() else {
        panic!("a path")
    };
    let server = Server::start_at(&address, Config::default()).await;
    assert_eq!(server.address, address);
    let stream = UnixStream::connect(&path).await.unwrap();
    // No browser reaches a Unix socket, so an origin and a name mean nothing.
    let mut raw = Raw::upgrade(stream, "Origin: null\r\n").await;
    raw.echo("by hand").await;

    let target = address.to_string().parse().unwrap();
    let mut dialed = dial(&target, &DialOptions::default()).await.unwrap();
    assert!(matches!(dialed.peer, PeerInfo::Unix { .. }));
    let mut pumps = JoinSet::new();
    pumps.spawn(dialed.pump);
    dialed
        .link
        .tx
        .send(Frame::Text("ours".into()))
        .await
        .unwrap();
    let Some(Received::Frame(Frame::Text(text))) = soon(dialed.link.rx.recv()).await else {
        panic!("no text")
    };
    assert_eq!(text, "ours");
    drop(dialed.link);
    soon(pumps.join_next()).await.unwrap().unwrap();
    let ((), reason) = tokio::join!(server.stop(), raw.expect_close(1001));
    assert_eq!(reason, "the server stops");
    assert!(!path.exists(), "the socket is removed");
}
