//! Whole files, in ways a script cannot say.

use std::{
    fs,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{plain, refused, server};
use crate::client::{Client, decode, encode};

/// An empty folder.
fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn at(path: &Path) -> Value {
    json!({ "path": path })
}

async fn read(client: &mut Client, path: &Path) -> Vec<u8> {
    let read = client.call("fs/readFile", at(path)).await.unwrap();
    decode(read["dataBase64"].as_str().unwrap())
}

fn written(path: &Path, data: &[u8]) -> Value {
    json!({"path": path, "dataBase64": encode(data)})
}

#[tokio::test]
async fn a_large_file_is_read_while_it_is_sent_and_a_small_one_at_once() {
    let (server, folder) = (server(|_| {}), folder());
    let mut client = plain(&server).await;
    for size in [
        0, 1, 92_159, 92_160, 92_161, 786_431, 786_432, 786_433, 5_000_000,
    ] {
        let bytes: Vec<u8> = (0..size)
            .map(|i: u32| i.wrapping_mul(2_654_435_761).to_be_bytes()[0])
            .collect();
        let path = folder.path().join(size.to_string());
        fs::write(&path, &bytes).unwrap();
        assert!(read(&mut client, &path).await == bytes, "{size}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_file_at_the_bound_is_read_and_one_byte_more_is_refused() {
    let server = server(|config| config.files.whole_file_bytes = 100);
    let folder = folder();
    let mut client = plain(&server).await;
    let path = folder.path().join("f");
    fs::write(&path, [7; 100]).unwrap();
    assert_eq!(read(&mut client, &path).await, [7; 100]);
    fs::write(&path, [7; 101]).unwrap();
    assert_eq!(
        client.call("fs/readFile", at(&path)).await,
        refused(-32600, "file is too large to read: limit is 100 bytes")
    );
    server.shutdown().await;
}

#[tokio::test]
async fn f05_a_sparse_file_of_forty_gigabytes_is_refused() {
    let (server, folder) = (server(|_| {}), folder());
    let mut client = plain(&server).await;
    let path = folder.path().join("sparse");
    let file = fs::File::create(&path).unwrap();
    file.set_len(40 << 30).unwrap();
    let words = "file is too large to read: limit is 536870912 bytes";
    assert_eq!(
        client.call("fs/readFile", at(&path)).await,
        refused(-32600, words)
    );
    server.shutdown().await;
}

#[tokio::test]
async fn calls_of_one_connection_keep_the_order_in_which_they_were_asked() {
    let (server, folder) = (server(|_| {}), folder());
    let mut client = plain(&server).await;
    let (path, copy) = (folder.path().join("f"), folder.path().join("g"));
    let mut asked = Vec::new();
    for round in 0..200_u32 {
        let text = round.to_string();
        let steps = [
            ("fs/writeFile", written(&path, text.as_bytes())),
            (
                "fs/copy",
                json!({"sourcePath": path, "destinationPath": copy}),
            ),
            ("fs/readFile", at(&copy)),
            ("fs/remove", json!({"path": copy, "force": false})),
        ];
        let mut ids = Vec::new();
        for (method, params) in steps {
            ids.push(client.ask(method, params).await);
        }
        asked.push((text, ids));
    }
    for (text, ids) in asked {
        let mut answers = Vec::new();
        for id in ids {
            answers.push(client.answer(id).await);
        }
        let read = json!({"dataBase64": encode(text.as_bytes())});
        assert_eq!(
            answers,
            [Ok(json!({})), Ok(json!({})), Ok(read), Ok(json!({}))]
        );
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_change_that_has_begun_ends_without_its_client() {
    let (server, folder) = (server(|_| {}), folder());
    let path = folder.path().join("f");
    let data = vec![b'x'; 8 << 20];
    for _ in 0..5 {
        let mut client = plain(&server).await;
        fs::write(&path, "old").unwrap();
        client.ask("fs/writeFile", written(&path, &data)).await;
        drop(client);
        let mut other = plain(&server).await;
        let now = read(&mut other, &path).await;
        assert!(now == b"old" || now == data, "a mixture of {}", now.len());
    }
    server.shutdown().await;
    let left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["f"]);
}

#[tokio::test]
async fn f06_thirty_thousand_names_are_all_listed() {
    let (server, folder) = (server(|_| {}), folder());
    let mut client = plain(&server).await;
    for name in 0..30_000 {
        fs::File::create(folder.path().join(name.to_string())).unwrap();
    }
    let odd = std::ffi::OsStr::from_bytes(b"odd\xff");
    fs::create_dir(folder.path().join(odd)).unwrap();
    let listed = client.call("fs/readDirectory", at(folder.path())).await;
    let mut entries = listed.unwrap()["entries"].as_array().unwrap().clone();
    entries.retain(|entry| {
        entry["isDirectory"] == json!(false) || entry["fileName"] == json!("odd\u{fffd}")
    });
    let mut names: Vec<&str> = entries
        .iter()
        .map(|entry| entry["fileName"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 30_001);
    server.shutdown().await;
}

#[tokio::test]
async fn a_listing_at_the_bound_is_given_and_one_name_more_is_refused() {
    let server = server(|config| config.files.directory_entries = 3);
    let folder = folder();
    let mut client = plain(&server).await;
    for name in ["a", "b", "c"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    let listed = client.call("fs/readDirectory", at(folder.path())).await;
    assert_eq!(listed.unwrap()["entries"].as_array().unwrap().len(), 3);
    fs::write(folder.path().join("d"), "").unwrap();
    let (code, _) = client
        .call("fs/readDirectory", at(folder.path()))
        .await
        .unwrap_err();
    assert_eq!(code, -32600);
    server.shutdown().await;
}

#[tokio::test]
async fn f16_of_two_writers_one_wins_whole() {
    let (server, folder) = (server(|_| {}), folder());
    let path = folder.path().join("f");
    let mut clients = [plain(&server).await, plain(&server).await];
    let contents = [vec![b'a'; 3_000_000], vec![b'b'; 2_000_000]];
    for _ in 0..5 {
        let mut ids = Vec::new();
        for (client, data) in clients.iter_mut().zip(&contents) {
            ids.push(client.ask("fs/writeFile", written(&path, data)).await);
        }
        for (client, id) in clients.iter_mut().zip(ids) {
            assert_eq!(client.answer(id).await, Ok(json!({})));
        }
        let now = fs::read(&path).unwrap();
        assert!(contents.contains(&now), "a mixture of {}", now.len());
    }
    server.shutdown().await;
}

/// A pipe that nobody else has open.
fn pipe(folder: &Path) -> PathBuf {
    let path = folder.join("pipe");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    path
}

#[tokio::test]
async fn f01_nothing_waits_for_the_other_end_of_a_pipe() {
    let (server, folder) = (server(|_| {}), folder());
    let mut client = plain(&server).await;
    let pipe = pipe(folder.path());
    let file = folder.path().join("f");
    fs::write(&file, "text").unwrap();
    let not_a_file = format!("path `{}` is not a file", pipe.display());
    let nobody = "No such device or address (os error 6)";
    let copy = |from: &Path, to: &Path| json!({"sourcePath": from, "destinationPath": to});
    let only = "fs/copy only supports regular files, directories, and symlinks";
    for (method, params, answer) in [
        ("fs/readFile", at(&pipe), refused(-32600, &not_a_file)),
        (
            "fs/writeFile",
            written(&pipe, b"x"),
            refused(-32603, nobody),
        ),
        ("fs/copy", copy(&file, &pipe), refused(-32603, nobody)),
        ("fs/copy", copy(&pipe, &file), refused(-32600, only)),
    ] {
        assert_eq!(client.call(method, params).await, answer, "{method}");
    }
    let metadata = client.call("fs/getMetadata", at(&pipe)).await.unwrap();
    assert_eq!(metadata["isFile"], false);
    assert_eq!(fs::read(&file).unwrap(), b"text");
    server.shutdown().await;
}

#[tokio::test]
async fn f02_devices_are_not_read() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    for device in ["/dev/zero", "/dev/null", "/dev/tty"] {
        let words = format!("path `{device}` is not a file");
        assert_eq!(
            client.call("fs/readFile", json!({"path": device})).await,
            refused(-32600, &words)
        );
    }
    server.shutdown().await;
}

#[tokio::test]
async fn f03_files_that_are_made_up_are_read_to_their_end() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    for path in ["/proc/self/maps", "/proc/sys/kernel/ostype"] {
        let text = read(&mut client, Path::new(path)).await;
        assert!(text.ends_with(b"\n"), "{path}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn f13_a_loop_of_links_is_an_error_for_every_method() {
    let (server, folder) = (server(|_| {}), folder());
    let mut client = plain(&server).await;
    let path = folder.path().join("loop");
    std::os::unix::fs::symlink("loop", &path).unwrap();
    let answer = refused(-32603, "Symbolic link loop (os error 40)");
    for (method, params) in [
        ("fs/readFile", at(&path)),
        ("fs/writeFile", written(&path, b"x")),
        ("fs/getMetadata", at(&path)),
        ("fs/readDirectory", at(&path)),
        ("fs/createDirectory", at(&path.join("in"))),
    ] {
        assert_eq!(client.call(method, params).await, answer, "{method}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn f14_a_removal_does_not_go_through_links() {
    let (server, folder) = (server(|_| {}), folder());
    let mut client = plain(&server).await;
    let (kept, doomed) = (folder.path().join("kept"), folder.path().join("doomed"));
    fs::create_dir(&kept).unwrap();
    fs::create_dir(&doomed).unwrap();
    fs::write(kept.join("f"), "kept").unwrap();
    std::os::unix::fs::symlink(&kept, doomed.join("link")).unwrap();
    let removed = client.call("fs/remove", at(&doomed)).await;
    assert_eq!(removed, Ok(json!({})));
    assert!(!doomed.exists());
    assert_eq!(fs::read(kept.join("f")).unwrap(), b"kept");
    server.shutdown().await;
}

#[tokio::test]
async fn f15_a_copy_onto_itself_is_refused_and_harms_nothing() {
    let (server, folder) = (server(|_| {}), folder());
    let mut client = plain(&server).await;
    let tree = folder.path().join("tree");
    fs::create_dir_all(tree.join("sub")).unwrap();
    let file = tree.join("f");
    fs::write(&file, "text").unwrap();
    fs::hard_link(&file, tree.join("hard")).unwrap();
    std::os::unix::fs::symlink("f", tree.join("link")).unwrap();
    let itself = "fs/copy cannot copy a file to itself";
    for name in ["f", "sub/../f", "hard", "link"] {
        let copy = json!({"sourcePath": file, "destinationPath": tree.join(name)});
        let copied = client.call("fs/copy", copy).await;
        assert_eq!(copied, refused(-32600, itself), "{name}");
        assert_eq!(fs::read(&file).unwrap(), b"text");
    }
    let within = "fs/copy cannot copy a directory to itself or one of its descendants";
    for to in [&tree, &tree.join("sub"), &tree.join("new/deep")] {
        let copy = json!({"sourcePath": tree, "destinationPath": to, "recursive": true});
        let copied = client.call("fs/copy", copy).await;
        assert_eq!(copied, refused(-32600, within), "{}", to.display());
    }
    assert!(!tree.join("new").exists());
    server.shutdown().await;
}
