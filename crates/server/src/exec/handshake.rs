//! What a connection may ask when, and the refusals' words.

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing was said.
    New,
    /// `initialize` was answered.
    Initialized,
    /// `initialized` came: everything may be asked.
    Ready,
}

/// The refusal of a method in this phase; `None` lets it pass.
pub(crate) fn refusal(phase: Phase, method: &str) -> Option<String> {
    let initialize = method == "initialize";
    match phase {
        Phase::New if initialize => None,
        Phase::New => Some(format!(
            "client must call initialize before using {} methods",
            family(method)
        )),
        Phase::Initialized | Phase::Ready if initialize => {
            Some("initialize may only be sent once per connection".to_owned())
        }
        Phase::Initialized => Some(format!(
            "client must send initialized before using {} methods",
            family(method)
        )),
        Phase::Ready => None,
    }
}

/// The refusal of every method after another connection took the session.
pub(crate) const SUPERSEDED: &str = "session has been resumed by another connection";

fn family(method: &str) -> &'static str {
    match method {
        "environment/info" => "environment info",
        "environment/status" => "environment status",
        "environmentConfig/read" => "environment config",
        "capabilityRoots/discoverV1" | "capabilities/discoverV2" => "capability discovery",
        _ if method.starts_with("process/") => "exec",
        _ if method.starts_with("fs/") => "filesystem",
        _ => "http",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_phase_refuses_in_the_words_of_the_reference() {
        let words = |phase, method| refusal(phase, method).unwrap_or_default();
        assert_eq!(
            words(Phase::New, "process/start"),
            "client must call initialize before using exec methods"
        );
        assert_eq!(
            words(Phase::Initialized, "environment/info"),
            "client must send initialized before using environment info methods"
        );
        assert_eq!(
            words(Phase::Initialized, "fs/copy"),
            "client must send initialized before using filesystem methods"
        );
        for phase in [Phase::Initialized, Phase::Ready] {
            assert_eq!(
                words(phase, "initialize"),
                "initialize may only be sent once per connection"
            );
        }
        assert_eq!(words(Phase::New, "initialize"), "");
        assert_eq!(words(Phase::Ready, "http/request"), "");
    }
}
