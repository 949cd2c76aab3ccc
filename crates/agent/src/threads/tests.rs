//! [`Threads`] against a list that is searched, and the edges of its bounds.

mod settings;

use proptest::prelude::*;
use serde_json::Value;

use self::settings::{found, held, wishes};
use super::*;

const LIMITS: ThreadLimits = ThreadLimits {
    loaded: 4,
    bytes_each: 8 << 10,
    unload_after: Duration::from_secs(10),
};

fn settings() -> Settings {
    resolve(wishes(), found(&Value::Null), held).unwrap()
}

fn now(seconds: u64) -> Now {
    Now {
        wall: i64::try_from(seconds).unwrap(),
        running: Duration::from_secs(seconds),
    }
}

#[derive(Clone, Debug)]
enum Op {
    Start(u64, bool),
    Rename(usize, &'static str),
    Unsubscribe(usize, u64),
    Leave(u64),
    Later(u64),
    Expire,
}

fn op() -> impl Strategy<Value = Op> {
    let watcher = 0..3_u64;
    prop_oneof![
        4 => (watcher.clone(), any::<bool>()).prop_map(|(who, once)| Op::Start(who, once)),
        2 => (0..6_usize, prop_oneof![Just("a"), Just(" b "), Just("\t")])
            .prop_map(|(which, name)| Op::Rename(which, name)),
        4 => (0..6_usize, watcher.clone()).prop_map(|(which, who)| Op::Unsubscribe(which, who)),
        1 => watcher.prop_map(Op::Leave),
        3 => (0..8_u64).prop_map(Op::Later),
        3 => Just(Op::Expire),
    ]
}

/// A thread in the list that is searched. Whoever begins one is its only watcher, until it is not.
#[derive(Clone, Debug, PartialEq)]
struct Naive {
    id: ThreadId,
    ephemeral: bool,
    name: Option<String>,
    watcher: Option<u64>,
    left: Option<u64>,
}

#[derive(Default)]
struct Model {
    threads: Vec<Naive>,
    all: Vec<ThreadId>,
    clock: u64,
}

impl Model {
    fn id(&self, which: usize) -> ThreadId {
        let known = self.all.iter().rev().nth(which).copied();
        known.unwrap_or_else(|| ThreadId::parse("01a1f961-263f-7132-a6a7-858fe060df22").unwrap())
    }

    fn find(&mut self, id: ThreadId) -> Option<&mut Naive> {
        self.threads.iter_mut().find(|thread| thread.id == id)
    }

    fn play(&mut self, threads: &mut Threads, op: &Op) {
        let now = now(self.clock);
        match *op {
            Op::Start(who, ephemeral) => self.start(threads, who, ephemeral, now),
            Op::Rename(which, name) => self.rename(threads, which, name, now),
            Op::Unsubscribe(which, who) => {
                let id = self.id(which);
                let clock = self.clock;
                let expected = match self.find(id) {
                    None => Unsubscribed::Unknown,
                    Some(thread) if thread.watcher == Some(who) => {
                        thread.watcher = None;
                        thread.left = Some(clock);
                        Unsubscribed::Done
                    }
                    Some(_) => Unsubscribed::WasNot,
                };
                assert_eq!(threads.unsubscribe(id, Watcher(who), now), expected);
            }
            Op::Leave(who) => {
                for thread in &mut self.threads {
                    if thread.watcher == Some(who) {
                        thread.watcher = None;
                        thread.left = Some(self.clock);
                    }
                }
                threads.leave(Watcher(who), now);
            }
            Op::Later(seconds) => self.clock += seconds,
            Op::Expire => {
                let over = |thread: &Naive| {
                    let after = LIMITS.unload_after.as_secs();
                    thread.left.is_some_and(|left| left + after <= self.clock)
                };
                let gone: Vec<_> = self.threads.iter().filter(|thread| over(thread)).collect();
                let gone: Vec<_> = gone.into_iter().map(|thread| thread.id).collect();
                assert_eq!(threads.expire(now), gone);
                self.threads.retain(|thread| !gone.contains(&thread.id));
            }
        }
    }

    fn start(&mut self, threads: &mut Threads, who: u64, ephemeral: bool, now: Now) {
        let id = ThreadId::fresh();
        let birth = Birth {
            ephemeral,
            ..Birth::default()
        };
        let left = self
            .threads
            .iter()
            .filter_map(|thread| Some((thread.left?, thread.id)));
        let longest = left.min().map(|(_, id)| id);
        let full = self.threads.len() == LIMITS.loaded;
        let started = threads.start(id, Watcher(who), (birth, settings()), now);
        if full && longest.is_none() {
            assert_eq!(started, Err(StartError::TooMany(LIMITS.loaded)));
            return;
        }
        let gone = longest.filter(|_| full);
        assert_eq!(started.unwrap().gone, gone);
        self.threads.retain(|thread| Some(thread.id) != gone);
        self.all.push(id);
        self.threads.push(Naive {
            id,
            ephemeral,
            name: None,
            watcher: Some(who),
            left: None,
        });
    }

    fn rename(&mut self, threads: &mut Threads, which: usize, name: &str, now: Now) {
        let id = self.id(which);
        let trimmed = name.trim().to_owned();
        let expected = match self.find(id) {
            _ if trimmed.is_empty() => Err(ChangeError::EmptyName),
            None => Err(ChangeError::Unknown),
            Some(thread) if thread.ephemeral => Err(ChangeError::Ephemeral),
            Some(thread) => Ok(thread.name.replace(trimmed.clone()) != Some(trimmed)),
        };
        assert_eq!(threads.rename(id, name, now), expected);
    }

