use outpost_rpc::frame::Piece;
use proptest::prelude::*;
use tokio::{io::AsyncWriteExt, sync::mpsc};

use super::*;

/// More answers than any test has.
const ANSWERS: usize = 256;

/// What came of an answer once all of it was read.
#[derive(Clone, Debug, PartialEq)]
enum Read {
    Result(String),
    Refused(RpcError),
}

fn line(id: i64, answer: &Read) -> String {
    let id = RequestId::Number(id);
    match answer {
        Read::Result(result) => format!("{}{result}}}\n", envelope::response_head(&id)),
        Read::Refused(error) => envelope::failure(&id, error) + "\n",
    }
}

/// Reads `bytes`, which come in parts of at most `part`. Long answers are taken as they come.
async fn read(bytes: Vec<u8>, part: usize) -> (io::Result<()>, Vec<(i64, Option<Read>)>) {
    let (reader, mut writer) = tokio::io::duplex(part);
    let (tx, mut rx) = mpsc::channel(ANSWERS);
    let writing = async move {
        for part in bytes.chunks(part) {
            // A reader that has seen enough is gone.
            if writer.write_all(part).await.is_err() {
                break;
            }
        }
    };
    let reading = Answers::new(reader).each(move |id, answer| tx.try_send((id, answer)).unwrap());
    let taking = async move {
        let mut answers = Vec::new();
        while let Some((id, answer)) = rx.recv().await {
            let read = match answer {
                Answer::Result(result) => Some(Read::Result(result)),
                Answer::Refused(error) => Some(Read::Refused(error)),
                Answer::Long(pieces) => pieces.collect().await.map(Read::Result),
            };
            answers.push((id, read));
        }
        answers
    };
    let (read, (), answers) = tokio::join!(reading, writing, taking);
    (read, answers)
}

fn answer() -> impl Strategy<Value = Read> {
    let text = prop_oneof![
        8 => "[a-zé🦀 ]{0,20}".prop_map(|text| json_text(&text)),
        // Around the bound between whole and long, and well above.
        1 => (0..40usize).prop_map(|more| json_text(&"é".repeat(WHOLE / 2 - 20 + more))),
        1 => (0..7usize).prop_map(|more| json_text(&"x🦀".repeat(PART + more))),
    ];
    prop_oneof![
        4 => text.prop_map(Read::Result),
        1 => "[a-z]{0,9}".prop_map(|words| Read::Refused(RpcError::invalid_request(words))),
    ]
}

fn json_text(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn answers_are_read_as_they_were_written_however_they_come(
        answers in prop::collection::vec((any::<i64>(), answer()), 0..6),
        part in prop_oneof![1..8usize, Just(4096), Just(PART), Just(1 << 20)],
    ) {
        // A byte at a time only where that ends soon.
        let bytes: Vec<u8> = answers.iter().flat_map(|(id, answer)| line(*id, answer).into_bytes()).collect();
        let part = if bytes.len() > WHOLE { part.max(4093) } else { part };
        let (end, read) = block_on(read(bytes, part));
        prop_assert!(end.is_ok(), "{:?}", end);
        let expected: Vec<_> = answers.into_iter().map(|(id, answer)| (id, Some(answer))).collect();
        prop_assert!(read == expected);
    }

    #[test]
    fn nothing_that_is_no_answer_makes_it_panic(bytes: Vec<u8>, part in 1..9usize) {
        let (_, answers) = block_on(read(bytes, part));
        prop_assert!(answers.len() <= 3);
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_short_is_no_answer() {
    let long = line(7, &Read::Result(json_text(&"x".repeat(WHOLE * 2))));
    let cut = long.as_bytes()[..long.len() - 10].to_vec();
    let (end, answers) = read(cut, PART).await;
    assert_eq!(end.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(answers, [(7, None)]);
    // The short one is not there at all: its end is the helper's.
    let (end, answers) = read(b"{\"id\":1,\"result\":{}".to_vec(), PART).await;
    assert!(end.is_ok() && answers.is_empty());
}

#[tokio::test]
async fn a_long_answer_nobody_wants_does_not_hold_up_the_next() {
    let lines = [
        line(1, &Read::Result(json_text(&"x".repeat(WHOLE * 4)))),
        line(2, &Read::Result("{}".to_owned())),
    ];
    let (reader, mut writer) = tokio::io::duplex(PART);
    let mut ids = Vec::new();
    let reading = Answers::new(reader).each(|id, answer| {
        ids.push(id);
        drop(answer);
    });
    let writing = async move {
        writer.write_all(lines.concat().as_bytes()).await.unwrap();
        drop(writer);
    };
    let (end, ()) = tokio::join!(reading, writing);
    assert!(end.is_ok(), "{end:?}");
    assert_eq!(ids, [1, 2]);
}

#[tokio::test]
async fn while_nobody_takes_a_part_no_more_is_read() {
    let text = line(1, &Read::Result(json_text(&"x".repeat(16 << 20))));
    let (reader, mut writer) = tokio::io::duplex(PART);
    let (tx, mut rx) = mpsc::channel(ANSWERS);
    let mut reading =
        Box::pin(Answers::new(reader).each(move |_, answer| tx.try_send(answer).unwrap()));
    let mut writing = Box::pin(writer.write_all(text.as_bytes()));
    // Both come to rest with most of the text unwritten.
    for _ in 0..10_000 {
        assert!(futures_util::poll!(&mut reading).is_pending());
        assert!(futures_util::poll!(&mut writing).is_pending());
    }
    let Some(Answer::Long(mut pieces)) = rx.recv().await else {
        panic!("it is long");
    };
    assert!(matches!(pieces.next().await, Some(Piece::Part(_))));
}
