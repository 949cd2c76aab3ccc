//! How well a path matches (pure types).
//!
//! A query is words that must all match, each anywhere as a subsequence, whatever the case; a plain
//! letter also stands for the same with an accent. `'` before a word asks for it in one piece, `^`
//! and `$` tie it to the beginning or end of the path, `!` excludes.
//!
//! A query of one plain word without `/` is looked for in the last name first. A file whose last
//! name matches ranks above everything that only matches as a path, a directory named exactly so
//! above those, a file named exactly so first.

use std::{cmp::Ordering, sync::Arc};

use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{AtomKind, CaseMatching, Normalization, Pattern},
};

use super::index::{Chunk, Entry};

/// What separates two ranks; matches within a name differ by far less.
const RANK: u32 = 1 << 16;

/// What is looked for.
#[derive(Debug)]
pub(super) struct Query {
    parts: Pattern,
    /// The whole query as a name, if it may be one.
    exact: Option<Pattern>,
}

/// Compares paths with a query, with the memory it needs for that.
#[derive(Debug)]
pub(super) struct Ranker {
    matcher: Matcher,
    characters: Vec<char>,
}

/// How an entry matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rank {
    pub(super) score: u32,
    /// Whether only the last name was looked at.
    in_name: bool,
}

/// A path that matches, where it is held.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) rank: Rank,
    pub(super) chunk: Arc<Chunk>,
    pub(super) index: usize,
}

/// The best candidates so far, at most `limit`, best first.
#[derive(Debug)]
pub(super) struct Best {
    limit: usize,
    sorted: Vec<Candidate>,
}

// === impl Query ===

impl Query {
    pub(super) fn new(text: &str) -> Self {
        let (case, accents) = (CaseMatching::Ignore, Normalization::Smart);
        let plain = !text.is_empty()
            && !text.contains(|letter: char| letter == '/' || letter.is_whitespace())
            && !text.starts_with(['!', '^', '\''])
            && !text.ends_with('$');
        Self {
            parts: Pattern::parse(text, case, accents),
            exact: plain.then(|| Pattern::new(text, case, accents, AtomKind::Exact)),
        }
    }
}

// === impl Ranker ===

impl Ranker {
    pub(super) fn new() -> Self {
        Self {
            matcher: Matcher::new(Config::DEFAULT.match_paths()),
            characters: Vec::new(),
        }
    }

    /// `None` if the entry does not match.
    pub(super) fn rank(&mut self, query: &Query, entry: Entry<'_>) -> Option<Rank> {
        if let Some(exact) = &query.exact {
            let name = characters(name(entry.path), &mut self.characters);
            if exact.score(name, &mut self.matcher).is_some() {
                let rank = if entry.directory { 2 * RANK } else { 3 * RANK };
                let score = query.parts.score(name, &mut self.matcher)?;
                return Some(Rank::of_name(rank, score));
            }
            if !entry.directory
                && let Some(score) = query.parts.score(name, &mut self.matcher)
            {
                return Some(Rank::of_name(RANK, score));
            }
        }
        let path = characters(entry.path, &mut self.characters);
        let score = query.parts.score(path, &mut self.matcher)?;
        Some(Rank {
            score,
            in_name: false,
        })
    }

    /// Which characters of the path made it match.
    pub(super) fn indices(&mut self, query: &Query, path: &str, rank: Rank) -> Vec<u32> {
        let text = if rank.in_name { name(path) } else { path };
        let skipped = path[..path.len() - text.len()].chars().count();
        let skipped = u32::try_from(skipped).expect("paths are short");
        let mut indices = Vec::new();
        let text = characters(text, &mut self.characters);
        query.parts.indices(text, &mut self.matcher, &mut indices);
        indices.sort_unstable();
        indices.dedup();
        indices.iter_mut().for_each(|index| *index += skipped);
        indices
    }
}

/// The last name of a path.
fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The text as the matcher takes it, character by character.
fn characters<'a>(text: &'a str, memory: &'a mut Vec<char>) -> Utf32Str<'a> {
    if text.is_ascii() {
        return Utf32Str::Ascii(text.as_bytes());
    }
    memory.clear();
    memory.extend(text.chars());
    Utf32Str::Unicode(memory)
}

// === impl Rank ===

impl Rank {
    fn of_name(rank: u32, score: u32) -> Self {
        Self {
            score: rank + score,
            in_name: true,
        }
    }
}

// === impl Candidate ===

impl Candidate {
    pub(super) fn entry(&self) -> Entry<'_> {
        self.chunk.get(self.index)
    }

    /// Less is better.
    fn order(&self, other: &Self) -> Ordering {
        let by_score = other.rank.score.cmp(&self.rank.score);
        by_score
            .then_with(|| self.entry().path.cmp(other.entry().path))
            .then_with(|| self.chunk.root.cmp(&other.chunk.root))
    }
}

// === impl Best ===

impl Best {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            sorted: Vec::new(),
        }
    }

    /// Takes the candidate if it is one of the best, and tells whether it is.
    pub(super) fn offer(&mut self, candidate: Candidate) -> bool {
        let place = self
            .sorted
            .partition_point(|kept| kept.order(&candidate).is_lt());
        if place >= self.limit {
            return false;
        }
        self.sorted.insert(place, candidate);
        self.sorted.truncate(self.limit);
        true
    }

    /// Whether a score is too low for a place.
    pub(super) fn beats(&self, score: u32) -> bool {
        self.sorted.len() >= self.limit
            && self
                .sorted
                .last()
                .is_none_or(|worst| worst.rank.score > score)
    }

    pub(super) fn sorted(&self) -> &[Candidate] {
        &self.sorted
    }
}

#[cfg(test)]
mod tests;
