//! Byte ranges: of a download (`Range: bytes=…`) and of an upload's chunk
//! (`Content-Range: 0-9`).

/// A part of some content: `start` and the length, never empty, never past the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte's place.
    pub start: u64,
    /// How many bytes.
    pub length: u64,
}

impl ByteRange {
    /// The whole of content of this size.
    pub const fn whole(size: u64) -> Self {
        Self {
            start: 0,
            length: size,
        }
    }

    /// The value of `Content-Range` for content of this size, without the header's name.
    pub fn content_range(&self, size: u64) -> String {
        format!(
            "bytes {}-{}/{size}",
            self.start,
            self.start + self.length - 1
        )
    }
}

/// Why a range cannot be served or taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// It begins past the end, or asks for nothing.
    #[error("the range lies outside the content")]
    NotSatisfiable,
    /// Not a range at all.
    #[error("malformed range: use start-end, both counted from zero and inclusive")]
    Malformed,
}

/// Reads a `Range` header for content of `size` bytes (RFC 9110 §14).
///
/// `None` means that the whole content is to be served: another unit, several
/// ranges, or a header that makes no sense, which a server may ignore.
///
/// # Errors
/// [`RangeError::NotSatisfiable`], which is answered 416.
pub fn parse_byte_range(header: &str, size: u64) -> Result<Option<ByteRange>, RangeError> {
    let Some(set) = header.trim().strip_prefix("bytes=") else {
        return Ok(None);
    };
    if set.contains(',') {
        return Ok(None);
    }
    let Some((start, end)) = set.trim().split_once('-') else {
        return Ok(None);
    };
    let (Ok(start), Ok(end)) = (position(start), position(end)) else {
        return Ok(None);
    };
    let (start, end) = match (start, end) {
        (None, None) => return Ok(None),
        (None, Some(0)) => return Err(RangeError::NotSatisfiable),
        (None, Some(last)) => (size.saturating_sub(last), size.saturating_sub(1)),
        (Some(start), None) => (start, size.saturating_sub(1)),
        // RFC 9110 §14.2 lets a server reject an invalid range; the client meant a part, not the whole.
        (Some(start), Some(end)) if end < start => return Err(RangeError::NotSatisfiable),
        (Some(start), Some(end)) => (start, end.min(size.saturating_sub(1))),
    };
    if start >= size {
        return Err(RangeError::NotSatisfiable);
    }
    Ok(Some(ByteRange {
        start,
        length: end - start + 1,
    }))
}

/// An empty text is no position; digits are one; anything else is an error.
fn position(text: &str) -> Result<Option<u64>, RangeError> {
    if text.is_empty() {
        return Ok(None);
    }
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(RangeError::Malformed);
    }
    text.parse().map(Some).map_err(|_| RangeError::Malformed)
}

/// Where a chunk of an upload belongs, both ends inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkRange {
    /// The first byte's place.
    pub start: u64,
    /// The last byte's place.
    pub end: u64,
}

impl ChunkRange {
    /// Reads a chunk's `Content-Range`: `start-end`, and, as some clients write it, `bytes start-end/size`.
    ///
    /// # Errors
    /// [`RangeError::Malformed`].
    pub fn parse(header: &str) -> Result<Self, RangeError> {
        let text = header.trim();
        let text = text.strip_prefix("bytes ").unwrap_or(text);
        let text = text.split_once('/').map_or(text, |(range, _)| range);
        let (start, end) = text.split_once('-').ok_or(RangeError::Malformed)?;
        match (position(start)?, position(end)?) {
            (Some(start), Some(end)) if start <= end && end < u64::MAX => Ok(Self { start, end }),
            _ => Err(RangeError::Malformed),
        }
    }

    /// How many bytes it spans.
    pub const fn length(&self) -> u64 {
        self.end - self.start + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn download_ranges() {
        let range = |start, length| Ok(Some(ByteRange { start, length }));
        assert_eq!(parse_byte_range("bytes=0-0", 10), range(0, 1));
        assert_eq!(parse_byte_range("bytes=2-", 10), range(2, 8));
        assert_eq!(parse_byte_range("bytes=-3", 10), range(7, 3));
        assert_eq!(parse_byte_range("bytes=-30", 10), range(0, 10));
        assert_eq!(parse_byte_range("bytes=5-900", 10), range(5, 5));
        assert_eq!(
            parse_byte_range("bytes=10-", 10),
            Err(RangeError::NotSatisfiable)
        );
        assert_eq!(
            parse_byte_range("bytes=0-", 0),
            Err(RangeError::NotSatisfiable)
        );
        assert_eq!(
            parse_byte_range("bytes=-0", 10),
            Err(RangeError::NotSatisfiable)
        );
        assert_eq!(
            parse_byte_range("bytes=5-2", 10),
            Err(RangeError::NotSatisfiable)
        );
        for ignored in [
            "bytes=1-2,4-5",
            "lines=1-2",
            "bytes=a-b",
            "bytes=",
            "bytes=-",
            "bytes=--1",
        ] {
            assert_eq!(parse_byte_range(ignored, 10), Ok(None), "{ignored}");
        }
    }

    #[test]
    fn chunk_ranges() {
        assert_eq!(
            ChunkRange::parse("0-9"),
            Ok(ChunkRange { start: 0, end: 9 })
        );
        assert_eq!(ChunkRange::parse("bytes 5-9/20").map(|c| c.length()), Ok(5));
        for bad in [
            "",
            "9-0",
            "-5",
            "5-",
            "a-b",
            "0-18446744073709551615",
            "+1-2",
        ] {
            assert_eq!(ChunkRange::parse(bad), Err(RangeError::Malformed), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_range_never_leaves_the_content(header in "(bytes=)?[0-9,-]{0,24}", size in 0u64..10_000) {
            if let Ok(Some(range)) = parse_byte_range(&header, size) {
                assert!(range.length > 0 && range.start + range.length <= size);
            }
            let _ = ChunkRange::parse(&header);
        }
    }
}
