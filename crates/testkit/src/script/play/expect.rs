//! The steps that wait for something.

use std::time::Instant;

use serde_json::Value;

use super::{PATIENCE, Player};
use crate::{
    connection::Incoming,
    script::{
        matching::{self, Kept},
        parse::How,
    },
};

impl Player<'_> {
    pub(super) fn expect(&mut self, name: &str, how: How, json: &str) -> Result<(), String> {
        let expected = self.json(json)?;
        let found = if how == How::Next {
            if !self.line(name)?.inbox.is_empty() {
                return Err("something else came before".to_owned());
            }
            self.receive(name, Instant::now() + PATIENCE)?
                .ok_or("the connection ended")?
        } else {
            self.until(name, |line| line.take(&expected))?
        };
        if how == How::Next {
            // It was filed like any other; here it is taken.
            let inbox = &mut self.line(name)?.inbox;
            inbox.pop_back_if(|message| *message == found);
        }
        let mut kept = Kept::new();
        matching::compare(&expected, &found, how == How::Exact, &mut kept)
            .map_err(|reason| format!("{reason}\n  found {found}"))?;
        self.variables.extend(kept);
        Ok(())
    }

    pub(super) fn events(&mut self, name: &str, process: &str, json: &str) -> Result<(), String> {
        let (process, expected) = (self.filled(process)?, self.json(json)?);
        let asked = expected.as_object().ok_or("events are an object")?.clone();
        let first = asked.get("first").and_then(Value::as_u64).unwrap_or(1);
        let found = self.until(name, |line| {
            let events = line.events.get_mut(&process)?;
            events.complete(first).then(|| {
                events.taken = true;
                events.summary(&asked)
            })
        })?;
        let mut kept = Kept::new();
        matching::compare(&expected, &found, true, &mut kept)?;
        self.variables.extend(kept);
        Ok(())
    }

    pub(super) fn ended(&mut self, name: &str, code: Option<u16>) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        while self.receive(name, deadline)?.is_some() {}
        let end = self.line(name)?.end.clone();
        match (code, end) {
            (None, Some(Incoming::End)) => Ok(()),
            (Some(code), Some(Incoming::Close(Some((found, _))))) if code == found => Ok(()),
            (_, end) => Err(format!("it ended with {end:?}")),
        }
    }

    /// Closes what is open and looks at what nobody expected.
    pub(super) fn end(&mut self) -> Result<(), String> {
        let names: Vec<String> = self.connections.keys().cloned().collect();
        for name in &names {
            self.line(name)?.connection.close();
            let deadline = Instant::now() + PATIENCE;
            while self.receive(name, deadline)?.is_some() {}
            if let Some(message) = self.line(name)?.inbox.front() {
                return Err(format!("{name} was not expected to get {message}"));
            }
        }
        self.connections.clear();
        self.server.stop()
    }
}
