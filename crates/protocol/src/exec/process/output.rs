//! The one message that is written millions of times.

use crate::Base64Bytes;

use super::OutputStream;

/// Characters around the id, the number and the bytes of an output message.
const FRAME_CHARS: usize = 112;

/// The text of a `process/output` notification, written by hand: the same text the type would
/// serialize to, in one allocation and without a scan of the base64.
#[must_use]
pub fn write_output(process_id: &str, seq: u64, stream: OutputStream, chunk: &[u8]) -> String {
    let id = serde_json::to_string(process_id).expect("a string is JSON");
    let stream = match stream {
        OutputStream::Stdout => "stdout",
        OutputStream::Stderr => "stderr",
        OutputStream::Pty => "pty",
    };
    let size = FRAME_CHARS + id.len() + 20 + Base64Bytes::encoded_len(chunk.len());
    let mut text = String::with_capacity(size);
    text.push_str(r#"{"method":"process/output","params":{"processId":"#);
    text.push_str(&id);
    text.push_str(r#","seq":"#);
    text.push_str(&seq.to_string());
    text.push_str(r#","stream":""#);
    text.push_str(stream);
    text.push_str(r#"","chunk":""#);
    Base64Bytes::append(chunk, &mut text);
    text.push_str("\"}}");
    text
}
