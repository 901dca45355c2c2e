//! What an ELF file says of itself, as far as hardening goes (System V gABI; `elf.h` of glibc).
//! Every number comes from a stranger: what lies outside of the file is not there.

use seawall_image_source::Slice;

use super::section::{self, Section};

/// The most program headers and dynamic entries that are looked at.
const MOST_HEADERS: u64 = 512;
const MOST_DYNAMIC: usize = 4096;
/// The most libraries that are asked for, and the most places where they are looked for.
const MOST_NEEDED: usize = 256;
const MOST_SEARCH: usize = 16;
/// The most bytes of one name in it.
const MOST_NAME: usize = 4096;

const PT_LOAD: u64 = 1;
const PT_DYNAMIC: u64 = 2;
const PT_INTERP: u64 = 3;
const PT_GNU_STACK: u64 = 0x6474_e551;
const PT_GNU_RELRO: u64 = 0x6474_e552;

/// An ELF file.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a mark of its own in the file"
)]
pub struct Elf {
    /// `e_type`: 2 is a program at a fixed address, 3 one at any, or a library.
    pub kind: u64,
    /// `e_machine`: 62 is x86-64, 183 is 64-bit ARM.
    pub machine: u64,
    /// The loader it asks for.
    pub interpreter: Option<String>,
    /// The libraries it asks for.
    pub needed: Vec<String>,
    /// Where it looks for them (`DT_RPATH`, `DT_RUNPATH`).
    pub search: Vec<String>,
    /// Whether its stack can be executed.
    pub executable_stack: bool,
    /// Whether its relocations become read-only.
    pub relro: bool,
    /// Whether its code is changed when it is loaded.
    pub text_relocations: bool,
    /// Whether a loader has something to do for it at all.
    pub is_dynamic: bool,
    /// Its sections, as far as it has any.
    pub sections: Vec<Section>,
}

/// Numbers and names of a file.
pub(super) struct Reader<'a> {
    slice: &'a Slice,
    pub(super) wide: bool,
    little: bool,
}

impl Reader<'_> {
    pub(super) fn number(&self, offset: u64, length: usize) -> Option<u64> {
        let mut bytes = [0_u8; 8];
        let buffer = bytes.get_mut(..length)?;
        if self.slice.read_at(offset, buffer).ok()? < length {
            return None;
        }
        let value = bytes.iter().take(length);
        let fold = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Some(if self.little {
            value.rev().fold(0, fold)
        } else {
            value.fold(0, fold)
        })
    }

    /// A number as wide as an address.
    pub(super) fn word(&self, offset: u64) -> Option<u64> {
        self.number(offset, if self.wide { 8 } else { 4 })
    }

    pub(super) fn text(&self, offset: u64, most: usize) -> Option<String> {
        let mut bytes = vec![0; most.min(MOST_NAME)];
        let count = self.slice.read_at(offset, &mut bytes).ok()?;
        let bytes = bytes.get(..count)?.split(|byte| *byte == 0).next()?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }
}

struct Segment {
    kind: u64,
    flags: u64,
    offset: u64,
    address: u64,
    size: u64,
}

impl Elf {
    /// Reads an ELF file; none if it is none.
    pub fn read(slice: &Slice) -> Option<Self> {
        let head = slice.beginning(6).ok()?;
        if head.get(..4)? != b"\x7fELF" {
            return None;
        }
        let reader = Reader {
            slice,
            wide: *head.get(4)? == 2,
            little: *head.get(5)? != 2,
        };
        let mut elf = Self {
            kind: reader.number(16, 2)?,
            machine: reader.number(18, 2)?,
            ..Self::default()
        };
        elf.sections = section::read(&reader).unwrap_or_default();
        let segments = segments(&reader).unwrap_or_default();
        for segment in &segments {
            match segment.kind {
                PT_INTERP => {
                    elf.interpreter =
                        reader.text(segment.offset, usize::try_from(segment.size).ok()?);
                }
                PT_GNU_STACK => elf.executable_stack = segment.flags & 1 != 0,
                PT_GNU_RELRO => elf.relro = true,
                PT_DYNAMIC => {
                    elf.is_dynamic = true;
                    elf.dynamic(&reader, segment, &segments);
                }
                _ => {}
            }
        }
        Some(elf)
    }

    /// Whether it is a program, and not a library or an object.
    pub fn is_program(&self) -> bool {
        self.kind == 2 || (self.kind == 3 && (self.interpreter.is_some() || self.needed.is_empty()))
    }

    /// Whether it may be loaded at any address.
    pub fn is_position_independent(&self) -> bool {
        self.kind == 3
    }

    /// The section of this name.
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    fn dynamic(&mut self, reader: &Reader<'_>, segment: &Segment, segments: &[Segment]) {
        let step = if reader.wide { 16 } else { 8 };
        let mut names = Vec::new();
        let mut table = None;
        for at in 0..MOST_DYNAMIC as u64 {
            if at * step >= segment.size {
                break;
            }
            let offset = segment.offset.saturating_add(at * step);
            let (Some(tag), Some(value)) = (
                reader.word(offset),
                reader.word(offset.saturating_add(step / 2)),
            ) else {
                break;
            };
            match tag {
                0 => break,
                1 | 15 | 29 => names.push((tag, value)),
                5 => table = Some(value),
                22 => self.text_relocations = true,
                30 if value & 4 != 0 => self.text_relocations = true,
                _ => {}
            }
        }
        let Some(table) = table.and_then(|address| {
            segments
                .iter()
                .filter(|segment| segment.kind == PT_LOAD)
                .find(|segment| {
                    address >= segment.address && address - segment.address < segment.size
                })
                .map(|segment| address - segment.address + segment.offset)
        }) else {
            return;
        };
        for (tag, value) in names.into_iter().take(MOST_NEEDED) {
            let Some(name) = reader.text(table.saturating_add(value), MOST_NAME) else {
                continue;
            };
            if tag == 1 {
                self.needed.push(name);
            } else {
                let room = MOST_SEARCH - self.search.len();
                self.search
                    .extend(name.split(':').take(room).map(str::to_owned));
            }
        }
    }
}

fn segments(reader: &Reader<'_>) -> Option<Vec<Segment>> {
    let wide = reader.wide;
    let start = reader.word(if wide { 32 } else { 28 })?;
    let step = reader.number(if wide { 54 } else { 42 }, 2)?;
    let count = reader
        .number(if wide { 56 } else { 44 }, 2)?
        .min(MOST_HEADERS);
    let mut segments = Vec::new();
    for at in 0..count {
        let base = start.checked_add(at.checked_mul(step)?)?;
        let field = |wide_at: u64, narrow_at: u64| {
            reader.word(base.checked_add(if wide { wide_at } else { narrow_at })?)
        };
        segments.push(Segment {
            kind: reader.number(base, 4)?,
            flags: reader.number(base.checked_add(if wide { 4 } else { 24 })?, 4)?,
            offset: field(8, 4)?,
            address: field(16, 8)?,
            size: field(32, 16)?,
        });
    }
    Some(segments)
}
