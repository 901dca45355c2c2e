//! The sections of an ELF file, by name, and what Go leaves in one of them. Programs run without sections, so
//! they may be missing or lie; they are good for what a builder says of itself.

use seawall_image_source::Slice;

use super::elf::Reader;

/// The most sections that are looked at.
const MOST: u64 = 1024;
/// The most bytes of a name.
const MOST_NAME: usize = 64;
/// The most bytes of what Go says of itself.
const MOST_BUILD: u64 = 4 << 20;

/// A section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Such as `.text`.
    pub name: String,
    /// Where its content lies in the file.
    pub offset: u64,
    /// How long it is.
    pub size: u64,
}

pub(super) fn read(reader: &Reader<'_>) -> Option<Vec<Section>> {
    let wide = reader.wide;
    let start = reader.word(if wide { 40 } else { 32 })?;
    let step = reader.number(if wide { 58 } else { 46 }, 2)?;
    let count = reader.number(if wide { 60 } else { 48 }, 2)?.min(MOST);
    let names = reader.number(if wide { 62 } else { 50 }, 2)?;
    let header = |at: u64| start.checked_add(at.checked_mul(step)?);
    let place = |base: u64| {
        let offset = reader.word(base.checked_add(if wide { 24 } else { 16 })?)?;
        let size = reader.word(base.checked_add(if wide { 32 } else { 20 })?)?;
        Some((offset, size))
    };
    let (names, _) = place(header(names)?)?;
    let mut sections = Vec::new();
    for at in 0..count {
        let base = header(at)?;
        let name = names.checked_add(reader.number(base, 4)?)?;
        let (offset, size) = place(base)?;
        sections.push(Section {
            name: reader.text(name, MOST_NAME)?,
            offset,
            size,
        });
    }
    Some(sections)
}

/// Whether `.go.buildinfo` names the module that a program was built from. In the format of Go before 1.18 it
/// points elsewhere, which is taken for a yes. Source: Go `src/debug/buildinfo/buildinfo.go`.
pub(crate) fn names_go_modules(slice: &Slice, section: &Section) -> bool {
    const MAGIC: &[u8] = b"\xff Go buildinf:";
    let size = section.size.min(slice.length()).min(MOST_BUILD);
    let part = slice.part(section.offset, size);
    let bytes = part.and_then(|part| part.bytes(usize::try_from(MOST_BUILD).ok()?).ok());
    let Some(bytes) = bytes.filter(|bytes| bytes.starts_with(MAGIC)) else {
        return false;
    };
    let is_inline = bytes.get(15).is_some_and(|flags| flags & 2 != 0);
    let has = |wanted: &[u8]| bytes.windows(wanted.len()).any(|found| found == wanted);
    !is_inline || has(b"\nmod\t") || has(b"\nbuild\t")
}
