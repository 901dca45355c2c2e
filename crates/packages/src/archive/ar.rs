//! The `ar` archive around a `.deb`: a magic line, then members with a header of sixty bytes each.
//! Names longer than sixteen bytes do not occur in a `.deb` (deb(5)) and are not understood.

use bytes::Bytes;

use super::ArchiveError;

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: usize = 60;
/// A `.deb` has three members, and may have some whose names begin with an underscore.
const MOST_MEMBERS: usize = 32;

/// A member: its name and its content, a window into the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) content: Bytes,
}

/// The members, in their order.
pub(crate) fn members(archive: &Bytes) -> Result<Vec<Member>, ArchiveError> {
    let broken = |problem: &str| ArchiveError::broken("ar", problem);
    if !archive.starts_with(MAGIC) {
        return Err(broken("it does not begin with \"!<arch>\""));
    }
    let mut members = Vec::new();
    let mut at = MAGIC.len();
    while at < archive.len() {
        let header = archive
            .get(at..at + HEADER)
            .ok_or_else(|| broken("it ends inside a member's header"))?;
        if header.get(58..60) != Some(b"`\n") {
            return Err(broken("a member's header does not end with its magic"));
        }
        if members.len() == MOST_MEMBERS {
            return Err(ArchiveError::TooMany {
                limit: MOST_MEMBERS,
            });
        }
        let text = |from: usize, to: usize| {
            std::str::from_utf8(&header[from..to])
                .ok()
                .filter(|text| text.is_ascii())
                .map(str::trim_end)
        };
        let name = text(0, 16).ok_or_else(|| broken("a member's name is not ASCII"))?;
        let name = name.strip_suffix('/').unwrap_or(name);
        if name.is_empty() || name.starts_with(['/', '#']) {
            return Err(broken("a member has no ordinary name"));
        }
        let size: usize = text(48, 58)
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| broken("a member's size is not a number"))?;
        let start = at + HEADER;
        let end = start
            .checked_add(size)
            .filter(|end| *end <= archive.len())
            .ok_or_else(|| broken("a member is longer than the archive"))?;
        members.push(Member {
            name: name.to_owned(),
            content: archive.slice(start..end),
        });
        at = end + size % 2;
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for (name, content) in members {
            bytes.extend(
                format!(
                    "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n",
                    0,
                    0,
                    0,
                    100_644,
                    content.len()
                )
                .bytes(),
            );
            bytes.extend_from_slice(content);
            if content.len() % 2 == 1 {
                bytes.push(b'\n');
            }
        }
        bytes
    }

    #[test]
    fn members_of_odd_length_are_followed_by_a_filler() {
        let bytes = archive(&[("debian-binary", b"2.0"), ("data.tar/", b"xy")]);
        let members = members(&bytes.into()).unwrap();
        assert_eq!(members[0].content.as_ref(), b"2.0");
        assert_eq!(members[1].name, "data.tar");
        assert_eq!(members[1].content.as_ref(), b"xy");
    }

    #[test]
    fn a_size_beyond_the_end_is_refused() {
        let mut bytes = archive(&[("a", b"1234")]);
        bytes.truncate(bytes.len() - 1);
        let error = members(&bytes.into()).unwrap_err();
        assert!(error.to_string().contains("longer than the archive"));
    }

    #[test]
    fn a_size_that_is_no_number_is_refused() {
        let mut bytes = archive(&[("a", b"1234")]);
        bytes[MAGIC.len() + 48] = b'-';
        let error = members(&bytes.into()).unwrap_err();
        assert!(error.to_string().contains("not a number"));
    }

    #[test]
    fn a_header_cut_short_is_refused() {
        let mut bytes = archive(&[("a", b"1234")]);
        bytes.extend_from_slice(b"more");
        let error = members(&bytes.into()).unwrap_err();
        assert!(error.to_string().contains("inside a member's header"));
    }
}
