//! The file of a Unix socket, and its users.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
};

use tempfile::TempDir;

use super::*;

fn place() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("socket");
    (folder, path)
}

async fn refusal(path: &Path) -> UnixError {
    Bound::bind(path).await.unwrap_err()
}

#[tokio::test]
async fn a10_the_file_is_private_and_goes_with_its_listener() {
    let (_folder, path) = place();
    let bound = Bound::bind(&path).await.unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    let (connected, accepted) = tokio::join!(UnixStream::connect(&path), bound.accept());
    connected.unwrap();
    let (_, uid, pid) = accepted.unwrap();
    assert_eq!(uid, rustix::process::geteuid().as_raw());
    assert_eq!(pid, i32::try_from(std::process::id()).ok());
    drop(bound);
    assert!(!path.exists());
}

#[tokio::test]
async fn a10_a_stale_socket_is_replaced_and_a_live_one_never() {
    let (_folder, path) = place();
    drop(net::UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "a stale socket is there");
    let bound = Bound::bind(&path).await.unwrap();
    assert!(matches!(refusal(&path).await, UnixError::InUse(_)));
    assert!(
        UnixStream::connect(&path).await.is_ok(),
        "the live one was disturbed"
    );
    drop(bound);
}

#[tokio::test]
async fn a10_of_many_starts_at_once_exactly_one_wins() {
    let (_folder, path) = place();
    drop(net::UnixListener::bind(&path).unwrap());
    let mut starts = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let path = path.clone();
        starts.spawn(async move { Bound::bind(&path).await });
    }
    let results = starts.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(UnixStream::connect(&path).await.is_ok());
}

#[tokio::test]
async fn a10_links_and_other_files_are_left_alone() {
    let (folder, path) = place();
    let target = folder.path().join("target");
    fs::write(&target, "data").unwrap();
    symlink(&target, &path).unwrap();
    assert!(matches!(refusal(&path).await, UnixError::Symlink(_)));
    assert!(matches!(refusal(&target).await, UnixError::NotASocket(_)));
    assert_eq!(fs::read_to_string(&target).unwrap(), "data");
    symlink(
        folder.path().join("nowhere"),
        folder.path().join("dangling"),
    )
    .unwrap();
    assert!(matches!(
        refusal(&folder.path().join("dangling")).await,
        UnixError::Symlink(_)
    ));
}

#[tokio::test]
async fn a10_a_folder_that_everyone_can_write_is_refused_unless_it_is_sticky() {
    let (folder, path) = place();
    let mode = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o777);
    assert!(matches!(refusal(&path).await, UnixError::Exposed(_)));
    mode(0o1777);
    assert!(Bound::bind(&path).await.is_ok());
}

#[tokio::test]
async fn a10_a_file_put_in_the_place_of_ours_is_not_removed() {
    let (_folder, path) = place();
    let bound = Bound::bind(&path).await.unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, "someone else's").unwrap();
    drop(bound);
    assert_eq!(fs::read_to_string(&path).unwrap(), "someone else's");
}

#[tokio::test]
async fn paths_that_cannot_be_are_refused_with_a_reason() {
    let (folder, _) = place();
    let long = folder.path().join("x".repeat(108));
    assert!(matches!(refusal(&long).await, UnixError::TooLong(_)));
    let missing = folder.path().join("missing/socket");
    assert!(
        refusal(&missing)
            .await
            .to_string()
            .ends_with("No such file or directory (os error 2)")
    );
}

#[test]
fn a10_only_the_own_user_and_root_may_use_a_socket() {
    assert!(may_use(1000, 1000) && may_use(0, 1000) && may_use(0, 0));
    assert!(!may_use(1001, 1000) && !may_use(1000, 0));
}

/// Needs root, to become someone else on one thread.
#[tokio::test]
async fn a10_another_user_is_refused_even_where_the_file_lets_him_through() {
    if !rustix::process::geteuid().is_root() {
        outpost_testkit::skipped("only root can become another user");
        return;
    }
    let (folder, path) = place();
    let bound = Bound::bind(&path).await.unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let stranger = std::thread::spawn(move || {
        let nobody = rustix::process::Uid::from_raw(65534);
        rustix::thread::set_thread_res_uid(None, nobody, None).unwrap();
        let mut stream = net::UnixStream::connect(&path).unwrap();
        // The end of the stream is the refusal.
        io::Read::read(&mut stream, &mut [0; 8])
    });
    let ours = bound.accept();
    let waited = tokio::task::spawn_blocking(|| stranger.join().unwrap());
    tokio::select! {
        _ = ours => panic!("the stranger was let in"),
        refused = waited => assert!(matches!(refused.unwrap(), Ok(0) | Err(_))),
    }
}

#[tokio::test]
async fn a10_a_socket_of_another_user_is_never_replaced() {
    if !rustix::process::geteuid().is_root() {
        outpost_testkit::skipped("only root can give a file away");
        return;
    }
    let (_folder, path) = place();
    drop(net::UnixListener::bind(&path).unwrap());
    std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
    assert!(matches!(
        refusal(&path).await,
        UnixError::Foreign { uid: 65534, .. }
    ));
    assert!(path.exists());
}
