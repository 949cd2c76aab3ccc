//! What the client does in a sandbox: the server raises the walls, the client only says which.

mod approvals;
mod commands;
mod names;
mod network;
mod nobody;
mod patches;
mod profile;
mod terminals;

use serde_json::Value;

use crate::{
    held::Held,
    told::{End, Told},
};

/// The client's sandbox that lets its folder be written and nothing be reached.
const WORKSPACE: Held = Held::WorkspaceWrite { network: false };

/// What `sandboxType` says of every command that was started with a policy.
const WALLED: &str = "linuxSeccomp";

/// The message of the error that a file call outside the policy is answered with.
const READ_ONLY: &str = "Read-only file system (os error 30)";

/// The ends of a story in which every command was walled in.
fn walled(told: &Told) -> Vec<End> {
    let ends = told.ends();
    for end in &ends {
        assert!(!end.run.start["sandbox"].is_null(), "a policy was sent");
        assert_eq!(end.sandbox, WALLED);
    }
    ends
}

/// The only end of such a story.
fn walled_one(told: &Told) -> End {
    let mut ends = walled(told);
    assert_eq!(ends.len(), 1, "one command ran");
    ends.remove(0)
}

/// The requests with this method that carried a policy: their params and the answers, whole.
fn answers(told: &Told, method: &str) -> Vec<(Value, Value)> {
    let heard = || told.wire.heard().iter();
    let held = heard().filter(|heard| {
        heard.message["method"] == method && !heard.message["params"]["sandbox"].is_null()
    });
    let answers = held.map(|asked| {
        let answer = heard().find(|heard| {
            heard.connection == asked.connection
                && heard.from != asked.from
                && heard.message["id"] == asked.message["id"]
        });
        let answer = answer.expect("it was answered").message.clone();
        (asked.message["params"].clone(), answer)
    });
    answers.collect()
}
