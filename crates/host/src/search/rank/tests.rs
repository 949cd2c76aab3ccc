use std::cmp::Reverse;

use proptest::prelude::*;

use super::*;

fn file(path: &str) -> Entry<'_> {
    Entry {
        path,
        directory: false,
    }
}

fn directory(path: &str) -> Entry<'_> {
    Entry {
        path,
        directory: true,
    }
}

/// Score and indices.
fn ranked(query: &str, entry: Entry<'_>) -> Option<(u32, Vec<u32>)> {
    let (query, mut ranker) = (Query::new(query), Ranker::new());
    let rank = ranker.rank(&query, entry)?;
    Some((rank.score, ranker.indices(&query, entry.path, rank)))
}

/// Scores clients have seen for the same paths and queries.
#[test]
fn scores_are_those_clients_know() {
    let name = |score| score + RANK;
    let cases = [
        (
            "made",
            directory("src/made"),
            2 * RANK + 109,
            vec![4, 5, 6, 7],
        ),
        ("made", file("nada/MAde"), 3 * RANK + 109, vec![5, 6, 7, 8]),
        ("MADE", file("made.txt"), name(109), vec![0, 1, 2, 3]),
        ("made", file(".hidden_made"), name(104), vec![8, 9, 10, 11]),
        ("made", file("src/m_a_d_e.rs"), name(97), vec![4, 6, 8, 10]),
        ("made", file("src/made/other.rs"), 109, vec![4, 5, 6, 7]),
        ("made", file("m/ade"), 106, vec![0, 2, 3, 4]),
        ("mde", directory("src/made"), 67, vec![4, 6, 7]),
        ("made txt", file("made.txt"), 189, vec![0, 1, 2, 3, 5, 6, 7]),
        ("^made", file("made.txt"), 109, vec![0, 1, 2, 3]),
        ("txt$", file("linkdir/made2.txt"), 80, vec![14, 15, 16]),
        ("'made", file("src/made/other.rs"), 109, vec![4, 5, 6, 7]),
        ("!made", file("nada"), 0, vec![]),
        ("  ", file("nada"), 0, vec![]),
        ("fao", directory("Fäö"), 2 * RANK + 84, vec![0, 1, 2]),
        ("fao", file("Fäö/made.é"), 84, vec![0, 1, 2]),
        ("é", file("Fäö/made.é"), name(32), vec![9]),
        (
            "src/made",
            file("src/m_a_d_e.rs"),
            197,
            vec![0, 1, 2, 3, 4, 6, 8, 10],
        ),
        ("sr", file("src/x_s_r.q"), name(53), vec![6, 8]),
        ("wxy", file("wx/y/wx.y"), name(80), vec![5, 6, 8]),
        ("a!b", file("a!b"), 3 * RANK + 84, vec![0, 1, 2]),
        ("o", directory("foo"), 16, vec![1]),
    ];
    for (query, entry, score, indices) in cases {
        assert_eq!(
            ranked(query, entry),
            Some((score, indices)),
            "{query} {entry:?}"
        );
    }
    for (query, path) in [
        ("zq", "made"),
        ("^made", "src/made"),
        ("é", "made"),
        ("!made", "made"),
    ] {
        assert_eq!(ranked(query, file(path)), None, "{query} {path}");
    }
}

#[test]
fn combining_accents_count_as_characters() {
    assert_eq!(
        ranked("e", file("x/e\u{301}z e\u{301}")).map(|(_, indices)| indices),
        Some(vec![2])
    );
    let (_, indices) = ranked("z", file("i\u{307}/e\u{301}z")).unwrap();
    assert_eq!(indices, [5]);
}

/// Whether the letters of `query` come in `path` in this order: what matching means for one plain
/// word.
fn naive(query: &str, path: &str) -> bool {
    let mut letters = path.chars().map(|letter| letter.to_ascii_lowercase());
    query
        .chars()
        .all(|wanted| letters.any(|letter| letter == wanted.to_ascii_lowercase()))
}

fn chunk(root: usize, paths: &[(String, bool)]) -> Arc<Chunk> {
    let mut chunk = Chunk::new(root);
    for (path, directory) in paths {
        chunk.push(Entry {
            path,
            directory: *directory,
        });
    }
    Arc::new(chunk)
}

type Paths = Vec<(String, bool)>;

fn some_paths() -> impl Strategy<Value = Paths> {
    prop::collection::vec(("[abA._-]{1,4}(/[abA._]{1,4}){0,2}", any::<bool>()), 0..30)
}

proptest! {
    #[test]
    fn what_matches_is_what_a_naive_matcher_finds(
        query in "[abAB._-]{1,4}",
        paths in some_paths(),
    ) {
        for (path, is_directory) in &paths {
            let entry = Entry { path, directory: *is_directory };
            prop_assert_eq!(ranked(&query, entry).is_some(), naive(&query, path));
        }
    }

    #[test]
    fn indices_point_at_the_letters_of_the_query(
        query in "[abcA._-]{1,4}",
        path in "[abcAäé._-]{1,6}(/[abcAä._-]{1,6}){0,3}",
        is_directory in any::<bool>(),
    ) {
        let entry = Entry { path: &path, directory: is_directory };
        if let Some((_, indices)) = ranked(&query, entry) {
            prop_assert!(indices.is_sorted());
            let letters: Vec<char> = path.chars().collect();
            let plain = |letter: char| match letter {
                'ä' => 'a',
                'é' => 'e',
                other => other.to_ascii_lowercase(),
            };
            let pointed: String = indices.iter().map(|&at| plain(letters[at as usize])).collect();
            prop_assert_eq!(pointed, query.to_lowercase());
        }
    }

    #[test]
    fn any_query_can_be_ranked(query in ".{0,12}", path in "[^/\0]{1,8}(/[^/\0]{1,8}){0,2}") {
        let length = path.chars().count();
        for entry in [file(&path), directory(&path)] {
            if let Some((_, indices)) = ranked(&query, entry) {
                prop_assert!(indices.iter().all(|&at| (at as usize) < length));
            }
        }
    }

    #[test]
    fn the_best_are_the_first_of_all_sorted(
        query in "[ab]{1,2}",
        paths in prop::collection::vec(some_paths(), 1..4),
        limit in 0_usize..8,
    ) {
        let (parsed, mut ranker) = (Query::new(&query), Ranker::new());
        let (mut best, mut all) = (Best::new(limit), Vec::new());
        for (root, paths) in paths.iter().enumerate() {
            let chunk = chunk(root, paths);
            for index in 0..chunk.len() {
                let entry = chunk.get(index);
                let Some(rank) = ranker.rank(&parsed, entry) else { continue };
                all.push((Reverse(rank.score), entry.path.to_owned(), root));
                if !best.beats(rank.score) {
                    best.offer(Candidate { rank, chunk: Arc::clone(&chunk), index });
                }
            }
        }
        all.sort();
        all.truncate(limit);
        let kept: Vec<_> = best
            .sorted()
            .iter()
            .map(|kept| (Reverse(kept.rank.score), kept.entry().path.to_owned(), kept.chunk.root))
            .collect();
        prop_assert_eq!(kept, all);
    }
}
