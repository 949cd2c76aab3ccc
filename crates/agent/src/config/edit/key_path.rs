//! The keys of a dotted path, as clients write it.
//!
//! Not TOML's rules: a key without quotes may have anything but dots and quotes in it, spaces
//! too, and in quotes a backslash only takes the next character as it is.

/// Why a path is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyPathError {
    /// It has no key at all.
    #[error("keyPath must not be empty")]
    Empty,
    /// One of its keys has no character.
    #[error("keyPath segments must not be empty")]
    EmptySegment,
    /// A quote was opened and not closed.
    #[error("unterminated quoted keyPath segment")]
    Unterminated,
    /// A quote stands in the middle of a key.
    #[error("invalid quoted keyPath segment")]
    Quote,
    /// It has more keys than a document nests.
    #[error("keyPath has more than {MAX_SEGMENTS} segments")]
    TooDeep,
}

/// How many keys a path may have; readers of TOML give up at about this depth.
pub(crate) const MAX_SEGMENTS: usize = 64;

/// The keys of `path`, at least one, none empty.
pub(crate) fn parse(path: &str) -> Result<Vec<String>, KeyPathError> {
    if path.is_empty() {
        return Err(KeyPathError::Empty);
    }
    let mut segments = Vec::new();
    let mut segment = String::new();
    let mut characters = path.chars();
    while let Some(character) = characters.next() {
        match character {
            '.' => end_segment(&mut segment, &mut segments)?,
            '"' if !segment.is_empty() => return Err(KeyPathError::Quote),
            '"' => {
                quoted(&mut characters, &mut segment)?;
                if segment.is_empty() {
                    return Err(KeyPathError::EmptySegment);
                }
            }
            other => segment.push(other),
        }
    }
    end_segment(&mut segment, &mut segments)?;
    Ok(segments)
}

fn end_segment(segment: &mut String, segments: &mut Vec<String>) -> Result<(), KeyPathError> {
    if segment.is_empty() {
        return Err(KeyPathError::EmptySegment);
    }
    if segments.len() == MAX_SEGMENTS {
        return Err(KeyPathError::TooDeep);
    }
    segments.push(std::mem::take(segment));
    Ok(())
}

fn quoted(characters: &mut std::str::Chars<'_>, segment: &mut String) -> Result<(), KeyPathError> {
    loop {
        match characters.next().ok_or(KeyPathError::Unterminated)? {
            '"' => return Ok(()),
            '\\' => segment.push(characters.next().ok_or(KeyPathError::Unterminated)?),
            other => segment.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_are_split_as_the_reference_splits_them() {
        let split: [(&str, &[&str]); 11] = [
            ("a", &["a"]),
            ("a b", &["a b"]),
            ("a. b", &["a", " b"]),
            (
                "projects.\"/a.b\".trust_level",
                &["projects", "/a.b", "trust_level"],
            ),
            ("\"a\"b", &["ab"]),
            ("\"a\" . b", &["a ", " b"]),
            ("'s q'.k", &["'s q'", "k"]),
            (r#""x\"y".k"#, &["x\"y", "k"]),
            (r#""x\ny".k"#, &["xny", "k"]),
            ("é.0", &["é", "0"]),
            ("a[0]", &["a[0]"]),
        ];
        for (path, keys) in split {
            assert_eq!(parse(path).unwrap(), keys, "{path}");
        }
        let refused = [
            ("", KeyPathError::Empty),
            (".", KeyPathError::EmptySegment),
            ("a.", KeyPathError::EmptySegment),
            ("a..b", KeyPathError::EmptySegment),
            ("a.\"\"", KeyPathError::EmptySegment),
            ("\"a", KeyPathError::Unterminated),
            ("\"a\\", KeyPathError::Unterminated),
            ("a\"b\"", KeyPathError::Quote),
            ("a.b\"c\".d", KeyPathError::Quote),
        ];
        for (path, error) in refused {
            assert_eq!(parse(path), Err(error), "{path}");
        }
    }

    #[test]
    fn a_path_is_no_deeper_than_documents_are() {
        let path = |keys| vec!["k"; keys].join(".");
        assert_eq!(parse(&path(MAX_SEGMENTS)).unwrap().len(), MAX_SEGMENTS);
        assert_eq!(parse(&path(MAX_SEGMENTS + 1)), Err(KeyPathError::TooDeep));
    }

    proptest! {
        #[test]
        fn quoted_keys_come_out_as_they_went_in(keys in prop::collection::vec(".{1,6}", 1..5)) {
            let quote = |key: &String| {
                format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))
            };
            let path = keys.iter().map(quote).collect::<Vec<_>>().join(".");
            prop_assert_eq!(parse(&path).unwrap(), keys);
        }
    }
}
