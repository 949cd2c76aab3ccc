//! Our client's end: what it says, and what it makes of the answers.

use std::{sync::Arc, time::Duration};

use outpost_rpc::{
    dial::{DialError, DialErrorKind, DialOptions, Dialed, Token, dial},
    frame::Frame,
    link::{Close, Received},
    listen::{Auth, Config},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::server::{Server, soon};

/// Dials, sends a text, and expects it back.
async fn echo(address: &str, options: &DialOptions, text: &str) -> Result<Close, DialError> {
    let Dialed { mut link, pump, .. } = dial(&address.parse().unwrap(), options).await?;
    let mut pumps = JoinSet::new();
    pumps.spawn(pump);
    link.tx.send(Frame::Text(text.into())).await.unwrap();
    let Some(Received::Frame(Frame::Text(back))) = soon(link.rx.recv()).await else {
        panic!("no text: {:?}", link.rx)
    };
    assert!(back == text);
    link.tx.probe().await.unwrap();
    drop(link);
    Ok(soon(pumps.join_next()).await.unwrap().unwrap())
}

async fn refusal(address: &str, options: &DialOptions) -> DialError {
    dial(&address.parse().unwrap(), options).await.unwrap_err()
}

/// A server that answers every connection with these bytes.
async fn answering(answer: &'static [u8]) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("ws://{}", listener.local_addr().unwrap());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        assert!(!head.contains("origin:"), "no client of ours is a web page");
        stream.write_all(answer).await.unwrap();
    });
    (address, tasks)
}

#[tokio::test]
async fn a_client_and_a_server_of_ours_understand_each_other() {
    let mut server = Server::start(Config::default()).await;
    let long = "x".repeat(5 << 20);
    for text in ["", "hello", "ä€𝄞", &long] {
        let options = DialOptions::default();
        let close = echo(&server.address.to_string(), &options, text)
            .await
            .unwrap();
        assert_eq!(close, Close::normal());
        assert_eq!(server.ended().await, Close::normal());
    }
    server.stop().await;
}

#[tokio::test]
async fn a_token_is_sent_and_a_refusal_explained() {
    let auth = Auth::token("secret");
    let server = Server::start(Config {
        auth,
        ..Config::default()
    })
    .await;
    let address = server.address.to_string();
    let with = |token| DialOptions {
        token: Some(Token::new(token)),
        ..DialOptions::default()
    };
    echo(&address, &with(" secret\n"), "in").await.unwrap();
    let error = refusal(&address, &with("wrong")).await;
    let expected = format!(
        "cannot connect to {address}/: the server refused the credentials: invalid websocket bearer token"
    );
    assert_eq!(error.to_string(), expected);
    let error = refusal(&address, &DialOptions::default()).await;
    assert!(
        error
            .to_string()
            .ends_with("missing websocket bearer token"),
        "{error}"
    );
    let error = refusal(&address, &with("two\nlines")).await;
    assert!(matches!(error.kind(), DialErrorKind::Token));
    let error = refusal(
        &format!("{address}/elsewhere?token=secret"),
        &with("secret"),
    )
    .await;
    assert!(matches!(error.kind(), DialErrorKind::NotFound));
    assert!(!format!("{error} {error:?} {:?}", with("secret")).contains("secret"));
    server.stop().await;
}

#[tokio::test]
async fn an_upgrade_has_the_name_it_was_given() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("ws://{}", listener.local_addr().unwrap());
    let named = |id: &str| DialOptions {
        request_id: Some(id.to_owned()),
        ..DialOptions::default()
    };
    let options = named("r-7");
    let heard = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        String::from_utf8(head).unwrap()
    };
    let (_, head) = tokio::join!(refusal(&address, &options), heard);
    assert!(head.contains("x-request-id: r-7\r\n"), "{head}");
    let error = refusal(&address, &named("two\nlines")).await;
    assert!(matches!(error.kind(), DialErrorKind::RequestId));
}

#[tokio::test]
async fn what_is_no_server_of_ours_is_told_apart() {
    let options = DialOptions {
        timeout: Duration::from_millis(500),
        ..DialOptions::default()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("ws://{}", listener.local_addr().unwrap());
    // Connections wait to be accepted, and nobody does.
    let error = refusal(&address, &options).await;
    assert_eq!(
        error.to_string(),
        format!("cannot connect to {address}/: no answer within 0.5 s")
    );
    drop(listener);
    let error = refusal(&address, &options).await;
    let refused =
        format!("cannot connect to {address}/: connection refused; is the server running?");
    assert_eq!(error.to_string(), refused);

    let (address, _task) = answering(b"HTTP/1.1 502 Bad Gateway\r\n\r\nupstream is gone").await;
    let error = refusal(&address, &options).await;
    assert!(
        error
            .to_string()
            .contains("the server answered 502 Bad Gateway"),
        "{error}"
    );
    let (address, _task) = answering(b"SSH-2.0-OpenSSH_9.9\r\n\r\n").await;
    let error = refusal(&address, &options).await;
    assert!(
        matches!(error.kind(), DialErrorKind::Handshake(_)),
        "{error:?}"
    );
    let error = refusal("ws://nowhere.invalid:1", &options).await;
    assert!(
        matches!(
            error.kind(),
            DialErrorKind::Io(_) | DialErrorKind::TimedOut(_)
        ),
        "{error:?}"
    );
    let error = refusal("unix:///no/such/socket", &options).await;
    assert!(matches!(error.kind(), DialErrorKind::Io(_)), "{error:?}");
}

/// A TLS front that passes everything on to a server without.
async fn tls_front(server: &Server) -> (u16, JoinSet<()>) {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("localhost.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("localhost.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, inner) = (listener.local_addr().unwrap().port(), server.socket());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut plain = tokio::net::TcpStream::connect(inner).await.unwrap();
            tokio::io::copy_bidirectional(&mut stream, &mut plain)
                .await
                .ok();
        }
    });
    (port, tasks)
}

#[tokio::test]
async fn an_encrypted_connection_works_with_a_trusted_certificate_only() {
    let server = Server::start(Config::default()).await;
    let (port, _tasks) = tls_front(&server).await;
    let certificate = CertificateDer::from_pem_slice(include_bytes!("localhost.pem")).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let trusting = |roots| {
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        DialOptions {
            tls: Some(Arc::new(config)),
            ..DialOptions::default()
        }
    };
    let address = format!("wss://localhost:{port}");
    let text = "x".repeat(3 << 20);
    echo(&address, &trusting(roots.clone()), &text)
        .await
        .unwrap();
    let error = refusal(&format!("wss://127.0.0.1:{port}"), &trusting(roots)).await;
    assert!(
        matches!(error.kind(), DialErrorKind::Tls(_)),
        "another name: {error:?}"
    );
    let error = refusal(&address, &trusting(RootCertStore::empty())).await;
    assert!(
        matches!(error.kind(), DialErrorKind::Tls(_)),
        "another root: {error:?}"
    );
    server.stop().await;
}
