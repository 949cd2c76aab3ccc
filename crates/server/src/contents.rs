//! Answers that hold a file or a part of one, written while they are sent.
//!
//! A large file is never held whole: a window is read, encoded in parts, and the parts leave as
//! the client takes them.

mod encode;

use bytes::Bytes;
use outpost_host::fs::{Files, FsError, WholeFile};
use outpost_rpc::{
    frame::{PieceWriter, ReaderGone},
    router::Reply,
};

pub(crate) use self::encode::{Encoder, PART};

/// Bytes of a file that are read at a time.
const WINDOW: usize = 768 << 10;

/// A file whose content is to be answered.
pub(crate) enum Contents {
    /// So little that it is answered at once.
    Small(Bytes),
    /// The rest.
    Large(WholeFile),
}

// === impl Contents ===

impl Contents {
    /// Opens a file. Errors: as [`Files::open_whole`].
    pub(crate) async fn open(
        files: &Files,
        path: &std::path::Path,
        follow: bool,
    ) -> Result<Self, FsError> {
        let file = files.open_whole(path, follow).await?;
        Ok(match file.small().filter(|data| data.len() <= PART) {
            Some(data) => Self::Small(data),
            None => Self::Large(file),
        })
    }
}

/// `{"dataBase64": …}` of a large file. The first window is read before the answer begins, so that
/// a file that cannot be read is refused.
pub(crate) async fn data_base64<T>(mut file: WholeFile) -> Result<Reply<T>, FsError> {
    let first = file.next(WINDOW).await?;
    Ok(Reply::Pieces(Box::new(move |writer| {
        Box::pin(send(file, first, writer))
    })))
}

async fn send(
    mut file: WholeFile,
    first: Option<Bytes>,
    writer: PieceWriter,
) -> Result<PieceWriter, ReaderGone> {
    writer.part(r#"{"dataBase64":""#.to_owned()).await?;
    let mut encoder = Encoder::default();
    let mut next = first;
    while let Some(window) = next {
        for text in encoder.texts(&window) {
            writer.part(text).await?;
        }
        next = match file.next(WINDOW).await {
            Ok(next) => next,
            Err(error) => {
                // What was sent cannot be taken back: the connection ends, so that nobody takes
                // half a file for a whole one.
                tracing::warn!(%error, "reading failed in the middle of an answer");
                return Err(ReaderGone);
            }
        };
    }
    writer.part(encoder.end() + "\"}").await?;
    Ok(writer)
}
