//! What an exec-server and its client said to each other, put together again.
//!
//! [`Wire`] takes the messages of one or more connections and gives the
//! [`Run`] of each process: how it was started and every event of it, in
//! sequence, from notifications and from the answers to `process/read` alike.
//! Pure: it judges a transcript, wherever that came from.

mod run;

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::proxy::{Recording, Side};

pub use run::{Event, Run};
use run::{seq, text};

/// One message and where it was heard.
#[derive(Debug, Clone)]
pub struct Heard {
    /// The number of the connection.
    pub connection: u32,
    /// Who said it.
    pub from: Side,
    /// The message.
    pub message: Value,
}

/// A conversation.
#[derive(Debug, Default)]
pub struct Wire(Vec<Heard>);

// === impl Wire ===

impl Wire {
    /// The text messages of a recording that are JSON.
    pub fn of(recording: &Recording) -> Self {
        let entries = recording.entries();
        let heard = entries.iter().filter_map(|entry| {
            let (connection, from) = (entry.connection, entry.from);
            entry.json().map(|message| Heard {
                connection,
                from,
                message,
            })
        });
        Self(heard.collect())
    }

    /// One connection from its two directions, each a JSON text per line.
    pub fn of_lines(client: &str, server: &str) -> Self {
        let side = |lines: &str, from| -> Vec<Heard> {
            let messages = lines
                .lines()
                .filter_map(|line| serde_json::from_str(line).ok());
            messages
                .map(|message| Heard {
                    connection: 1,
                    from,
                    message,
                })
                .collect()
        };
        let mut heard = side(client, Side::Client);
        heard.extend(side(server, Side::Server));
        Self(heard)
    }

    /// Everything in the order it was heard.
    pub fn heard(&self) -> &[Heard] {
        &self.0
    }

    /// The params of every request or notification the client sent with this
    /// method, in order.
    pub fn asked(&self, method: &str) -> Vec<&Value> {
        let asked = self.0.iter().filter(|heard| heard.from == Side::Client);
        asked
            .filter(|heard| heard.message["method"] == method)
            .map(|heard| &heard.message["params"])
            .collect()
    }

    /// The results of the requests with this method, in the order of the
    /// answers.
    pub fn answered(&self, method: &str) -> Vec<&Value> {
        let pairs = self.exchanges();
        pairs
            .filter(|(asked, _)| asked["method"] == method)
            .map(|(_, result)| result)
            .collect()
    }

    /// Every process that was started, in order.
    ///
    /// # Panics
    /// When two events of a process have one number and differ.
    pub fn runs(&self) -> Vec<Run> {
        let mut order = Vec::new();
        let mut runs: HashMap<String, Run> = HashMap::new();
        for params in self.asked("process/start") {
            let id = text(&params["processId"]);
            let (events, by_connection) = (BTreeMap::new(), BTreeMap::new());
            order.push(id.clone());
            runs.insert(
                id,
                Run {
                    start: params.clone(),
                    events,
                    by_connection,
                },
            );
        }
        for heard in self.0.iter().filter(|heard| heard.from == Side::Server) {
            let params = &heard.message["params"];
            if let Some(event) = Event::of(&heard.message)
                && let Some(run) = runs.get_mut(&text(&params["processId"]))
            {
                run.add(heard.connection, seq(params), event);
            }
        }
        for (asked, read, connection) in self.reads() {
            if let Some(run) = runs.get_mut(&text(&asked["params"]["processId"])) {
                for chunk in read["chunks"].as_array().into_iter().flatten() {
                    run.add(connection, seq(chunk), Event::output(chunk));
                }
            }
        }
        order.iter().filter_map(|id| runs.remove(id)).collect()
    }

    fn reads(&self) -> impl Iterator<Item = (&Value, &Value, u32)> {
        let requests = self.requests();
        self.0
            .iter()
            .filter(|heard| heard.from == Side::Server)
            .filter_map(move |heard| {
                let key = (heard.connection, heard.message.get("id")?.to_string());
                let asked = *requests.get(&key)?;
                let result = heard.message.get("result")?;
                (asked["method"] == "process/read").then_some((asked, result, heard.connection))
            })
    }

    fn exchanges(&self) -> impl Iterator<Item = (&Value, &Value)> {
        let requests = self.requests();
        self.0
            .iter()
            .filter(|heard| heard.from == Side::Server)
            .filter_map(move |heard| {
                let key = (heard.connection, heard.message.get("id")?.to_string());
                Some((*requests.get(&key)?, heard.message.get("result")?))
            })
    }

    fn requests(&self) -> HashMap<(u32, String), &Value> {
        let asked = self.0.iter().filter(|heard| heard.from == Side::Client);
        asked
            .filter_map(|heard| {
                let id = heard.message.get("id")?.to_string();
                Some(((heard.connection, id), &heard.message))
            })
            .collect()
    }
}

/// Base64 with padding, as it is on the wire.
pub fn encode(bytes: &[u8]) -> String {
    base64_simd::STANDARD.encode_to_string(bytes)
}

/// The bytes of base64 with padding; nothing when it is none.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    base64_simd::STANDARD.decode_to_vec(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = r#"{"id":1,"method":"process/start","params":{"processId":"p"}}
{"id":2,"method":"process/read","params":{"processId":"p","afterSeq":1}}"#;

    fn server(closed: u64) -> String {
        format!(
            r#"{{"id":1,"result":{{}}}}
{{"method":"process/output","params":{{"processId":"p","seq":1,"stream":"stdout","chunk":"YQ=="}}}}
{{"id":2,"result":{{"chunks":[{{"seq":2,"stream":"stdout","chunk":"Yg=="}}]}}}}
{{"method":"process/exited","params":{{"processId":"p","seq":3,"exitCode":4}}}}
{{"method":"process/closed","params":{{"processId":"p","seq":{closed}}}}}"#
        )
    }

    #[test]
    fn notifications_and_reads_make_one_run() {
        let wire = Wire::of_lines(CLIENT, &server(4));
        let runs = wire.runs();
        assert_eq!(runs.len(), 1);
        runs[0].assert_whole();
        assert_eq!(runs[0].text("stdout"), "ab");
        assert_eq!(runs[0].exit_code(), Some(4));
        assert_eq!(wire.answered("process/read").len(), 1);
    }

    #[test]
    #[should_panic(expected = "there are holes")]
    fn a_hole_is_found() {
        Wire::of_lines(CLIENT, &server(5)).runs()[0].assert_whole();
    }

    #[test]
    #[should_panic(expected = "differs")]
    fn two_events_with_one_number_are_found() {
        Wire::of_lines(CLIENT, &server(2)).runs();
    }
}
