//! Files of any size, in little memory.

use std::fs::File;

use serde_json::json;

use super::{AppServer, assert_serves};
use crate::{meter::PATIENCE, server::Home};

/// A file whose base64 is far more than [`FLAT`] allows.
const LARGE: u64 = 40 << 20;

/// What an answer may cost in KiB: the queue of the connection, a window of the file, and the
/// texts of its parts.
const FLAT: usize = 24 << 10;

#[test]
fn a_large_file_is_answered_without_being_held() {
    let home = Home::new();
    let mut server = AppServer::start(&home, &[]);
    let mut client = server.client();
    assert_serves(&mut client, PATIENCE);
    let path = home.path().join("large");
    let file = File::create(&path).expect("a file in the test's folder");
    file.set_len(LARGE).expect("it takes no room");
    let before = server.meter().resident();
    let read = client.call("fs/readFile", &json!({"path": path}));
    let read = read.expect("it is answered");
    let text = read["dataBase64"].as_str().expect("a text");
    assert_eq!(text.len() as u64, LARGE.div_ceil(3) * 4);
    assert!(text.trim_end_matches('=').bytes().all(|byte| byte == b'A'));
    let more = server.meter().peak().saturating_sub(before);
    assert!(more < FLAT, "{more} KiB");
    server.stop();
}
