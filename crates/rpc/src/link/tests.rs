use std::time::Duration;

use tokio::time::timeout;

use super::*;

fn text(frame: Option<Received>) -> String {
    match frame {
        Some(Received::Frame(Frame::Text(text))) => text,
        other => panic!("expected a text, got {other:?}"),
    }
}

async fn never<T>(future: impl Future<Output = T>) -> bool {
    timeout(Duration::from_millis(20), future).await.is_err()
}

#[tokio::test(start_paused = true)]
async fn frames_arrive_in_order_and_before_the_close() {
    let (a, mut b) = Link::pair((FRAME_FLOOR * 8, FRAME_FLOOR));
    for i in 0..5 {
        a.tx.send(Frame::Text(i.to_string())).await.unwrap();
    }
    a.tx.close(Close::going_away("bye"));
    assert!(a.tx.send(Frame::Text("late".into())).await.is_err());
    for i in 0..5 {
        assert_eq!(text(b.rx.recv().await), i.to_string());
    }
    assert!(b.rx.recv().await.is_none());
    assert_eq!(b.rx.close_reason(), Some(Close::going_away("bye")));
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_holds_its_sender_back_until_a_frame_leaves() {
    let (a, mut b) = Link::pair((FRAME_FLOOR, FRAME_FLOOR));
    a.tx.send(Frame::Text("1".into())).await.unwrap();
    assert!(never(a.tx.send(Frame::Text("2".into()))).await);
    assert_eq!(text(b.rx.recv().await), "1");
    a.tx.send(Frame::Text("2".into())).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_frame_above_the_bound_is_taken_when_the_queue_is_empty() {
    let (a, mut b) = Link::pair((FRAME_FLOOR, FRAME_FLOOR));
    let big = "x".repeat(FRAME_FLOOR * 10);
    a.tx.send(Frame::Text(big.clone())).await.unwrap();
    assert!(never(a.tx.send(Frame::Text("small".into()))).await);
    assert_eq!(text(b.rx.recv().await), big);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_sender_fails_when_the_receiver_goes() {
    let (a, b) = Link::pair((FRAME_FLOOR, FRAME_FLOOR));
    a.tx.send(Frame::Text("1".into())).await.unwrap();
    let waiting = a.tx.send(Frame::Text("2".into()));
    let (sent, ()) = tokio::join!(waiting, async { drop(b) });
    assert_eq!(sent, Err(Closed(Close::lost())));
}

#[tokio::test(start_paused = true)]
async fn the_queue_ends_when_the_last_sender_is_dropped() {
    let (a, mut b) = Link::pair((FRAME_FLOOR, FRAME_FLOOR));
    let second = a.tx.clone();
    drop(a);
    assert!(never(b.rx.recv()).await);
    drop(second);
    assert!(b.rx.recv().await.is_none());
    assert_eq!(b.rx.close_reason(), Some(Close::normal()));
}

#[tokio::test(start_paused = true)]
async fn a_probe_overtakes_frames_and_fails_with_the_queue() {
    let (a, mut b) = Link::pair((FRAME_FLOOR * 4, FRAME_FLOOR));
    a.tx.send(Frame::Text("1".into())).await.unwrap();
    let answer = a.tx.probe();
    let Some(Received::Probe(probe)) = b.rx.recv().await else {
        panic!("no probe")
    };
    probe.send(()).unwrap();
    answer.await.unwrap();
    let lost = a.tx.probe();
    drop(b);
    assert!(lost.await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_ticket_comes_back_when_its_frame_leaves_the_queue() {
    let (a, mut b) = Link::pair((FRAME_FLOOR * 4, FRAME_FLOOR));
    let share = Arc::new(Semaphore::new(1));
    let ticket = Arc::clone(&share).acquire_owned().await.unwrap();
    a.tx.send_with(Frame::Text("1".into()), Some(ticket))
        .await
        .unwrap();
    assert_eq!(share.available_permits(), 0);
    assert_eq!(text(b.rx.recv().await), "1");
    assert_eq!(share.available_permits(), 1);
}
