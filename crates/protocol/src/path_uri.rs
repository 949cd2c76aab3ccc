//! Paths: `file:` URIs on the wire, paths of this computer here.

use std::{
    ffi::OsString,
    fmt,
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Path, PathBuf},
};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
};
use url::Url;

/// A path as it is written on the wire.
///
/// Decoding takes a `file:` URI (0.169.0) or a native absolute path (the older dialect), and
/// normalises `.` and `..` segments without looking at the disk. Bytes that are not UTF-8 travel
/// percent-encoded. A URI that is well formed but names nothing here (another host, a drive
/// letter) decodes, and [`PathUri::native`] refuses it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PathUri(Inner);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Inner {
    Native(PathBuf),
    Foreign(Box<str>),
}

/// A URI that names nothing on this kind of computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotNative {
    /// The URI as it was normalised.
    pub uri: String,
}

// === impl PathUri ===

impl PathUri {
    /// The URI of an absolute path.
    #[must_use]
    pub fn from_path(path: impl Into<PathBuf>) -> Self {
        Self(Inner::Native(path.into()))
    }

    /// The path it names here.
    pub fn native(&self) -> Result<&Path, NotNative> {
        match &self.0 {
            Inner::Native(path) => Ok(path),
            Inner::Foreign(uri) => Err(NotNative {
                uri: uri.to_string(),
            }),
        }
    }

    /// The path it names here, owned.
    pub fn into_native(self) -> Result<PathBuf, NotNative> {
        match self.0 {
            Inner::Native(path) => Ok(path),
            Inner::Foreign(uri) => Err(NotNative { uri: uri.into() }),
        }
    }

    /// Reads a URI or a native absolute path; the error has the reference's words.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = plain(text) {
            return Ok(Self::from_path(path));
        }
        if text.starts_with('/') {
            return native(text.as_bytes()).ok_or_else(|| refused_nul(text));
        }
        let url = Url::parse(text).map_err(|error| format!("invalid URI: {error}"))?;
        from_url(&url)
    }

    /// The URI.
    #[must_use]
    pub fn to_uri(&self) -> String {
        match &self.0 {
            Inner::Foreign(uri) => uri.to_string(),
            Inner::Native(path) => uri_of(path),
        }
    }
}

fn refused_nul(uri: &str) -> String {
    format!("'{uri}' is invalid on 'linux'")
}

/// The common form, `file:///` and a path of unreserved characters with nothing to normalise.
fn plain(text: &str) -> Option<&str> {
    let path = text.strip_prefix("file://")?;
    let mut previous = 0;
    for &byte in path.as_bytes() {
        let dot_segment = previous == b'/' && (byte == b'.' || byte == b'/');
        if dot_segment || !(byte == b'/' || unreserved(byte)) {
            return None;
        }
        previous = byte;
    }
    let bytes = path.as_bytes();
    let drive = bytes.len() >= 3 && bytes[2] == b':';
    (path.starts_with('/') && path.len() > 1 && previous != b'/' && !drive).then_some(path)
}

fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

fn from_url(url: &Url) -> Result<PathUri, String> {
    if url.scheme() != "file" {
        return Err(format!("unsupported path URI scheme `{}`", url.scheme()));
    }
    if url.query().is_some() {
        return Err("query parameters are not allowed in path URIs".to_owned());
    }
    if url.fragment().is_some() {
        return Err("fragments are not allowed in path URIs".to_owned());
    }
    if url.host().is_some() || has_drive(url.path()) {
        return Ok(PathUri(Inner::Foreign(url.as_str().into())));
    }
    native(&percent_decoded(url.path())).ok_or_else(|| refused_nul(url.as_str()))
}

fn has_drive(path: &str) -> bool {
    let bytes = path.as_bytes();
    let ends = bytes.get(3).is_none_or(|&byte| byte == b'/');
    bytes.len() >= 3 && bytes[1].is_ascii_alphabetic() && bytes[2] == b':' && ends
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let hex = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match (byte, hex(rest.first()), hex(rest.get(1))) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high << 4 | low).expect("two hex digits are a byte"));
                rest = &rest[2..];
            }
            _ => bytes.push(byte),
        }
    }
    bytes
}

