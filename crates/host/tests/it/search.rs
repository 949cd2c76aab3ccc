//! Searching real trees.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use outpost_host::search::{Findings, SearchError, SearchLimits, Searches, Updates};
use tempfile::TempDir;
use tokio::time::timeout;

/// A tree with these files.
fn tree(paths: &[&str]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for path in paths {
        put(root.path(), path, "");
    }
    root
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn searches() -> Searches {
    Searches::new(SearchLimits::default())
}

async fn find(searches: &Searches, roots: &[&Path], query: &str) -> Findings {
    let roots = roots.iter().map(|&root| root.to_owned()).collect();
    let answer = timeout(Duration::from_secs(60), searches.find(roots, query));
    answer.await.expect("within a minute").unwrap()
}

async fn paths(root: &Path, query: &str) -> Vec<String> {
    let findings = find(&searches(), &[root], query).await;
    assert!(findings.complete && !findings.cut);
    findings
        .matches
        .into_iter()
        .map(|found| found.path)
        .collect()
}

async fn complete(updates: &mut Updates) -> Findings {
    timeout(Duration::from_secs(60), async {
        loop {
            let findings = updates.next().await.unwrap();
            if findings.complete {
                return findings;
            }
        }
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn names_rank_before_paths_and_equals_by_path() {
    let root = tree(&[
        "src/made/other.rs",
        "made.txt",
        "MADE.md",
        "m/ade",
        "b/made",
        ".h/made-x",
    ]);
    assert_eq!(
        paths(root.path(), "made").await,
        [
            "b/made",
            "src/made",
            ".h/made-x",
            "MADE.md",
            "made.txt",
            "src/made/other.rs",
            "m/ade"
        ]
    );
    let findings = find(&searches(), &[root.path()], "src").await;
    assert!(findings.matches[0].directory);
    assert_eq!(findings.matches[0].root, root.path());
    assert_eq!(findings.matches[0].indices, [0, 1, 2]);
}

#[tokio::test]
async fn what_git_ignores_is_left_out_in_repositories_only() {
    let root = tree(&["gone", "sub/gone", "kept/gone", "info", "plain"]);
    put(root.path(), ".gitignore", "gone\n");
    put(root.path(), "kept/.gitignore", "!gone\n");
    put(root.path(), ".ignore", "plain\n");
    let all = ["gone", "kept/gone", "sub/gone"];
    assert_eq!(paths(root.path(), "gone").await, all);
    put(root.path(), ".git/info/exclude", "/info\n");
    assert_eq!(paths(root.path(), "gone").await, ["kept/gone"]);
    assert_eq!(paths(root.path(), "^info").await, [""; 0]);
    assert_eq!(paths(root.path(), "plain").await, [""; 0]);
    assert_eq!(paths(&root.path().join("sub"), "gone").await, [""; 0]);
}

#[tokio::test]
async fn links_are_followed_and_loops_end() {
    let root = tree(&["real/file_one"]);
    std::os::unix::fs::symlink("real", root.path().join("link")).unwrap();
    std::os::unix::fs::symlink("..", root.path().join("real/up")).unwrap();
    std::os::unix::fs::symlink("nowhere", root.path().join("file_none")).unwrap();
    assert_eq!(
        paths(root.path(), "file").await,
        ["link/file_one", "real/file_one"]
    );
}

#[tokio::test]
async fn overlapping_roots_give_each_file_once() {
    let root = tree(&["made", "in/made", "in/deep/made"]);
    let inner = root.path().join("in");
    let searches = searches();
    let roots = [root.path(), &inner, root.path(), Path::new("/nonexistent")];
    let found: Vec<(PathBuf, String)> = find(&searches, &roots, "made")
        .await
        .matches
        .into_iter()
        .map(|found| (found.root, found.path))
        .collect();
    let outer = root.path().to_owned();
    assert_eq!(
        found,
        [
            (inner.clone(), "deep/made".into()),
            (outer, "made".into()),
            (inner, "made".into())
        ]
    );
}

#[tokio::test]
async fn the_query_may_change_at_any_time() {
    let names: Vec<String> = (0..3000)
        .map(|n| format!("d{}/file_{n:04}", n % 30))
        .collect();
    let root = tree(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let (search, mut updates) = searches().open(vec![root.path().to_owned()]).unwrap();
    for number in (0..3000).step_by(250) {
        let query = format!("file_{number:04}");
        search.set_query("file").unwrap();
        search.set_query(&query).unwrap();
        let findings = complete(&mut updates).await;
        assert_eq!(findings.query, query);
        assert_eq!(findings.matches.len(), 1);
        assert_eq!(
            findings.matches[0].path,
            format!("d{}/{query}", number % 30)
        );
    }
    search.set_query("file").unwrap();
    let findings = complete(&mut updates).await;
    let sorted: BTreeSet<String> = names.into_iter().collect();
    let found: Vec<String> = findings
        .matches
        .into_iter()
        .map(|found| found.path)
        .collect();
    assert_eq!(found, sorted.into_iter().take(50).collect::<Vec<_>>());
    search.set_query("").unwrap();
    assert_eq!(complete(&mut updates).await.matches, []);
}

#[tokio::test]
async fn a_dropped_search_ends_and_gives_back_its_room() {
    let root = tree(&["one", "two"]);
    let limits = SearchLimits {
        searches: 1,
        ..SearchLimits::default()
    };
    let searches = Searches::new(limits);
    let roots = vec![root.path().to_owned()];
    for _ in 0..20 {
        let (search, mut updates) = searches.open(roots.clone()).unwrap();
        assert_eq!(
            searches.open(roots.clone()).err(),
            Some(SearchError::TooManySearches(1))
        );
        search.set_query("o").unwrap();
        drop(search);
        assert_eq!(updates.next().await, None);
        searches.finish().await;
    }
}

#[tokio::test]
async fn a_single_search_waits_for_its_turn_and_another_count_does_not() {
    let root = tree(&["one", "two"]);
    let limits = SearchLimits {
        searches: 1,
        ..SearchLimits::default()
    };
    let (searches, roots) = (Searches::new(limits), vec![root.path().to_owned()]);
    let (open, _updates) = searches.open(roots.clone()).unwrap();
    let mut waiting = std::pin::pin!(searches.find(roots.clone(), "two"));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    let beside = searches.beside(1);
    let found = find(&beside, &[root.path()], "one").await;
    assert_eq!(found.matches.len(), 1);
    drop(open);
    let found = timeout(Duration::from_secs(60), waiting).await.unwrap();
    assert_eq!(found.unwrap().matches.len(), 1);
}

#[tokio::test]
async fn every_bound_holds_at_its_edge() {
    let root = tree(&["aa", "ab", "ac"]);
    let limits = SearchLimits {
        roots: 2,
        results: 2,
        query_bytes: 3,
        ..SearchLimits::default()
    };
    let searches = Searches::new(limits);
    let path = root.path().to_owned();
    assert_eq!(searches.open(vec![]).err(), Some(SearchError::NoRoots));
    assert_eq!(
        searches.open(vec![path.clone(); 3]).err(),
        Some(SearchError::TooManyRoots(2))
    );
    let (search, mut updates) = searches.open(vec![path.clone(); 2]).unwrap();
    assert_eq!(search.set_query("aaaa"), Err(SearchError::QueryTooLong(3)));
    search.set_query("a").unwrap();
    let found = complete(&mut updates).await.matches;
    assert_eq!(
        found
            .iter()
            .map(|found| &found.path[..])
            .collect::<Vec<_>>(),
        ["aa", "ab"]
    );
    assert_eq!(found.len(), 2);
}

#[tokio::test]
async fn a_walk_beyond_the_memory_for_paths_is_cut_and_gives_it_back() {
    let root = tree(&["aa", "ab", "ac"]);
    let whole = 3 * (2 + 8);
    for (path_bytes, fits) in [(whole, true), (whole - 1, false)] {
        let searches = Searches::new(SearchLimits {
            path_bytes,
            ..SearchLimits::default()
        });
        for _ in 0..3 {
            let findings = find(&searches, &[root.path()], "a").await;
            assert_eq!((findings.cut, findings.complete), (!fits, true));
            searches.finish().await;
        }
    }
}
