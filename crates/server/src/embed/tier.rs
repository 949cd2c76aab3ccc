//! Which notifications are never dropped. Pure.
//!
//! Kept are those whose loss cannot be made up for: pieces of a text or of an output, the end of
//! something that a client may be waiting for, and what a client has to undo. What is told again,
//! or can be asked for, may be dropped.

/// What becomes of a notification when there is no room for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tier {
    /// It waits for room, and what comes after it with it.
    Kept,
    /// It is dropped and counted, unless everything is to be kept.
    BestEffort,
}

/// Names that are kept although their last word does not say so.
const KEPT: [&str; 7] = [
    "thread/settings/updated",
    "item/fileChange/patchUpdated",
    "item/reasoning/summaryPartAdded",
    "serverRequest/resolved",
    "thread/realtime/transcript/done",
    "fs/changed",
    "error",
];

/// The tier of a notification. Names that are not known yet are told by their last word, so that
/// a server that is newer loses no text here.
pub(super) fn of(method: &str) -> Tier {
    let last = method.rsplit_once('/').map(|(_, last)| last);
    let ends = match last {
        Some("completed" | "exited" | "closed" | "delta") => true,
        Some(last) => last.ends_with("Delta") || last.ends_with("Completed"),
        None => false,
    };
    if ends || KEPT.contains(&method) {
        Tier::Kept
    } else {
        Tier::BestEffort
    }
}

#[cfg(test)]
mod tests {
    use outpost_protocol::app::table::NOTIFICATIONS;
    use proptest::prelude::*;

    use super::*;

    /// All that are kept, of the names that are known.
    const EXPECTED: [&str; 32] = [
        "error",
        "thread/closed",
        "thread/settings/updated",
        "turn/completed",
        "hook/completed",
        "item/autoApprovalReview/completed",
        "item/completed",
        "item/agentMessage/delta",
        "item/plan/delta",
        "command/exec/outputDelta",
        "process/outputDelta",
        "process/exited",
        "item/commandExecution/outputDelta",
        "item/fileChange/outputDelta",
        "item/fileChange/patchUpdated",
        "serverRequest/resolved",
        "mcpServer/oauthLogin/completed",
        "externalAgentConfig/import/completed",
        "fs/changed",
        "item/reasoning/summaryTextDelta",
        "item/reasoning/summaryPartAdded",
        "item/reasoning/textDelta",
        "modelProvider/authRecoveryCompleted",
        "fuzzyFileSearch/sessionCompleted",
        "thread/realtime/item/transcript/delta",
        "thread/realtime/item/completed",
        "thread/realtime/transcript/delta",
        "thread/realtime/transcript/done",
        "thread/realtime/outputAudio/delta",
        "thread/realtime/closed",
        "windowsSandbox/setupCompleted",
        "account/login/completed",
    ];

    #[test]
    fn the_kept_ones_are_these() {
        let names = NOTIFICATIONS.iter().map(|entry| entry.name);
        let kept: Vec<_> = names.filter(|name| of(name) == Tier::Kept).collect();

        assert_eq!(kept, EXPECTED);
    }

    proptest! {
        #[test]
        fn every_piece_of_a_text_is_kept(family in "[a-zA-Z]{1,8}(/[a-zA-Z]{1,8}){0,2}", word in "[a-z]{1,8}") {
            for name in [
                format!("{family}/delta"),
                format!("{family}/{word}Delta"),
                format!("{family}/{word}Completed"),
                format!("{family}/completed"),
                format!("{family}/exited"),
            ] {
                prop_assert_eq!(of(&name), Tier::Kept, "{}", name);
            }
        }

        #[test]
        fn nothing_else_is(family in "[a-zA-Z]{1,8}", word in "[a-z]{1,12}") {
            let name = format!("{family}/{word}");
            let is_end = ["delta", "completed", "exited", "closed"].contains(&word.as_str());
            prop_assert_eq!(of(&name) == Tier::Kept, is_end || KEPT.contains(&name.as_str()));
        }
    }
}
