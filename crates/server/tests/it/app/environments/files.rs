//! Files elsewhere are answered as files of this machine are.

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::{Far, configured, knowing, plain, refused, there};
use crate::{
    app::with,
    client::{Client, decode, encode},
};

/// Asks for it in the folder `here`, and elsewhere in the folder `far`; expects one answer, but for
/// the name of the folder.
async fn alike(
    client: &mut Client,
    (here, far): (&Path, &Path),
    method: &str,
    params: impl Fn(&Path) -> Value,
) -> Result<Value, (i64, String)> {
    let near = client.call(method, params(here)).await;
    let away = client.call(method, with(params(far), &there())).await;
    let placeless = |answer: Result<Value, (i64, String)>, folder: &Path| {
        let folder = folder.display().to_string();
        answer.map_err(|(code, words)| (code, words.replace(&folder, "FOLDER")))
    };
    let away = placeless(away, far);
    assert_eq!(placeless(near, here), away, "{method} {}", params(here));
    away
}

#[tokio::test]
async fn files_are_looked_at_and_changed_alike_here_and_there() {
    let mut far = Far::start().await;
    let server = knowing(&far);
    let mut client = plain(&server).await;
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let both = (one.path(), other.path());
    let missing = refused(-32603, "No such file or directory (os error 2)");
    let data = encode(b"content");
    let path = |name: &'static str| move |folder: &Path| json!({"path": folder.join(name)});
    let with_data = |name: &'static str, data: &str| {
        let data = data.to_owned();
        move |folder: &Path| json!({"path": folder.join(name), "dataBase64": data})
    };
    let done = Ok(json!({}));
    let wrote = alike(&mut client, both, "fs/writeFile", with_data("f", &data)).await;
    assert_eq!(wrote, done);
    let read = alike(&mut client, both, "fs/readFile", path("f")).await;
    assert_eq!(read, Ok(json!({"dataBase64": data})));
    assert_eq!(fs::read(other.path().join("f")).unwrap(), b"content");
    for (method, params) in [
        ("fs/writeFile", with_data("no/f", &data)(one.path())),
        ("fs/readFile", path("no")(one.path())),
        ("fs/getMetadata", path("no")(one.path())),
        ("fs/readDirectory", path("no")(one.path())),
    ] {
        let same = |_: &Path| params.clone();
        assert_eq!(alike(&mut client, both, method, same).await, missing);
    }
    let bad = alike(&mut client, both, "fs/writeFile", with_data("f", "*")).await;
    assert_eq!(bad.unwrap_err().0, -32600);
    let made = alike(&mut client, both, "fs/createDirectory", path("a/b/c")).await;
    assert_eq!(made, done);
    let again = |folder: &Path| json!({"path": folder.join("a"), "recursive": false});
    let exists = refused(-32603, "File exists (os error 17)");
    assert_eq!(
        alike(&mut client, both, "fs/createDirectory", again).await,
        exists
    );
    let listed = alike(&mut client, both, "fs/readDirectory", path("a")).await;
    let entry = json!({"fileName": "b", "isDirectory": true, "isFile": false});
    assert_eq!(listed, Ok(json!({"entries": [entry]})));
    alike(&mut client, both, "fs/readFile", path("a"))
        .await
        .unwrap_err();
    let copy = |recursive: bool| {
        move |folder: &Path| {
            json!({
                "sourcePath": folder.join("a"), "destinationPath": folder.join("d"),
                "recursive": recursive,
            })
        }
    };
    let words = "fs/copy requires recursive: true when sourcePath is a directory";
    let flat = alike(&mut client, both, "fs/copy", copy(false)).await;
    assert_eq!(flat, refused(-32600, words));
    assert_eq!(alike(&mut client, both, "fs/copy", copy(true)).await, done);
    assert!(other.path().join("d/b/c").is_dir());
    let full = |folder: &Path| json!({"path": folder.join("a"), "recursive": false});
    let words = "Directory not empty (os error 39)";
    let removed = alike(&mut client, both, "fs/remove", full).await;
    assert_eq!(removed, refused(-32603, words));
    assert_eq!(alike(&mut client, both, "fs/remove", path("a")).await, done);
    assert_eq!(alike(&mut client, both, "fs/remove", path("a")).await, done);
    let strict = |folder: &Path| json!({"path": folder.join("a"), "force": false});
    assert_eq!(alike(&mut client, both, "fs/remove", strict).await, missing);
    assert!(!other.path().join("a").exists());
    // One file, looked at in both ways: its times are those of one file.
    let file = one.path().join("f");
    let one_file = |_: &Path| json!({"path": file});
    let metadata = alike(&mut client, both, "fs/getMetadata", one_file).await;
    assert_eq!(metadata.unwrap()["isFile"], true);
    assert_eq!(far.asked("fs/writeFile"), 2);
    server.shutdown().await;
    far.end().await;
}

