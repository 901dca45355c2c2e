//! How large each part of a multipart upload is.
//!
//! By the part's number alone: the length of an upload is seldom known, and any replica goes on where another
//! rested. A layer has small parts, so that a push takes little memory; the parts of a very large blob grow, since S3 takes
//! no more than 10,000 of them.

const MEBIBYTE: usize = 1024 * 1024;
/// S3's least, for each part but the last.
const SMALLEST: usize = 5 * MEBIBYTE;
/// The most memory that a push may take for its part.
const LARGEST: usize = 80 * MEBIBYTE;
/// S3's most parts.
pub(super) const MAX_PARTS: usize = 10_000;

/// The sizes of parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    /// After so many parts of a size the next are twice as large.
    pub(super) of_a_size: usize,
}

impl Parts {
    /// The bytes of the part with this number, counted from zero.
    pub(super) fn size(self, number: usize) -> usize {
        let doublings = number / self.of_a_size.max(1);
        let factor = u32::try_from(doublings)
            .ok()
            .and_then(|doublings| 1_usize.checked_shl(doublings));
        factor
            .and_then(|factor| SMALLEST.checked_mul(factor))
            .map_or(LARGEST, |size| size.min(LARGEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: Parts = Parts { of_a_size: 1000 };

    #[test]
    fn usual_layers_have_the_smallest_parts() {
        assert_eq!(PARTS.size(0), SMALLEST);
        assert_eq!(PARTS.size(999), SMALLEST);
        let length: usize = (0..1000).map(|number| PARTS.size(number)).sum();
        assert_eq!(length, 5000 * MEBIBYTE);
    }

    #[test]
    fn parts_grow_and_never_shrink_up_to_the_largest() {
        let sizes: Vec<usize> = (0..MAX_PARTS).map(|number| PARTS.size(number)).collect();
        assert!(sizes.is_sorted());
        assert_eq!(sizes[1000], 2 * SMALLEST);
        assert_eq!(sizes[3999], 8 * SMALLEST);
        assert_eq!(sizes[4000], LARGEST);
        assert_eq!(sizes[MAX_PARTS - 1], LARGEST);
        assert_eq!(PARTS.size(usize::MAX), LARGEST);
        assert_eq!(Parts { of_a_size: 0 }.size(64), LARGEST);
    }

    #[test]
    fn all_parts_together_make_more_than_half_a_tebibyte() {
        let length: usize = (0..MAX_PARTS).map(|number| PARTS.size(number)).sum();
        assert_eq!(length, 555_000 * MEBIBYTE);
    }
}
