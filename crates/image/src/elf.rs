//! What an ELF program needs to run: which machine, which loader, which libraries.
//! `pack.rs` refuses what the image cannot run; `assemble/prune.rs` leaves out what it cannot.

use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{ElfFile, FileHeader, ProgramHeader as _};
use object::{Endianness, FileKind};

/// No program names more libraries.
const MOST_LIBRARIES: usize = 1000;

/// A program or library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The machine in the words of image platforms: `amd64`, `arm64`; `unknown` for others.
    pub architecture: &'static str,
    /// Whether it can be started, rather than linked with or loaded.
    pub executable: bool,
    /// The loader that it asks for: none when it is linked statically.
    pub interpreter: Option<String>,
    /// The libraries that it names.
    pub libraries: Vec<String>,
}

/// Bytes that begin like ELF and are none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ELF file is damaged: {0}")]
pub struct ElfError(String);

impl From<object::read::Error> for ElfError {
    fn from(error: object::read::Error) -> Self {
        Self(error.to_string())
    }
}

impl Program {
    /// Looks at bytes; none when they are no ELF.
    ///
    /// # Errors
    /// When they are a damaged one.
    pub fn examine(bytes: &[u8]) -> Result<Option<Self>, ElfError> {
        if !bytes.starts_with(b"\x7fELF") {
            return Ok(None);
        }
        match FileKind::parse(bytes)? {
            FileKind::Elf32 => read::<FileHeader32<Endianness>>(bytes).map(Some),
            FileKind::Elf64 => read::<FileHeader64<Endianness>>(bytes).map(Some),
            _ => Err(ElfError("its class is unknown".to_owned())),
        }
    }

    /// Whether it runs with nothing beside it.
    pub fn is_static(&self) -> bool {
        self.interpreter.is_none() && self.libraries.is_empty()
    }
}

fn read<Header: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> Result<Program, ElfError> {
    let file = ElfFile::<Header>::parse(bytes)?;
    let endian = file.endian();
    let header = file.elf_header();
    let mut interpreter = None;
    for segment in header.program_headers(endian, bytes)? {
        if let Some(path) = segment.interpreter(endian, bytes)? {
            interpreter = Some(String::from_utf8_lossy(path).into_owned());
        }
    }
    let table = file.elf_dynamic_table()?;
    let mut libraries = Vec::new();
    for entry in table
        .iter()
        .filter(|entry| entry.tag == elf::DT_NEEDED)
        .take(MOST_LIBRARIES)
    {
        libraries.push(String::from_utf8_lossy(table.string(entry)?).into_owned());
    }
    let kind = header.e_type(endian);
    Ok(Program {
        architecture: match header.e_machine(endian) {
            elf::EM_X86_64 => "amd64",
            elf::EM_AARCH64 => "arm64",
            elf::EM_386 => "386",
            elf::EM_ARM => "arm",
            elf::EM_PPC64 => "ppc64le",
            elf::EM_S390 => "s390x",
            elf::EM_RISCV => "riscv64",
            _ => "unknown",
        },
        // A program that may lie anywhere is written as a library is; it has an entry point.
        executable: kind == elf::ET_EXEC
            || (kind == elf::ET_DYN && header.e_entry(endian).into() != 0),
        interpreter,
        libraries,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_test_is_a_dynamic_program() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let program = Program::examine(&bytes).unwrap().unwrap();
        assert!(program.executable);
        let interpreter = program.interpreter.as_deref().unwrap();
        assert!(interpreter.starts_with("/lib"), "{interpreter}");
        assert!(
            program
                .libraries
                .iter()
                .any(|library| library == "libc.so.6")
        );
        assert!(!program.is_static());
    }

    #[test]
    fn what_is_no_elf_is_told_from_what_is_a_broken_one() {
        assert_eq!(Program::examine(b"#!/bin/sh\n"), Ok(None));
        assert_eq!(Program::examine(b""), Ok(None));
        assert!(Program::examine(b"\x7fELF").is_err());
        let mut bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        bytes.truncate(200);
        assert!(Program::examine(&bytes).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            at in proptest::collection::vec((0usize..4096, proptest::num::u8::ANY), 0..20),
        ) {
            let mut bytes = std::fs::read("/proc/self/exe").unwrap();
            bytes.truncate(64 * 1024);
            for (at, byte) in at {
                bytes[at] = byte;
            }
            let _ = Program::examine(&bytes);
        }
    }
}
