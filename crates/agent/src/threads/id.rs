//! What threads are called.

use std::fmt;

use uuid::Uuid;

/// A thread's id: a UUID, of version 7 if it was made here. Ids that are made one after the other
/// are in that order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ThreadId(Uuid);

/// A text that is no id. The words are those of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Something that is in no id.
    #[error(
        "invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], \
         found `{found}` at {at}"
    )]
    Character {
        /// What.
        found: char,
        /// The byte it begins at, from 1.
        at: usize,
    },
    /// Digits alone, and not 32 of them.
    #[error("invalid length: expected length 32 for simple format, found {0}")]
    Length(usize),
    /// Groups, and not five of them.
    #[error("invalid group count: expected 5, found {0}")]
    GroupCount(usize),
    /// A group that is too short or too long.
    #[error("invalid group length in group {group}: expected {expected}, found {found}")]
    GroupLength {
        /// Which, from 0.
        group: usize,
        /// How long it is to be.
        expected: usize,
        /// How long it is; for the last one, how much of the text is behind the others.
        found: usize,
    },
}

/// How long the groups of an id are.
const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

/// Where the last group begins.
const LAST: usize = 24;

// === impl ThreadId ===

impl ThreadId {
    /// One that no thread has had.
    #[must_use]
    pub fn fresh() -> Self {
        Self(Uuid::now_v7())
    }

    /// The id a text says: 32 digits, or five groups of them, which may stand in braces or behind
    /// `urn:uuid:`.
    ///
    /// # Errors
    ///
    /// The text says none.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let braced = text
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        let urn = text.strip_prefix("urn:uuid:");
        let (body, offset) = match (braced, urn) {
            (Some(body), _) => (body, 1),
            (None, Some(body)) => (body, text.len() - body.len()),
            (None, None) => (text, 0),
        };
        let stranger = |c: &(usize, char)| !c.1.is_ascii_hexdigit() && c.1 != '-';
        if let Some((at, found)) = body.char_indices().find(stranger) {
            let at = at + offset + 1;
            return Err(InvalidId::Character { found, at });
        }
        let lengths: Vec<usize> = body.split('-').map(str::len).collect();
        if lengths.len() == 1 && offset == 0 {
            return match body.len() {
                32 => Ok(Self::of_digits(body)),
                other => Err(InvalidId::Length(other)),
            };
        }
        if lengths.len() != GROUPS.len() {
            return Err(InvalidId::GroupCount(lengths.len()));
        }
        for (group, (found, expected)) in lengths.into_iter().zip(GROUPS).enumerate() {
            if found != expected {
                let is_last = group + 1 == GROUPS.len();
                return Err(InvalidId::GroupLength {
                    group,
                    expected,
                    found: if is_last { text.len() - LAST } else { found },
                });
            }
        }
        Ok(Self::of_digits(&body.replace('-', "")))
    }

    fn of_digits(digits: &str) -> Self {
        let number = u128::from_str_radix(digits, 16);
        let number = number.expect("32 hexadecimal digits are a number of 128 bits");
        Self(Uuid::from_u128(number))
    }
}

impl fmt::Display for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}
