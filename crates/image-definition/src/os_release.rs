//! `os-release`: what the image says that it is, in `/etc/os-release`.

use crate::reader::At;

/// The fields of `/etc/os-release` that the format knows (os-release(5)).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OsRelease {
    /// `NAME`.
    pub name: Option<String>,
    /// `ID`.
    pub id: Option<String>,
    /// `ID_LIKE`, words parted by spaces.
    pub id_like: Option<String>,
    /// `VERSION_ID`.
    pub version_id: Option<String>,
    /// `VERSION_CODENAME`.
    pub version_codename: Option<String>,
    /// `PRETTY_NAME`.
    pub pretty_name: Option<String>,
    /// `HOME_URL`.
    pub home_url: Option<String>,
    /// `BUG_REPORT_URL`.
    pub bug_report_url: Option<String>,
}

pub(crate) fn read(at: &At<'_>) -> Option<OsRelease> {
    let fields = at.fields();
    let line = |name: &'static str| {
        let at = fields.get(name)?;
        let text = at.string()?;
        if text.contains(['\n', '\r', '\0']) {
            at.report("it has more than one line", "write it on one line");
            return None;
        }
        Some(text)
    };
    let word = |name: &'static str, spaces: bool| {
        let text = line(name)?;
        let ordinary = !text.is_empty()
            && text.split(' ').all(|word| {
                !word.is_empty()
                    && word.bytes().all(|byte| {
                        byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte)
                    })
            });
        if ordinary && (spaces || !text.contains(' ')) {
            return Some(text);
        }
        if let Some(at) = fields.get(name) {
            at.report(
                format!("{text:?} has characters that it may not have"),
                "use small letters, digits, and . _ -",
            );
        }
        None
    };
    let release = OsRelease {
        name: line("name"),
        id: word("id", false),
        id_like: word("id-like", true),
        version_id: word("version-id", false),
        version_codename: word("version-codename", false),
        pretty_name: line("pretty-name"),
        home_url: line("home-url"),
        bug_report_url: line("bug-report-url"),
    };
    fields.finish();
    Some(release)
}
