//! Messages: one borrowed parse in, appended text out.
//!
//! [`parse`] reads the members of a message in one pass and keeps the parameters, a result or an
//! error's data as a slice of the text; the receiver decodes that slice straight into its type.
//! What is wrong with a malformed message is worked out in a second, slow pass
//! (`envelope/malformed.rs`), so that a good message does not pay for good words.
//!
//! Every value of a message is held against `strict.rs`: no repeated key at any depth, a
//! bounded number of values, bounded nesting.

mod malformed;
mod write;

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

pub use self::write::{failure, notification, request, response, response_head};
use crate::{RequestId, RpcError, TraceContext, strict};

/// A message, borrowing from its text.
#[derive(Debug)]
pub enum Incoming<'a> {
    /// Wants an answer with the same id.
    Request {
        /// To be echoed.
        id: RequestId,
        /// What is asked.
        method: Cow<'a, str>,
        /// Absent is different from `null` only here.
        params: Option<&'a RawValue>,
        /// The caller's span.
        trace: Option<TraceContext>,
    },
    /// Wants no answer.
    Notification {
        /// What is told.
        method: Cow<'a, str>,
        /// Absent is different from `null` only here.
        params: Option<&'a RawValue>,
    },
    /// The answer to a request of ours.
    Response {
        /// The id of our request.
        id: RequestId,
        /// Not yet decoded.
        result: &'a RawValue,
    },
    /// The refusal of a request of ours.
    Failure {
        /// The id of our request.
        id: RequestId,
        /// Why.
        error: RpcError,
    },
}

/// A text that is no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The reference's decoder's words.
    pub words: String,
}

/// Reads one message.
pub fn parse(text: &str) -> Result<Incoming<'_>, Malformed> {
    quick(text).ok_or_else(|| Malformed {
        words: malformed::explain(text),
    })
}

fn quick(text: &str) -> Option<Incoming<'_>> {
    let members: Members<'_> = serde_json::from_str(text).ok()?;
    let mut budget = strict::Budget::new(1);
    for value in members.values() {
        strict::check(value.get(), &mut budget).ok()?;
    }
    if members.unknown {
        strict::check(text, &mut strict::Budget::new(0)).ok()?;
    }
    members.into_message()
}

#[derive(Default)]
struct Members<'a> {
    id: Option<RequestId>,
    method: Option<Cow<'a, str>>,
    params: Option<&'a RawValue>,
    result: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
    trace: Option<&'a RawValue>,
    /// Members without a meaning were there.
    unknown: bool,
}

// === impl Members ===

impl<'a> Members<'a> {
    fn values(&self) -> impl Iterator<Item = &'a RawValue> {
        [self.params, self.result, self.error, self.trace]
            .into_iter()
            .flatten()
    }

    fn into_message(self) -> Option<Incoming<'a>> {
        Some(match (self.method, self.id) {
            (Some(method), Some(id)) => {
                let trace = self
                    .trace
                    .map(|trace| serde_json::from_str(trace.get()).ok());
                let trace = match trace {
                    None => None,
                    Some(decoded) => decoded?,
                };
                Incoming::Request {
                    id,
                    method,
                    params: self.params,
                    trace,
                }
            }
            (Some(method), None) => Incoming::Notification {
                method,
                params: self.params,
            },
            (None, Some(id)) => match (self.result, self.error) {
                (Some(result), _) => Incoming::Response { id, result },
                (None, Some(error)) => Incoming::Failure {
                    id,
                    error: serde_json::from_str(error.get()).ok()?,
                },
                (None, None) => return None,
            },
            (None, None) => return None,
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(decoder: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON-RPC object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Members::default();
                while let Some(Text(name)) = map.next_key()? {
                    match &*name {
                        "id" => once(&mut members.id, map.next_value()?)?,
                        "method" => {
                            let Text(method) = map.next_value()?;
                            once(&mut members.method, method)?;
                        }
                        "params" => once(&mut members.params, map.next_value()?)?,
                        "result" => once(&mut members.result, map.next_value()?)?,
                        "error" => once(&mut members.error, map.next_value()?)?,
                        "trace" => once(&mut members.trace, map.next_value()?)?,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            members.unknown = true;
                        }
                    }
                }
                Ok(members)
            }
        }

        decoder.deserialize_map(Object)
    }
}

/// Takes a member; the second of one name is refused (the slow pass finds the words).
fn once<T, E: de::Error>(slot: &mut Option<T>, value: T) -> Result<(), E> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::custom("a member is there twice")),
    }
}

/// A string, borrowed where it has no escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(decoder: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        decoder.deserialize_str(Either)
    }
}

impl<'de> Deserialize<'de> for RequestId {
    fn deserialize<D: Deserializer<'de>>(decoder: D) -> Result<Self, D::Error> {
        struct Id;

        impl Visitor<'_> for Id {
            type Value = RequestId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a 64-bit integer")
            }

            fn visit_i64<E>(self, id: i64) -> Result<RequestId, E> {
                Ok(RequestId::Number(id))
            }

            fn visit_u64<E: de::Error>(self, id: u64) -> Result<RequestId, E> {
                i64::try_from(id).map(RequestId::Number).map_err(E::custom)
            }

            fn visit_str<E>(self, id: &str) -> Result<RequestId, E> {
                Ok(RequestId::Text(id.to_owned()))
            }
        }

        decoder.deserialize_any(Id)
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for Malformed {}

#[cfg(test)]
mod tests;
