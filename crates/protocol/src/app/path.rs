//! A path that means the same whoever reads it: absolute, without `.` and `..`.

use std::{
    ffi::OsStr,
    fmt,
    path::{Component, Path, PathBuf},
};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
};

/// An absolute path. `.`, `..` and repeated slashes are taken out by their letters alone, as the
/// reference does, without looking at links. On the wire it is plain text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AbsolutePath(PathBuf);

/// What a path that is not absolute is refused with.
const NO_BASE: &str = "AbsolutePathBuf deserialized without a base path";

// === impl AbsolutePath ===

impl AbsolutePath {
    /// The path, if it is absolute.
    #[must_use]
    pub fn new(path: &Path) -> Option<Self> {
        let mut plain = PathBuf::new();
        for component in path.components() {
            match component {
                Component::ParentDir => {
                    plain.pop();
                }
                Component::CurDir => {}
                Component::Prefix(_) | Component::RootDir | Component::Normal(_) => {
                    plain.push(component);
                }
            }
        }
        path.is_absolute().then_some(Self(plain))
    }

    /// The path.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        &self.0
    }
}

impl AsRef<Path> for AbsolutePath {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl From<AbsolutePath> for PathBuf {
    fn from(path: AbsolutePath) -> Self {
        path.0
    }
}

impl Serialize for AbsolutePath {
    /// Bytes that are not UTF-8 are replaced: there is no other way to say them in JSON.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&OsStr::to_string_lossy(self.0.as_os_str()))
    }
}

impl<'de> Deserialize<'de> for AbsolutePath {
    fn deserialize<D: Deserializer<'de>>(decoder: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = AbsolutePath;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("path string")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<AbsolutePath, E> {
                AbsolutePath::new(Path::new(text)).ok_or_else(|| E::custom(NO_BASE))
            }
        }

        decoder.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<AbsolutePath, String> {
        serde_json::from_value(text.into()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_path_is_plain_or_refused_in_the_words_of_the_reference() {
        for (text, plain) in [
            ("/tmp/a/../b/./c//d/", "/tmp/b/c/d"),
            ("/../x", "/x"),
            ("/", "/"),
            ("//tmp", "/tmp"),
            ("/tmp/~/x", "/tmp/~/x"),
        ] {
            assert_eq!(read(text).unwrap().as_path(), Path::new(plain), "{text}");
        }
        for text in ["", "~", "~root/x", "rel", "./x", "..", "file:///tmp"] {
            assert_eq!(read(text).unwrap_err(), NO_BASE, "{text}");
        }
        for (value, words) in [
            ("5", "invalid type: integer `5`, expected path string"),
            ("null", "invalid type: null, expected path string"),
            ("[]", "invalid type: sequence, expected path string"),
        ] {
            let value: serde_json::Value = serde_json::from_str(value).unwrap();
            let refused = serde_json::from_value::<AbsolutePath>(value).unwrap_err();
            assert_eq!(refused.to_string(), words);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        use std::os::unix::ffi::OsStrExt as _;
        let path = AbsolutePath::new(Path::new(OsStr::from_bytes(b"/a\xff"))).unwrap();
        assert_eq!(serde_json::to_string(&path).unwrap(), "\"/a\u{fffd}\"");
    }

    /// The same by a walk over the parts of the text.
    fn naive(text: &str) -> String {
        let mut parts: Vec<&str> = Vec::new();
        for part in text.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                name => parts.push(name),
            }
        }
        format!("/{}", parts.join("/"))
    }

    proptest! {
        #[test]
        fn a_plain_path_is_what_a_walk_over_its_parts_finds(text in "(/|\\.|a|b ){0,12}") {
            let text = format!("/{text}");
            let path = read(&text).unwrap();
            let walked = naive(&text);
            prop_assert_eq!(path.as_path(), Path::new(&walked));
            let again = serde_json::to_value(&path).unwrap();
            prop_assert_eq!(serde_json::from_value::<AbsolutePath>(again).unwrap(), path);
        }
    }
}
