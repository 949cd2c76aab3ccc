//! The stdio pump over real pipes.

use outpost_rpc::{
    frame::Frame,
    limits::Limits,
    link::{Close, Link, Received},
    transport::stdio,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::unix::pipe,
    task::JoinSet,
};

use crate::server::soon;

#[tokio::test]
async fn t01_lines_over_pipes_and_the_end_of_input() {
    let (mut input, reader) = pipe::pipe().unwrap();
    let (writer, mut output) = pipe::pipe().unwrap();
    let limits = Limits::default();
    let (near, mut far) = Link::pair((limits.inbox_bytes, limits.outbox_bytes));
    let mut pumps = JoinSet::new();
    pumps.spawn(async move { stdio::pump(reader, writer, near, &limits).await });
    let long = "x".repeat(3 << 20);
    let mut talk = JoinSet::new();
    let line = format!("{long}\n{{}}");
    talk.spawn(async move {
        input.write_all(line.as_bytes()).await.unwrap();
        // Dropping the writer is the end of input.
    });
    let mut heard = JoinSet::new();
    heard.spawn(async move {
        let mut said = String::new();
        output.read_to_string(&mut said).await.unwrap();
        said
    });
    for expected in [long.len(), 2] {
        let Some(Received::Frame(Frame::Text(text))) = soon(far.rx.recv()).await else {
            panic!("no text")
        };
        assert_eq!(text.len(), expected);
        far.tx.send(Frame::Text(text)).await.unwrap();
    }
    assert!(soon(far.rx.recv()).await.is_none());
    drop(far);
    assert_eq!(
        soon(pumps.join_next()).await.unwrap().unwrap(),
        Close::normal()
    );
    let said = soon(heard.join_next()).await.unwrap().unwrap();
    assert!(said == format!("{long}\n{{}}\n"));
}

#[tokio::test]
async fn t04_output_that_nobody_reads_any_more_ends_the_connection() {
    let (_input, reader) = pipe::pipe().unwrap();
    let (writer, output) = pipe::pipe().unwrap();
    drop(output);
    let limits = Limits::default();
    let (near, far) = Link::pair((limits.inbox_bytes, limits.outbox_bytes));
    far.tx.send(Frame::Text("{}".into())).await.unwrap();
    let close = soon(stdio::pump(reader, writer, near, &limits)).await;
    assert_eq!(close.code, 1006);
    assert!(close.reason.contains("standard output"), "{close}");
    assert_eq!(far.rx.close_reason(), Some(close));
}
