use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const TTL: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
enum Op {
    Open,
    Resume(usize),
    TakeOver(usize),
    Detach(usize),
    Wait(u64),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        2 => Just(Op::Open),
        3 => (0..6usize).prop_map(Op::Resume),
        1 => (0..6usize).prop_map(Op::TakeOver),
        3 => (0..6usize).prop_map(Op::Detach),
        2 => (0..8u64).prop_map(Op::Wait),
    ];
    prop::collection::vec(op, 0..60)
}

/// The model: per session, who is attached or since when nobody is.
type Model = BTreeMap<usize, Result<u64, u64>>;

proptest! {
    #[test]
    fn one_connection_at_most_and_no_expiry_while_attached(ops in ops()) {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let (mut sessions, mut model) = (Sessions::<usize, u64>::new(TTL, 100), Model::new());
        let (mut now, mut connection, mut opened) = (0, 0, 0);
        for op in ops {
            connection += 1;
            match op {
                Op::Open => {
                    sessions.open(opened.to_string(), opened, (connection, connection), |_| false).unwrap();
                    model.insert(opened, Ok(connection));
                    opened += 1;
                }
                Op::Resume(which) => {
                    let expected = match model.get(&which) {
                        None => Resume::Unknown,
                        Some(Ok(held)) => Resume::Attached { connection: *held, client: *held },
                        Some(Err(_)) => {
                            model.insert(which, Ok(connection));
                            Resume::Resumed(which)
                        }
                    };
                    let got = sessions.resume(&which.to_string(), (connection, connection), None);
                    prop_assert_eq!(got, expected);
                }
                Op::TakeOver(which) => {
                    let Some(Ok(held)) = model.get(&which).copied() else { continue };
                    let id = which.to_string();
                    let got = sessions.resume(&id, (connection, connection), Some(held));
                    prop_assert_eq!(got, Resume::Resumed(which));
                    prop_assert!(!sessions.detach(&id, held, at(now)));
                    model.insert(which, Ok(connection));
                }
                Op::Detach(which) => {
                    let Some(Ok(held)) = model.get(&which).copied() else { continue };
                    prop_assert!(sessions.detach(&which.to_string(), held, at(now)));
                    model.insert(which, Err(now));
                }
                Op::Wait(seconds) => {
                    now += seconds;
                    let mut gone = sessions.expire(at(now));
                    gone.sort_unstable();
                    let due = |state: &Result<u64, u64>| state.is_err_and(|since| now - since >= 10);
                    let expected: Vec<_> =
                        model.iter().filter(|(_, s)| due(s)).map(|(id, _)| *id).collect();
                    prop_assert_eq!(&gone, &expected);
                    model.retain(|id, _| !expected.contains(id));
                }
            }
            let next = model.values().filter_map(|s| s.err()).min().map(|since| at(since) + TTL);
            prop_assert_eq!(sessions.next_expiry(), next);
            prop_assert_eq!(sessions.len(), model.len());
        }
    }
}

#[test]
fn a_full_server_gives_up_the_oldest_session_with_nothing_to_lose() {
    let start = Instant::now();
    let mut sessions = Sessions::<&str, ()>::new(TTL, 2);
    let open = |sessions: &mut Sessions<&'static str, ()>, id: &'static str| {
        sessions.open(id.to_owned(), id, (1, ()), |session| *session != "busy")
    };
    open(&mut sessions, "busy").unwrap();
    open(&mut sessions, "idle").unwrap();
    assert_eq!(open(&mut sessions, "third"), Err(Full { limit: 2 }));
    sessions.detach("busy", 1, start);
    assert_eq!(open(&mut sessions, "third"), Err(Full { limit: 2 }));
    sessions.detach("idle", 1, start + Duration::from_secs(1));
    open(&mut sessions, "third").unwrap();
    assert_eq!(sessions.resume("idle", (2, ()), None), Resume::Unknown);
    assert_eq!(
        sessions.resume("busy", (2, ()), None),
        Resume::Resumed("busy")
    );
}
