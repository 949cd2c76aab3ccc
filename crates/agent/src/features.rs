//! What can be switched on and off under `features` in the configuration. Pure.
//!
//! The configuration knows hundreds of such keys, of other programs of this dialect. Listed are
//! only those that switch something here.

use serde_json::Value as Json;

use crate::config::Snapshot;

/// The switch of everything about hooks.
pub const HOOKS: &str = "hooks";

/// Something that can be switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feature {
    /// Its key.
    pub name: &'static str,
    /// Whether it is on if nothing is said.
    pub usually: bool,
}

/// All of them, in the order they are to be shown.
pub const FEATURES: [Feature; 1] = [Feature {
    name: HOOKS,
    usually: true,
}];

/// Whether the feature of that name is on. One that does not exist is off.
#[must_use]
pub fn is_on(snapshot: &Snapshot, name: &str) -> bool {
    let usually = FEATURES
        .iter()
        .any(|feature| feature.name == name && feature.usually);
    let said = snapshot.config.get("features").and_then(|f| f.get(name));
    said.and_then(Json::as_bool).unwrap_or(usually)
}
