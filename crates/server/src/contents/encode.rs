//! Base64 of bytes that come in parts of any size. Pure.

use outpost_protocol::Base64Bytes;

/// Bytes that are encoded at a time: a multiple of three, and small enough that the allocator
/// keeps the memory of a text for the next one instead of asking the system, whose fresh pages
/// cost more than the encoding.
pub(crate) const PART: usize = 90 << 10;

const _: () = assert!(PART.is_multiple_of(3));

/// Encodes a stream of bytes. What does not fill a group of three waits for the next bytes, so
/// the texts put together are the base64 of the whole.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    /// Fewer than three bytes.
    rest: Vec<u8>,
}

impl Encoder {
    /// The texts of the next bytes, each of at most [`PART`] bytes.
    pub(crate) fn texts<'a>(&mut self, bytes: &'a [u8]) -> impl Iterator<Item = String> + 'a {
        let missing = (3 - self.rest.len()) % 3;
        let (first, bytes) = bytes.split_at(missing.min(bytes.len()));
        self.rest.extend_from_slice(first);
        let head = (self.rest.len() == 3).then(|| text(&std::mem::take(&mut self.rest)));
        let (whole, rest) = bytes.split_at(bytes.len() - bytes.len() % 3);
        self.rest.extend_from_slice(rest);
        head.into_iter().chain(whole.chunks(PART).map(text))
    }

    /// The text of what is left, padded.
    pub(crate) fn end(self) -> String {
        text(&self.rest)
    }
}

fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(Base64Bytes::encoded_len(bytes.len()));
    Base64Bytes::append(bytes, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_texts_put_together_are_the_base64_of_the_whole(parts: Vec<Vec<u8>>) {
            let mut encoder = Encoder::default();
            let mut joined = String::new();
            for part in &parts {
                joined.extend(encoder.texts(part));
            }
            joined.push_str(&encoder.end());
            prop_assert_eq!(joined, text(&parts.concat()));
        }
    }
}