    fn agrees(&self, threads: &Threads) {
        let ids: Vec<_> = self.threads.iter().map(|thread| thread.id).collect();
        assert_eq!(threads.ids(None).collect::<Vec<_>>(), ids);
        for (place, thread) in self.threads.iter().enumerate() {
            let loaded = threads.get(thread.id).unwrap();
            assert_eq!(loaded.name(), thread.name.as_deref());
            assert_eq!(loaded.is_ephemeral(), thread.ephemeral);
            let watchers: Vec<_> = loaded.watchers().map(|watcher| watcher.0).collect();
            assert_eq!(watchers, Vec::from_iter(thread.watcher));
            let behind = threads.ids(Some(thread.id)).collect::<Vec<_>>();
            assert_eq!(behind, ids[place + 1..]);
        }
        let left = self.threads.iter().filter_map(|thread| thread.left).min();
        let expiry = left.map(|left| Duration::from_secs(left) + LIMITS.unload_after);
        assert_eq!(threads.next_expiry(), expiry);
        assert!(ids.len() <= LIMITS.loaded);
    }
}

proptest! {
    #[test]
    fn threads_are_a_list(ops in prop::collection::vec(op(), 0..60)) {
        let mut threads = Threads::new(LIMITS);
        let mut model = Model::default();
        for op in &ops {
            model.play(&mut threads, op);
            model.agrees(&threads);
        }
    }

    #[test]
    fn no_text_is_an_id_but_a_uuid(text in ".{0,40}") {
        if let Ok(id) = ThreadId::parse(&text) {
            prop_assert_eq!(ThreadId::parse(&id.to_string()).unwrap(), id);
            prop_assert_eq!(id.to_string().len(), 36);
        }
    }
}

#[test]
fn fresh_ids_are_of_version_7_and_in_order() {
    let ids: Vec<_> = (0..1000).map(|_| ThreadId::fresh()).collect();
    assert!(ids.is_sorted_by(|one, next| one < next));
    assert_eq!(&ids[0].to_string()[14..15], "7");
}

#[test]
fn an_id_has_the_forms_of_a_uuid_and_no_others() {
    for same in [
        "01A1F961263F7132A6A7858FE060DF22",
        "{01a1f961-263f-7132-a6a7-858fe060df22}",
        "urn:uuid:01a1f961-263f-7132-a6a7-858fe060df22",
    ] {
        let id = ThreadId::parse(same).unwrap().to_string();
        assert_eq!(id, "01a1f961-263f-7132-a6a7-858fe060df22");
    }
    let found = "invalid character: expected an optional prefix of `urn:uuid:` followed by \
                 [0-9a-fA-F-], found";
    for (text, words) in [
        (
            "",
            "invalid length: expected length 32 for simple format, found 0".to_owned(),
        ),
        (
            "bad",
            "invalid length: expected length 32 for simple format, found 3".to_owned(),
        ),
        ("01a1f\u{e9}", format!("{found} `\u{e9}` at 6")),
        ("urn:uuid:xx", format!("{found} `x` at 10")),
        (
            "URN:UUID:01a1f961-263f-7132-a6a7-858fe060df22",
            format!("{found} `U` at 1"),
        ),
        (
            "{01a1f961-263f-7132-a6a7-858fe060df22",
            format!("{found} `{{` at 1"),
        ),
        ("{01a1f961263f7132a6a7858fe060df22}", group_count(1)),
        ("01a1f961-263f-7132-a6a7-858f-e060df22", group_count(6)),
        ("----", group_length(0, 8, 0)),
        (
            "01a1f961-263f-7132-a6a7858f-e060df22",
            group_length(3, 4, 8),
        ),
        (
            "01a1f961-263f-7132-a6a7-858fe060df2",
            group_length(4, 12, 11),
        ),
        (
            "{01a1f961-263f-7132-a6a7-858fe060df2233}",
            group_length(4, 12, 16),
        ),
    ] {
        assert_eq!(
            ThreadId::parse(text).unwrap_err().to_string(),
            words,
            "{text}"
        );
    }
}

fn group_count(found: usize) -> String {
    format!("invalid group count: expected 5, found {found}")
}

fn group_length(group: usize, expected: usize, found: usize) -> String {
    format!("invalid group length in group {group}: expected {expected}, found {found}")
}

#[test]
fn a_thread_holds_so_much_text_and_no_more() {
    let mut threads = Threads::new(LIMITS);
    let id = ThreadId::fresh();
    let begun = (Birth::default(), settings());
    threads.start(id, Watcher(1), begun, now(0)).unwrap();
    // With a name, the member is a string and not null.
    let empty = threads.get(id).unwrap().weight() - "null".len() + "\"\"".len();
    let room = LIMITS.bytes_each - empty;
    assert_eq!(threads.rename(id, &"n".repeat(room), now(1)), Ok(true));
    let too_long = TooLong {
        limit: LIMITS.bytes_each,
    };
    let refused = threads.rename(id, &"m".repeat(room + 1), now(2));
    assert_eq!(refused, Err(ChangeError::TooLong(too_long)));
    let change = Change {
        service_tier: Some("slower".to_owned()),
        ..Change::default()
    };
    let refused = threads.change(id, change, now(3));
    assert_eq!(refused, Err(ChangeError::TooLong(too_long)));
    let kept = threads.get(id).unwrap().shown();
    assert_eq!((kept.name.unwrap().len(), kept.updated_at), (room, 1));

    let birth = Birth {
        thread_source: Some("s".repeat(LIMITS.bytes_each)),
        ..Birth::default()
    };
    let refused = threads.start(ThreadId::fresh(), Watcher(1), (birth, settings()), now(4));
    assert_eq!(refused, Err(StartError::TooLong(too_long)));
    assert_eq!(threads.ids(None).count(), 1);
}
