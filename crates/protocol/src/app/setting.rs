//! A member for which absent and `null` are two things.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value, or how there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Setting<T> {
    /// Absent: the server's own value.
    #[default]
    Default,
    /// `null`: no bound.
    Off,
    /// This one.
    To(T),
}

// === impl Setting ===

impl<T> Setting<T> {
    /// Whether nothing is said.
    pub fn is_default(&self) -> bool {
        matches!(self, Self::Default)
    }

    /// What holds, where `usual` does if nothing is said.
    pub fn or(self, usual: T) -> Option<T> {
        match self {
            Self::Default => Some(usual),
            Self::Off => None,
            Self::To(value) => Some(value),
        }
    }
}

impl<T: Serialize> Serialize for Setting<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Default | Self::Off => serializer.serialize_none(),
            Self::To(value) => serializer.serialize_some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Setting<T> {
    fn deserialize<D: Deserializer<'de>>(decoder: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(decoder)?.map_or(Self::Off, Self::To))
    }
}
