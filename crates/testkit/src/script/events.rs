//! The events of one process, as a script expects them. Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::wire;

/// The events of one process on one connection.
#[derive(Debug, Default)]
pub(super) struct Events {
    by_seq: BTreeMap<u64, Value>,
    /// The streams that met their cap, as the members that say so.
    cut: Map<String, Value>,
    /// Whether a step has taken them, after which there must be none.
    pub(super) taken: bool,
}

impl Events {
    /// Adds the notification `method` with `params`.
    pub(super) fn add(&mut self, method: &str, params: &Value) -> Result<(), String> {
        if self.taken {
            return Err(format!("{method} after the close: {params}"));
        }
        let seq = params["seq"]
            .as_u64()
            .ok_or_else(|| format!("no seq: {params}"))?;
        let event = json!({ "method": method, "params": params });
        match self.by_seq.insert(seq, event) {
            None => Ok(()),
            Some(_) => Err(format!("event {seq} came twice: {params}")),
        }
    }

    /// Adds output of the app face, which has no numbers: it is in order.
    pub(super) fn told(&mut self, params: &Value) -> Result<(), String> {
        let (stream, chunk) = (&params["stream"], &params["deltaBase64"]);
        let reached = params["capReached"]
            .as_bool()
            .ok_or_else(|| format!("no capReached: {params}"))?;
        if reached {
            let cut = format!("{}CapReached", stream.as_str().unwrap_or_default());
            self.cut.insert(cut, Value::Bool(true));
        }
        self.append(
            "process/output",
            json!({ "stream": stream, "chunk": chunk }),
        )
    }

    /// Adds the end of a command or process of the app face, with the output that was kept.
    pub(super) fn ended(&mut self, end: &Value) -> Result<(), String> {
        for stream in ["stdout", "stderr"] {
            let kept = end[stream].as_str().unwrap_or_default();
            if !kept.is_empty() {
                let chunk = wire::encode(kept.as_bytes());
                self.append(
                    "process/output",
                    json!({ "stream": stream, "chunk": chunk }),
                )?;
            }
        }
        let mut exited = end.clone();
        if let Some(members) = exited.as_object_mut() {
            for (name, value) in &self.cut {
                members.entry(name).or_insert_with(|| value.clone());
            }
        }
        self.append("process/exited", exited)?;
        self.append("process/closed", json!({}))
    }

    fn append(&mut self, method: &str, params: Value) -> Result<(), String> {
        if self.complete(1) {
            return Err(format!("{method} after the end: {params}"));
        }
        let (seq, mut params) = (self.by_seq.len() + 1, params);
        params["seq"] = json!(seq);
        self.add(method, &params)
    }

    /// Whether every event from `first` to the close is here.
    pub(super) fn complete(&self, first: u64) -> bool {
        let Some((&last, event)) = self.by_seq.last_key_value() else {
            return false;
        };
        let count = self.by_seq.len() as u64;
        event["method"] == "process/closed" && last + 1 == first + count
    }

    /// The bytes of one stream so far, or of all, as text.
    pub(super) fn output(&self, stream: Option<&str>) -> String {
        let mut all = Vec::new();
        for event in self.by_seq.values() {
            let params = &event["params"];
            let wanted = stream.is_none_or(|stream| params["stream"] == stream);
            if let Some(chunk) = params["chunk"].as_str().filter(|_| wanted) {
                all.extend(wire::decode(chunk).unwrap_or_else(|| b"<no base64>".to_vec()));
            }
        }
        String::from_utf8_lossy(&all).into_owned()
    }

    /// What came of it, in the words of a script: the members that `asked`
    /// holds.
    pub(super) fn summary(&self, asked: &Map<String, Value>) -> Value {
        let exited = self
            .by_seq
            .values()
            .find(|event| event["method"] == "process/exited");
        let exited = exited.map(|event| &event["params"]);
        let members = asked.keys().map(|name| {
            let value = match name.as_str() {
                "stdout" | "stderr" | "pty" => json!(self.output(Some(name))),
                "first" => json!(self.by_seq.keys().next()),
                other => exited
                    .and_then(|exited| exited.get(other))
                    .cloned()
                    .unwrap_or(json!(null)),
            };
            (name.clone(), value)
        });
        Value::Object(members.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_complete_when_the_close_follows_the_first_without_a_hole() {
        let mut events = Events::default();
        let chunk = wire::encode(b"hi");
        events.add("process/closed", &json!({ "seq": 3 })).unwrap();
        assert!(!events.complete(1));
        events
            .add(
                "process/output",
                &json!({ "seq": 1, "stream": "pty", "chunk": chunk }),
            )
            .unwrap();
        assert!(!events.complete(1));
        events
            .add("process/exited", &json!({ "seq": 2, "exitCode": 5 }))
            .unwrap();
        assert!(events.complete(1));
        let asked = json!({ "pty": 0, "exitCode": 0, "stdout": 0 });
        let found = events.summary(asked.as_object().unwrap());
        assert_eq!(found, json!({ "pty": "hi", "exitCode": 5, "stdout": "" }));
        assert!(events.add("process/exited", &json!({ "seq": 2 })).is_err());
    }

    #[test]
    fn events_without_numbers_end_with_what_was_kept_and_nothing_follows() {
        let mut events = Events::default();
        let told =
            json!({ "stream": "stdout", "deltaBase64": wire::encode(b"a"), "capReached": true });
        events.told(&told).unwrap();
        assert!(!events.complete(1));
        let end = json!({ "exitCode": 3, "stdout": "", "stderr": "e" });
        events.ended(&end).unwrap();
        assert!(events.complete(1));
        let asked = json!({ "stdout": 0, "stderr": 0, "exitCode": 0, "stdoutCapReached": 0 });
        assert_eq!(
            events.summary(asked.as_object().unwrap()),
            json!({ "stdout": "a", "stderr": "e", "exitCode": 3, "stdoutCapReached": true })
        );
        assert!(events.told(&told).is_err());
        assert!(events.ended(&end).is_err());
    }
}
