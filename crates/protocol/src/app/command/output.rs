//! The one message of this face that is written millions of times.

use super::OutputStream;
use crate::Base64Bytes;

/// Characters around the id, the bytes and the time of an output message.
const FRAME_CHARS: usize = 144;

/// The text of a `command/exec/outputDelta` notification, written by hand: the same text the type
/// would serialize to, in one allocation and without a scan of the base64. `emitted_at_ms` is in
/// milliseconds since 1970.
#[must_use]
pub fn write_output_delta(
    process_id: &str,
    stream: OutputStream,
    delta: &[u8],
    cap_reached: bool,
    emitted_at_ms: i64,
) -> String {
    let id = serde_json::to_string(process_id).expect("a string is JSON");
    let stream = match stream {
        OutputStream::Stdout => "stdout",
        OutputStream::Stderr => "stderr",
    };
    let size = FRAME_CHARS + id.len() + 20 + Base64Bytes::encoded_len(delta.len());
    let mut text = String::with_capacity(size);
    text.push_str(r#"{"method":"command/exec/outputDelta","params":{"processId":"#);
    text.push_str(&id);
    text.push_str(r#","stream":""#);
    text.push_str(stream);
    text.push_str(r#"","deltaBase64":""#);
    Base64Bytes::append(delta, &mut text);
    text.push_str(if cap_reached {
        r#"","capReached":true},"emittedAtMs":"#
    } else {
        r#"","capReached":false},"emittedAtMs":"#
    });
    text.push_str(&emitted_at_ms.to_string());
    text.push('}');
    text
}