#[tokio::test]
async fn e02_a_large_file_is_passed_on_whole_also_when_the_cable_is_cut() {
    let mut far = Far::start().await;
    let server = knowing(&far);
    let mut client = plain(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    let content: Vec<u8> = (0..20_000_000_u32).map(|byte| (byte % 251) as u8).collect();
    fs::write(&path, &content).unwrap();
    let params = with(json!({"path": path}), &there());
    for cut in [false, true] {
        let id = client.ask("fs/readFile", params.clone()).await;
        if cut {
            far.proxy.cut();
        }
        let answer = client.answer(id).await.unwrap();
        let read = decode(answer["dataBase64"].as_str().unwrap());
        assert!(read == content, "{} bytes", read.len());
    }
    let huge = folder.path().join("huge");
    fs::File::create(&huge)
        .unwrap()
        .set_len((512 << 20) + 1)
        .unwrap();
    let params = with(json!({"path": huge}), &there());
    let words = "file is too large to read: limit is 536870912 bytes";
    let answer = client.call("fs/readFile", params).await;
    assert_eq!(answer, refused(-32600, words));
    server.shutdown().await;
    far.end().await;
}

#[tokio::test]
async fn files_of_nowhere_are_refused_with_the_reason() {
    let mut far = Far::start().await;
    let text = format!(
        "default = \"box\"\ninclude_local = false\n[[environments]]\nid = \"box\"\nurl = \"{}\"\n\
         [[environments]]\nid = \"dead\"\nurl = \"ws://127.0.0.1:1\"\n",
        far.url()
    );
    let server = configured(&text, |_| {});
    let mut client = plain(&server).await;
    let root = json!({"path": "/"});
    // The default is meant where nothing is named.
    client.call("fs/readDirectory", root.clone()).await.unwrap();
    assert_eq!(far.asked("fs/readDirectory"), 1);
    let named = |id: &str| with(root.clone(), &json!({"environmentId": id}));
    let answer = client.call("fs/readDirectory", named("nope")).await;
    assert_eq!(answer, refused(-32600, "unknown environment id `nope`"));
    let (code, words) = client
        .call("fs/readDirectory", named("dead"))
        .await
        .unwrap_err();
    assert_eq!(code, -32603);
    assert!(
        words.starts_with("environment `dead` cannot be reached: "),
        "{words}"
    );
    let watch = json!({"watchId": "w", "path": "/"});
    let (code, words) = client.call("fs/watch", watch.clone()).await.unwrap_err();
    assert_eq!(code, -32600);
    assert!(words.contains("environment `box`"), "{words}");
    server.shutdown().await;
    let nothing = configured("default = \"none\"\ninclude_local = false\n", |_| {});
    let mut client = plain(&nothing).await;
    let words = "local filesystem is not configured";
    for (method, params) in [("fs/readDirectory", root), ("fs/watch", watch)] {
        assert_eq!(client.call(method, params).await, refused(-32603, words));
    }
    nothing.shutdown().await;
    far.end().await;
}
