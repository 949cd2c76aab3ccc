//! What a connection may ask when, who it says it is, and the refusals' words. Pure.

use std::collections::BTreeSet;

use outpost_protocol::{
    RpcError,
    app::{
        session::{ClientInfo, InitializeParams},
        table,
    },
    code,
    exec::REFERENCE_VERSION,
};
use serde_json::value::RawValue;

/// A client that has introduced itself. Each connection has its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// What it calls itself.
    pub(super) name: String,
    /// It knows the experimental methods and members.
    pub(super) experimental: bool,
    /// Notifications it does not want, by their exact names.
    unwanted: BTreeSet<String>,
}

// === impl Identity ===

impl Identity {
    pub(super) fn new(params: &InitializeParams) -> Result<Self, RpcError> {
        let name = &params.client_info.name;
        if !is_header_value(name) {
            return Err(RpcError::invalid_request(format!(
                "Invalid clientInfo.name: '{name}'. Must be a valid HTTP header value."
            )));
        }
        let capabilities = params.capabilities.clone().unwrap_or_default();
        let unwanted = capabilities.opt_out_notification_methods;
        Ok(Self {
            name: name.clone(),
            experimental: capabilities.experimental_api,
            unwanted: unwanted.into_iter().flatten().collect(),
        })
    }

    /// Whether the client is to be told of this.
    pub(super) fn wants(&self, notification: &str) -> bool {
        !self.unwanted.contains(notification)
    }
}

/// The refusal of a request as far as the connection has come, and of experimental methods and
/// members to a client that did not say that it knows them. The one place where this is decided.
pub(super) fn refusal(
    client: Option<&Identity>,
    method: &str,
    params: Option<&RawValue>,
) -> Option<RpcError> {
    let words = match (client, method) {
        (None, "initialize") => return None,
        (None, _) => "Not initialized".to_owned(),
        (Some(_), "initialize") => "Already initialized".to_owned(),
        (Some(client), _) if client.experimental => return None,
        (Some(_), _) => table::gated(method, params)?,
    };
    Some(RpcError::invalid_request(words))
}

/// The refusal of a method that is not served: there is none of this name, or the client may not
/// ask for it, or this server does not have it.
pub(super) fn unserved(client: Option<&Identity>, method: &str) -> RpcError {
    let Some(entry) = table::request(method) else {
        let words = table::unknown_request(method);
        return RpcError::invalid_request(format!("Invalid request: {words}"));
    };
    refusal(client, method, None).unwrap_or_else(|| {
        let words = entry.refusal();
        let words = words.unwrap_or_else(|| format!("{method} is not supported yet"));
        RpcError::new(code::METHOD_NOT_FOUND, words)
    })
}

/// How the server introduces itself: the first word is the client's own and the version that of
/// the protocol, as clients expect.
pub(super) fn user_agent(client: &ClientInfo, kernel: &str) -> String {
    let ClientInfo { name, version, .. } = client;
    format!(
        "{name}/{REFERENCE_VERSION} (Linux {kernel}; {}) outpost/{} ({name}; {version})",
        std::env::consts::ARCH,
        env!("CARGO_PKG_VERSION"),
    )
}

/// Whether a text may be the value of an HTTP header.
fn is_header_value(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte == b'\t' || (byte >= b' ' && byte != 127))
}

#[cfg(test)]
mod tests {
    use outpost_protocol::app::{session::InitializeCapabilities, table::Gate};

    use super::*;

    fn params(name: &str, experimental: bool) -> InitializeParams {
        InitializeParams {
            client_info: ClientInfo {
                name: name.to_owned(),
                title: None,
                version: "1".to_owned(),
            },
            capabilities: Some(InitializeCapabilities {
                experimental_api: experimental,
                opt_out_notification_methods: Some(vec!["process/exited".to_owned()]),
                ..InitializeCapabilities::default()
            }),
        }
    }

    fn words(refusal: Option<RpcError>) -> String {
        refusal.map_or_else(String::new, |refusal| refusal.message)
    }

    #[test]
    fn a_connection_may_ask_what_it_has_come_far_enough_for() {
        let plain = Identity::new(&params("p", false)).unwrap();
        let experimental = Identity::new(&params("p", true)).unwrap();
        let asked = |client, method| words(refusal(client, method, None));
        assert_eq!(asked(None, "initialize"), "");
        assert_eq!(asked(None, "command/exec"), "Not initialized");
        assert_eq!(asked(Some(&plain), "initialize"), "Already initialized");
        assert_eq!(asked(Some(&plain), "command/exec"), "");
        assert_eq!(
            asked(Some(&plain), "process/kill"),
            "process/kill requires experimentalApi capability"
        );
        assert_eq!(asked(Some(&experimental), "process/kill"), "");
    }

    #[test]
    fn every_experimental_member_is_gated_here_for_every_method() {
        let plain = Identity::new(&params("p", false)).unwrap();
        let experimental = Identity::new(&params("p", true)).unwrap();
        for (method, member, gate) in table::GATED {
            let (value, what) = match gate {
                Gate::Some => ("[]", format!("{method}.{member}")),
                Gate::True => ("true", format!("{method}.{member}")),
                Gate::Granular => ("{}", "askForApproval.granular".to_owned()),
            };
            let raw = RawValue::from_string(format!("{{\"{member}\":{value}}}")).unwrap();
            let refused = refusal(Some(&plain), method, Some(&raw));
            let needs = format!("{what} requires experimentalApi capability");
            assert_eq!(refused, Some(RpcError::invalid_request(needs)));
            assert_eq!(refusal(Some(&experimental), method, Some(&raw)), None);
            assert_eq!(refusal(Some(&plain), method, None), None);
        }
    }

    #[test]
    fn what_is_not_served_is_told_from_what_does_not_exist() {
        let client = Identity::new(&params("p", false)).unwrap();
        let refused = unserved(None, "nope");
        assert_eq!(refused.code, -32600);
        assert!(
            refused.message.starts_with(
                "Invalid request: unknown variant `nope`, expected one of `initialize`, `server/diagnostics`, "
            ) && refused.message.ends_with(", `fuzzyFileSearch/sessionStop`"),
            "{refused}"
        );
        assert_eq!(unserved(None, "thread/start").message, "Not initialized");
        assert_eq!(
            unserved(Some(&client), "thread/search").message,
            "thread/search requires experimentalApi capability"
        );
        let refused = unserved(Some(&client), "thread/start");
        assert_eq!(refused.code, -32601);
        assert!(refused.message.starts_with("thread/start"), "{refused}");
    }

    #[test]
    fn notifications_are_left_out_by_their_exact_names() {
        let client = Identity::new(&params("p", false)).unwrap();
        assert!(!client.wants("process/exited"));
        assert!(client.wants("process/exite") && client.wants("process/Exited"));
    }

    #[test]
    fn a_name_that_is_no_header_value_is_refused() {
        for name in ["a\nb", "\u{7f}", "\0"] {
            let refused = Identity::new(&params(name, false)).unwrap_err();
            assert_eq!(
                refused.message,
                format!("Invalid clientInfo.name: '{name}'. Must be a valid HTTP header value.")
            );
        }
        for name in ["", "plain", "with\ttab", "ünï"] {
            assert!(Identity::new(&params(name, false)).is_ok(), "{name}");
        }
    }

    #[test]
    fn clients_find_name_and_version_where_they_look() {
        let agent = user_agent(&params("my-tui", false).client_info, "6.1");
        assert!(agent.starts_with("my-tui/0.169.0 (Linux 6.1; "), "{agent}");
        assert!(agent.ends_with(" (my-tui; 1)"), "{agent}");
    }
}
