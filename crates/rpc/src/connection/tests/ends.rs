//! How connections end.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_end_fails_every_call_once_and_lets_a_finishing_job_finish() {
    let (link, mut bench) = serve(Limits::default());
    let peer = call_through(link, &mut bench);
    let null = json!(null);
    let (poll, copy) = (peer.call::<Poll>(&null), peer.call::<Copy>(&null));
    tokio::pin!(poll, copy);
    assert!(futures_util::poll!(&mut poll).is_pending());
    assert!(futures_util::poll!(&mut copy).is_pending());
    peer.call::<Echo>(&null).await.unwrap();
    peer.close(Close::normal());
    let (first, second) = tokio::join!(poll, copy);
    for ended in [first, second] {
        assert!(matches!(ended, Err(CallError::Closed { .. })));
    }
    bench.world.gate.add_permits(1);
    bench.world.copied.notified().await;
    assert_eq!(bench.world.gate.available_permits(), 0);
}

#[tokio::test(start_paused = true)]
async fn draining_closes_with_1001_and_gives_up_long_polls() {
    let (mut link, mut bench) = serve(Limits::default());
    say(&link, r#"{"id":1,"method":"poll","params":0}"#).await;
    say(&link, r#"{"id":2,"method":"echo","params":0}"#).await;
    assert_eq!(hear(&mut link).await, r#"{"id":2,"result":0}"#);
    bench.stop.cancel();
    assert!(link.rx.recv().await.is_none());
    assert_eq!(link.rx.close_reason().unwrap().code, 1001);
    assert_eq!(bench.tasks.join_next().await.unwrap().unwrap().code, 1001);
}

#[tokio::test]
async fn a_service_that_is_not_ready_leaves_the_link_unread_and_still_sees_its_end() {
    let (link, mut other) = Link::pair((1 << 20, 1 << 20));
    let leave = Arc::new(Semaphore::new(1));
    let service = Slow {
        router: Router::new(),
        leave: PollSemaphore::new(Arc::clone(&leave)),
        ready: false,
    };
    let connection = Connection::new(link, Limits::default());
    let mut tasks = JoinSet::new();
    tasks.spawn(connection.run(service, CancellationToken::new()));
    let told = r#"{"method":"said","params":1}"#;
    let request = r#"{"id":1,"method":"nope"}"#;
    for text in [told, told, request] {
        say(&other, text).await;
    }
    // The request is behind a notification that nobody takes yet.
    tokio::task::yield_now().await;
    assert!(other.rx.is_empty() && leave.available_permits() == 0);
    leave.add_permits(2);
    assert!(hear(&mut other).await.contains("-32601"));
    say(&other, told).await;
    say(&other, told).await;
    other.tx.close(Close::going_away("enough"));
    let close = tasks.join_next().await.unwrap().unwrap();
    assert_eq!(close, Close::going_away("enough"));
}
