//! What a client without `experimentalApi` may not use.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::{Surface, request};

use self::Gate::{Granular, Some as Given, True};

/// When a member of a request counts as used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// When it is there and not `null`, even if it is empty.
    Some,
    /// When it is `true`.
    True,
    /// When it is an approval policy with members.
    Granular,
}

/// The experimental members of the stable requests: request, member, when it counts. In the order
/// in which they are looked at.
pub const GATED: [(&str, &str, Gate); 49] = [
    ("thread/start", "allowProviderModelFallback", True),
    ("thread/start", "runtimeWorkspaceRoots", Given),
    ("thread/start", "approvalPolicy", Granular),
    ("thread/start", "permissions", Given),
    ("thread/start", "multiAgentMode", Given),
    ("thread/start", "historyMode", Given),
    ("thread/start", "projectId", Given),
    ("thread/start", "daybreakEnabled", Given),
    ("thread/start", "environments", Given),
    ("thread/start", "dynamicTools", Given),
    ("thread/start", "selectedCapabilityRoots", Given),
    ("thread/start", "mockExperimentalField", Given),
    ("thread/start", "experimentalRawEvents", True),
    ("thread/resume", "history", Given),
    ("thread/resume", "path", Given),
    ("thread/resume", "runtimeWorkspaceRoots", Given),
    ("thread/resume", "approvalPolicy", Granular),
    ("thread/resume", "permissions", Given),
    ("thread/resume", "initialTurnsPage", Given),
    ("thread/fork", "experimentalPredictionMode", True),
    ("thread/fork", "experimentalDisablePredictionMcp", True),
    ("thread/fork", "beforeTurnId", Given),
    ("thread/fork", "path", Given),
    ("thread/fork", "runtimeWorkspaceRoots", Given),
    ("thread/fork", "approvalPolicy", Granular),
    ("thread/fork", "permissions", Given),
    ("thread/fork", "attachToSource", True),
    ("thread/fork", "deferGoalContinuation", True),
    ("thread/metadata/update", "projectId", Given),
    ("thread/metadata/update", "daybreakEnabled", Given),
    ("thread/list", "includeAttachedThreads", True),
    ("thread/list", "projectId", Given),
    ("thread/list", "parentThreadId", Given),
    ("thread/list", "ancestorThreadId", Given),
    ("thread/list", "attachedToThreadId", Given),
    ("turn/start", "responsesapiClientMetadata", Given),
    ("turn/start", "responsesapiClientMetadataPatch", Given),
    ("turn/start", "additionalContext", Given),
    ("turn/start", "environments", Given),
    ("turn/start", "runtimeWorkspaceRoots", Given),
    ("turn/start", "approvalPolicy", Granular),
    ("turn/start", "permissions", Given),
    ("turn/start", "collaborationMode", Given),
    ("turn/start", "multiAgentMode", Given),
    ("turn/start", "cyberAccessProgram", Given),
    ("turn/steer", "responsesapiClientMetadata", Given),
    ("turn/steer", "responsesapiClientMetadataPatch", Given),
    ("turn/steer", "additionalContext", Given),
    ("command/exec", "permissionProfile", Given),
];

/// What of a request needs `experimentalApi`: the words for a client that did not say it. The
/// parameters are those of a request that decodes; the reference looks at that first.
#[must_use]
pub fn gated(method: &str, params: Option<&RawValue>) -> Option<String> {
    if request(method)?.surface == Surface::Experimental {
        return Some(needs(method));
    }
    let mut rows = GATED.iter().filter(|row| row.0 == method).peekable();
    rows.peek()?;
    // An array in place of an object has no names to look for.
    let members: HashMap<String, &RawValue> = serde_json::from_str(params?.get()).ok()?;
    rows.find_map(|(_, member, gate)| {
        let value = members.get(*member)?.get();
        match gate {
            Given => (value != "null").then(|| needs(&format!("{method}.{member}"))),
            True => (value == "true").then(|| needs(&format!("{method}.{member}"))),
            Granular => value
                .starts_with('{')
                .then(|| needs("askForApproval.granular")),
        }
    })
}

fn needs(what: &str) -> String {
    format!("{what} requires experimentalApi capability")
}
