use bytes::{Bytes, BytesMut};
use http::{Method, StatusCode};
use parquet::file::metadata::{FooterTail, ParquetMetaDataReader};

use super::{
    answer::Action,
    client::{Ask, StorageClient},
};
use crate::ports::{Footer, StorageError, StoredObject};

/// Length and magic, at the very end.
const TAIL: usize = 8;
/// Magic at the beginning, length and magic at the end: less is no Parquet file.
const SMALLEST: u64 = 12;
/// A larger footer is not read, in bytes.
const LARGEST_FOOTER: u64 = 256 * 1024 * 1024;
/// A larger footer is parsed away from the threads that serve requests, in bytes.
const LARGE_FOOTER: usize = 1024 * 1024;

/// What a file's last bytes say.
#[derive(Debug, PartialEq)]
enum End {
    NotParquet,
    /// A footer of so many bytes, its tail not counted.
    Footer(u64),
}

impl StorageClient {
    /// Reads a footer: the file's end, and what is left of a footer larger than that.
    pub(super) async fn read_footer(&self, object: &StoredObject) -> Result<Footer, StorageError> {
        if object.size < SMALLEST {
            return Ok(Footer::NotParquet);
        }
        let unreadable = |problem: String| StorageError::UnreadableParquet {
            url: object.url(),
            problem,
        };
        let read = self.settings.footer_read.clamp(SMALLEST, object.size);
        let end = self.range(object, object.size - read, object.size).await?;
        let length = match inspect(&end, object.size).map_err(unreadable)? {
            End::NotParquet => return Ok(Footer::NotParquet),
            End::Footer(length) => length,
        };
        let tail = TAIL as u64;
        let footer = if length + tail <= read {
            let from = usize::try_from(read - tail - length).unwrap_or(0);
            end.slice(from..end.len() - TAIL)
        } else {
            let start = object.size - tail - length;
            let missing = self.range(object, start, object.size - read).await?;
            let mut whole = BytesMut::from(missing);
            whole.extend_from_slice(&end[..end.len() - TAIL]);
            whole.freeze()
        };
        let rows = if footer.len() < LARGE_FOOTER {
            rows(&footer)
        } else {
            tokio::task::spawn_blocking(move || rows(&footer))
                .await
                .unwrap_or_else(|error| Err(format!("its footer cannot be parsed: {error}")))
        };
        rows.map(|rows| Footer::Parquet { rows })
            .map_err(unreadable)
    }

    /// Reads from byte `start` up to but not including byte `end`.
    async fn range(
        &self,
        object: &StoredObject,
        start: u64,
        end: u64,
    ) -> Result<Bytes, StorageError> {
        let url = object.url();
        let action = Action {
            verb: "read",
            url: &url,
            missing: &url,
        };
        let address = self.settings.endpoint.object(&object.bucket, &object.name);
        let mut ask = Ask::new(action, Method::GET, address);
        let length = usize::try_from(end - start).unwrap_or(usize::MAX);
        ask.range = Some((start, end - 1));
        ask.limit = length;
        self.settings
            .retry
            .run(&self.shutdown, || async {
                let answer = match self.send(&ask).await {
                    // Shorter than the range: 416.
                    Err(StorageError::Refused { cause, .. }) if cause.starts_with("status 416") => {
                        return Err(action.unavailable(CHANGED));
                    }
                    answer => answer?,
                };
                // A store may send a whole object without calling it a part.
                let whole = answer.status != StatusCode::PARTIAL_CONTENT;
                let same_size = answer.whole_size().is_none_or(|size| size == object.size);
                if answer.body.len() != length || !same_size || (whole && start > 0) {
                    return Err(action.unavailable(CHANGED));
                }
                Ok(answer.body)
            })
            .await
    }
}

const CHANGED: &str = "it is not what the listing said: it was replaced meanwhile";

/// Reads the last bytes of a file of `size` bytes.
fn inspect(end: &[u8], size: u64) -> Result<End, String> {
    let Some(tail) = end.last_chunk::<TAIL>() else {
        return Ok(End::NotParquet);
    };
    let Ok(tail) = FooterTail::try_new(tail) else {
        return Ok(End::NotParquet);
    };
    if tail.is_encrypted_footer() {
        return Err("its footer is encrypted; export without encryption of the footer".to_owned());
    }
    let length = tail.metadata_length() as u64;
    if length + SMALLEST > size {
        return Err(format!(
            "it says its footer has {length} bytes, but the whole file has {size}"
        ));
    }
    if length > LARGEST_FOOTER {
        return Err(format!(
            "its footer has {length} bytes, more than the {LARGEST_FOOTER} that are read; write fewer row groups per file"
        ));
    }
    Ok(End::Footer(length))
}

/// Rows of the file, as its footer says.
fn rows(footer: &[u8]) -> Result<u64, String> {
    let metadata = ParquetMetaDataReader::decode_metadata(footer)
        .map_err(|error| format!("its footer cannot be parsed: {error}"))?;
    let rows = metadata.file_metadata().num_rows();
    u64::try_from(rows).map_err(|_| format!("its footer says it has {rows} rows"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(length: u32, magic: &str) -> Vec<u8> {
        [&length.to_le_bytes()[..], magic.as_bytes()].concat()
    }

    #[test]
    fn only_the_magic_at_the_end_makes_a_file_parquet() {
        assert_eq!(inspect(b"hello, world", 12), Ok(End::NotParquet));
        assert_eq!(inspect(b"PAR1", 4), Ok(End::NotParquet));
        assert_eq!(inspect(&tail(4, "PAR1"), 16), Ok(End::Footer(4)));
    }

    #[test]
    fn a_footer_that_cannot_be_is_refused_with_its_size() {
        let refused = |length, magic, size| inspect(&tail(length, magic), size).unwrap_err();
        assert!(refused(5, "PAR1", 16).contains("5 bytes, but the whole file has 16"));
        assert!(refused(u32::MAX, "PAR1", 16).contains("4294967295 bytes"));
        let large = refused(300 << 20, "PAR1", 1 << 40);
        assert!(large.contains("more than the 268435456"), "{large}");
        assert!(refused(4, "PARE", 16).contains("encrypted"));
    }

    #[test]
    fn bytes_that_are_no_footer_are_refused() {
        for footer in [&b""[..], b"\0", b"no thrift at all"] {
            let error = rows(footer).unwrap_err();
            assert!(error.starts_with("its footer cannot be parsed"), "{error}");
        }
    }
}