/// A normalised absolute path; `None` where it holds a NUL.
fn native(bytes: &[u8]) -> Option<PathUri> {
    if bytes.contains(&0) {
        return None;
    }
    let mut path = PathBuf::from("/");
    for segment in bytes.split(|&byte| byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => {
                path.pop();
            }
            name => path.push(OsString::from_vec(name.to_vec())),
        }
    }
    Some(PathUri(Inner::Native(path)))
}

fn uri_of(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    let mut uri = String::with_capacity(bytes.len() + 8);
    uri.push_str("file://");
    for (at, &byte) in bytes.iter().enumerate() {
        // A colon there would read back as a drive letter's.
        let like_a_drive = byte == b':' && at == 2;
        if (unreserved(byte) || kept_in_paths(byte)) && !like_a_drive {
            uri.push(char::from(byte));
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            uri.push('%');
            uri.push(char::from(HEX[usize::from(byte >> 4)]));
            uri.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    uri
}

/// Reserved characters that stand for themselves in a path.
fn kept_in_paths(byte: u8) -> bool {
    matches!(
        byte,
        b'/' | b'!'
            | b'$'
            | b'&'
            | b'\''
            | b'('
            | b')'
            | b'*'
            | b'+'
            | b','
            | b':'
            | b';'
            | b'='
            | b'@'
    )
}

impl fmt::Debug for PathUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_uri())
    }
}

impl Serialize for PathUri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_uri())
    }
}

impl<'de> Deserialize<'de> for PathUri {
    fn deserialize<D: Deserializer<'de>>(decoder: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = PathUri;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<PathUri, E> {
                PathUri::parse(text).map_err(E::custom)
            }
        }

        decoder.deserialize_str(Text)
    }
}

impl fmt::Display for NotNative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is invalid on 'linux'", self.uri)
    }
}

impl std::error::Error for NotNative {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(text: &str) -> PathBuf {
        PathUri::parse(text).unwrap().into_native().unwrap()
    }

    #[test]
    fn both_dialects_name_the_same_path() {
        for text in [
            "file:///a/b",
            "file:/a/b",
            "FILE:///a/b",
            "file://localhost/a/b",
            "/a/b",
            "file:///a/./b/",
            "file:///a/x/../b",
            "file:///a%2Fb",
            "file:///%61/b",
            "/a//b/.",
            "/../a/b",
            "file:///a//b",
            "file:///a/%2e/b",
            "file:a/b",
        ] {
            assert_eq!(path(text), Path::new("/a/b"), "{text}");
        }
        assert_eq!(path("file:"), Path::new("/"));
        assert_eq!(path("file:///a%FFb").as_os_str().as_bytes(), b"/a\xffb");
        assert_eq!(path("file:///é b"), Path::new("/é b"));
    }

    #[test]
    fn f17_odd_uris_are_refused_in_the_words_of_the_reference() {
        for (text, words) in [
            ("a/b", "invalid URI: relative URL without a base"),
            ("", "invalid URI: relative URL without a base"),
            ("http:///a", "unsupported path URI scheme `http`"),
            (
                "file:///a?x",
                "query parameters are not allowed in path URIs",
            ),
            ("file:///a#x", "fragments are not allowed in path URIs"),
            ("file:///a%00b", "'file:///a%00b' is invalid on 'linux'"),
        ] {
            assert_eq!(PathUri::parse(text).unwrap_err(), words, "{text}");
        }
        for text in ["file://other/tmp", "file:///C:/tmp", "file:///C:"] {
            let refused = PathUri::parse(text).unwrap().into_native().unwrap_err();
            assert_eq!(
                refused.to_string(),
                format!("'{text}' is invalid on 'linux'")
            );
        }
    }

    proptest! {
        #[test]
        fn any_absolute_path_survives_the_wire(
            segments in prop::collection::vec(prop::collection::vec(1u8.., 1..8), 1..5)
        ) {
            let mut bytes = Vec::new();
            for segment in &segments {
                bytes.push(b'/');
                bytes.extend(segment.iter().map(|&byte| if byte == b'/' { b'x' } else { byte }));
            }
            let dotted = bytes.split(|&b| b == b'/').any(|s| s == b"." || s == b"..");
            prop_assume!(!dotted);
            let original = PathBuf::from(OsString::from_vec(bytes));
            let uri = PathUri::from_path(&original).to_uri();
            prop_assert_eq!(PathUri::parse(&uri).unwrap().into_native().unwrap(), original);
        }

        #[test]
        fn parsing_never_panics(text in ".{0,40}") {
            drop(PathUri::parse(&text));
        }
    }
}
