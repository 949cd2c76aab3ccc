//! Long lists in parts. Pure.
//!
//! A cursor is the number of entries that were told before it, as text.

use std::ops::Range;

/// Why there is no such part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// The cursor is none.
    #[error("invalid cursor: {0}")]
    Cursor(String),
    /// The list is shorter than what was told of it.
    #[error("cursor {cursor} exceeds total {what} {total}")]
    Beyond {
        /// How much was told.
        cursor: usize,
        /// What the list is of.
        what: &'static str,
        /// How long it is.
        total: usize,
    },
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its entries.
    pub range: Range<usize>,
    /// Where the next part begins, if there is one.
    pub next: Option<String>,
}

/// The part of a list of `total` `what` that begins at `cursor` and has at most `limit` entries,
/// but at least one if any are left, so that whoever asks on gets on.
///
/// # Errors
///
/// The cursor is no number, or is beyond the list's end.
pub fn page(
    total: usize,
    what: &'static str,
    cursor: Option<&str>,
    limit: Option<u32>,
) -> Result<Page, PageError> {
    let start = match cursor {
        None => 0,
        Some(cursor) => cursor
            .parse()
            .map_err(|_| PageError::Cursor(cursor.to_owned()))?,
    };
    if start > total {
        return Err(PageError::Beyond {
            cursor: start,
            what,
            total,
        });
    }
    let left = total - start;
    let limit = limit.map_or(left, |limit| usize::try_from(limit.max(1)).unwrap_or(left));
    let end = start + limit.min(left);
    Ok(Page {
        range: start..end,
        next: (end < total).then(|| end.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cursors_that_lead_nowhere_are_refused() {
        let words = |cursor| page(9, "models", Some(cursor), None).map_err(|e| e.to_string());
        for bad in ["bad", "-1", "", "1.0", "99999999999999999999999"] {
            assert_eq!(words(bad), Err(format!("invalid cursor: {bad}")));
        }
        assert_eq!(
            words("10"),
            Err("cursor 10 exceeds total models 9".to_owned())
        );
        let last = Page {
            range: 9..9,
            next: None,
        };
        assert_eq!(words("9"), Ok(last));
    }

    proptest! {
        /// Asking on until there is no more gives the whole list, each entry once.
        #[test]
        fn the_parts_are_the_whole(total in 0..200_usize, limits in prop::collection::vec(prop::option::of(0..50_u32), 1..9)) {
            let (mut told, mut cursor) = (Vec::new(), None::<String>);
            for limit in limits.into_iter().cycle() {
                let page = page(total, "things", cursor.as_deref(), limit).unwrap();
                prop_assert!(limit.is_none_or(|limit| page.range.len() <= limit.max(1) as usize));
                told.extend(page.range);
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            prop_assert_eq!(told, (0..total).collect::<Vec<_>>());
        }
    }
}
