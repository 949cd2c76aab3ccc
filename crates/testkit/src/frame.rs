//! WebSocket frames, read from a byte stream and written to one.
//!
//! Only what the harness needs: no extension, and nothing is judged that a
//! server under test should judge itself.

use bytes::{Buf, Bytes, BytesMut};

/// One message of a WebSocket, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A text message; bytes that are not UTF-8 are replaced.
    Text(String),
    /// A binary message.
    Binary(Bytes),
    /// A ping.
    Ping(Bytes),
    /// A pong.
    Pong(Bytes),
    /// A close frame with its code and reason, where it has them.
    Close(Option<(u16, String)>),
}

/// What a frame says it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// More of the message that was begun.
    Continuation = 0,
    /// The beginning of a text message.
    Text = 1,
    /// The beginning of a binary message.
    Binary = 2,
    /// A close frame.
    Close = 8,
    /// A ping.
    Ping = 9,
    /// A pong.
    Pong = 10,
}

/// Turns bytes into messages.
#[derive(Debug, Default)]
pub struct Reader {
    bytes: BytesMut,
    begun: Option<(Opcode, Vec<u8>)>,
    largest: usize,
}

struct Frame {
    last: bool,
    opcode: Opcode,
    payload: Bytes,
}

// === impl Opcode ===

impl Opcode {
    fn of(bits: u8) -> Option<Self> {
        [
            Self::Continuation,
            Self::Text,
            Self::Binary,
            Self::Close,
            Self::Ping,
            Self::Pong,
        ]
        .into_iter()
        .find(|&opcode| opcode as u8 == bits)
    }
}

// === impl Reader ===

impl Reader {
    /// Takes bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The size in bytes of the largest frame payload so far.
    pub fn largest_frame(&self) -> usize {
        self.largest
    }

    /// The next whole message; nothing when bytes are missing.
    ///
    /// # Panics
    /// When the bytes are no WebSocket frames.
    pub fn message(&mut self) -> Option<Message> {
        loop {
            let frame = self.frame()?;
            match frame.opcode {
                Opcode::Ping => return Some(Message::Ping(frame.payload)),
                Opcode::Pong => return Some(Message::Pong(frame.payload)),
                Opcode::Close => return Some(Message::Close(close(&frame.payload))),
                opcode @ (Opcode::Text | Opcode::Binary) => {
                    assert!(self.begun.is_none(), "a message began inside another");
                    if frame.last {
                        return Some(whole(opcode, frame.payload));
                    }
                    self.begun = Some((opcode, frame.payload.into()));
                }
                Opcode::Continuation => {
                    let (opcode, mut payload) = self
                        .begun
                        .take()
                        .expect("a continuation continues a message");
                    payload.extend_from_slice(&frame.payload);
                    if frame.last {
                        return Some(whole(opcode, payload.into()));
                    }
                    self.begun = Some((opcode, payload));
                }
            }
        }
    }

    fn frame(&mut self) -> Option<Frame> {
        let (&first, &second) = (self.bytes.first()?, self.bytes.get(1)?);
        let (mut at, length) = match second & 0x7f {
            126 => (4, u64::from(u16::from_be_bytes(self.array(2)?))),
            127 => (10, u64::from_be_bytes(self.array(2)?)),
            short => (2, u64::from(short)),
        };
        let mask: Option<[u8; 4]> = if second & 0x80 == 0 {
            None
        } else {
            at += 4;
            Some(self.array(at - 4)?)
        };
        let length = usize::try_from(length).expect("a frame fits into memory");
        if self.bytes.len() < at + length {
            return None;
        }
        self.bytes.advance(at);
        let mut payload = self.bytes.split_to(length);
        if let Some(mask) = mask {
            apply(mask, &mut payload);
        }
        self.largest = self.largest.max(length);
        let opcode = Opcode::of(first & 0x0f).expect("a known opcode");
        Some(Frame {
            last: first & 0x80 != 0,
            opcode,
            payload: payload.freeze(),
        })
    }

    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..at + N)?.try_into().ok()
    }
}

/// Writes one frame; a client gives a mask.
pub fn encode(opcode: Opcode, last: bool, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let mut frame = Vec::with_capacity(payload.len() + 14);
    frame.push(opcode as u8 | if last { 0x80 } else { 0 });
    let bit = if mask.is_some() { 0x80 } else { 0 };
    match payload.len() {
        short @ 0..=125 => frame.push(bit | u8::try_from(short).expect("at most 125")),
        medium @ 126..=0xffff => {
            frame.push(bit | 126);
            frame.extend_from_slice(&u16::try_from(medium).expect("at most 65535").to_be_bytes());
        }
        long => {
            frame.push(bit | 127);
            frame.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(mask.as_ref().map_or(&[], |mask| &mask[..]));
    let at = frame.len();
    frame.extend_from_slice(payload);
    if let Some(mask) = mask {
        apply(mask, &mut frame[at..]);
    }
    frame
}

fn apply(mask: [u8; 4], payload: &mut [u8]) {
    for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

fn whole(opcode: Opcode, payload: Bytes) -> Message {
    match opcode {
        Opcode::Text => Message::Text(String::from_utf8_lossy(&payload).into_owned()),
        _ => Message::Binary(payload),
    }
}

fn close(payload: &[u8]) -> Option<(u16, String)> {
    let code = u16::from_be_bytes(payload.get(..2)?.try_into().ok()?);
    Some((code, String::from_utf8_lossy(&payload[2..]).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_every_length_survive_any_split() {
        for length in [0, 1, 125, 126, 65_535, 65_536, 70_000] {
            let text = "x".repeat(length);
            for mask in [None, Some([1, 2, 3, 4])] {
                let frame = encode(Opcode::Text, true, text.as_bytes(), mask);
                for split in [0, 1, 2, 3, 9, 13, frame.len() / 2] {
                    let mut reader = Reader::default();
                    let (head, tail) = frame.split_at(split.min(frame.len()));
                    reader.push(head);
                    if !tail.is_empty() {
                        assert_eq!(reader.message(), None);
                        reader.push(tail);
                    }
                    assert_eq!(reader.message(), Some(Message::Text(text.clone())));
                    assert_eq!(reader.message(), None);
                }
            }
        }
    }

    #[test]
    fn a_ping_may_come_between_the_fragments_of_a_message() {
        let mut reader = Reader::default();
        reader.push(&encode(Opcode::Text, false, b"one ", None));
        reader.push(&encode(Opcode::Ping, true, b"?", None));
        reader.push(&encode(Opcode::Continuation, true, b"two", None));
        assert_eq!(
            reader.message(),
            Some(Message::Ping(Bytes::from_static(b"?")))
        );
        assert_eq!(reader.message(), Some(Message::Text("one two".to_owned())));
        assert_eq!(reader.largest_frame(), 4);
    }

    #[test]
    fn a_close_frame_has_a_code_and_a_reason_or_neither() {
        let mut reader = Reader::default();
        reader.push(&encode(Opcode::Close, true, b"\x03\xf1too big", None));
        reader.push(&encode(Opcode::Close, true, b"", None));
        assert_eq!(
            reader.message(),
            Some(Message::Close(Some((1009, "too big".to_owned()))))
        );
        assert_eq!(reader.message(), Some(Message::Close(None)));
    }
}
