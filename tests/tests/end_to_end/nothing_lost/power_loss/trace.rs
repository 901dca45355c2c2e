//! Reads what strace wrote: calls on files, in the order in which they took effect.
//!
//! A call that another thread interrupts stands in two lines, its beginning and
//! its end. A write counts from its end, an answer to a client from its
//! beginning, a sync covers only what was written before it began: of all
//! readings of the record the one that is hardest on the server.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The calls to record, as strace's option.
pub const CALLS: &str = "trace=open,openat,creat,close,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,syncfs,sync,\
ftruncate,truncate,fallocate,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,\
dup,dup2,dup3,fcntl,lseek,copy_file_range,sendfile,sendto,sendmsg,chdir,socket,accept4";

/// One call that matters here. Descriptors are the process's numbers.
#[derive(Clone, Debug)]
pub enum Call {
    Open {
        path: PathBuf,
        descriptor: i64,
        truncate: bool,
        append: bool,
        unnamed: bool,
    },
    Close {
        descriptor: i64,
    },
    Duplicate {
        from: i64,
        to: i64,
    },
    Write {
        descriptor: i64,
        at: Option<u64>,
        bytes: Vec<u8>,
    },
    Seek {
        descriptor: i64,
        position: u64,
    },
    Resize {
        descriptor: i64,
        size: u64,
    },
    /// `fallocate`: at least this long.
    Extend {
        descriptor: i64,
        size: u64,
    },
    /// What has been written up to now will last once the matching `Sync` comes.
    BeginSync {
        thread: u32,
        descriptor: i64,
    },
    Sync {
        thread: u32,
        descriptor: i64,
    },
    SyncAll,
    MakeFolder {
        path: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    /// A name for an open file without one.
    Name {
        descriptor: i64,
        path: PathBuf,
    },
    Link {
        from: PathBuf,
        to: PathBuf,
    },
    Remove {
        path: PathBuf,
    },
    /// 201 with this digest goes out to a client.
    Answered {
        digest: String,
    },
}

/// Reads the whole record.
pub fn calls(record: &Path) -> Vec<Call> {
    let text = std::fs::read_to_string(record).expect("read strace's record");
    let mut begun: HashMap<u32, String> = HashMap::new();
    let mut calls = Vec::new();
    for line in text.lines() {
        let Some((thread, rest)) = line.split_once(' ') else {
            continue;
        };
        let Ok(thread) = thread.parse::<u32>() else {
            continue;
        };
        let rest = rest.trim_start();
        if let Some(beginning) = rest.strip_suffix("<unfinished ...>") {
            let (name, _) = beginning.split_once('(').unwrap_or((beginning, ""));
            let arguments = Arguments::read(beginning);
            match name {
                "fsync" | "fdatasync" => {
                    calls.push(Call::BeginSync {
                        thread,
                        descriptor: arguments.number(0),
                    });
                }
                "write" | "writev" | "sendto" | "sendmsg" => {
                    calls.extend(answered(&arguments.bytes()));
                }
                _ => {}
            }
            begun.insert(thread, beginning.to_owned());
        } else if rest.starts_with("<... ") {
            let Some(beginning) = begun.remove(&thread) else {
                continue;
            };
            let Some((_, end)) = rest.split_once("resumed>") else {
                continue;
            };
            read(&mut calls, thread, &format!("{beginning}{end}"), true);
        } else {
            read(&mut calls, thread, rest, false);
        }
    }
    calls
}

/// A whole call, `name(arguments) = result`.
#[expect(
    clippy::too_many_lines,
    reason = "one arm for each call reads best in one place"
)]
fn read(calls: &mut Vec<Call>, thread: u32, text: &str, was_split: bool) {
    let Some((head, result)) = text.rsplit_once(" = ") else {
        return;
    };
    let Some((name, _)) = head.split_once('(') else {
        return;
    };
    let Ok(result) = result.split(' ').next().unwrap_or_default().parse::<i64>() else {
        return;
    };
    if result < 0 {
        return;
    }
    let arguments = Arguments::read(head);
    let call = match name {
        "open" | "creat" | "openat" => {
            let flags = arguments.others.join("|");
            Call::Open {
                path: arguments.path(0),
                descriptor: result,
                truncate: flags.contains("O_TRUNC"),
                append: flags.contains("O_APPEND"),
                unnamed: flags.contains("O_TMPFILE"),
            }
        }
        "close" => Call::Close {
            descriptor: arguments.number(0),
        },
        "dup" | "dup2" | "dup3" => Call::Duplicate {
            from: arguments.number(0),
            to: result,
        },
        "fcntl" if head.contains("F_DUPFD") => Call::Duplicate {
            from: arguments.number(0),
            to: result,
        },
        "write" | "writev" | "pwrite64" | "pwritev" | "pwritev2" | "sendto" | "sendmsg" => {
            let mut bytes = arguments.bytes();
            if !was_split {
                calls.extend(answered(&bytes));
            }
            bytes.truncate(usize::try_from(result).unwrap_or(0));
            let at = name.starts_with('p').then(|| {
                // The offset is the last plain number, but for the flags of pwritev2.
                let back = if name == "pwritev2" { 2 } else { 1 };
                arguments
                    .number(arguments.others.len() - back)
                    .unsigned_abs()
            });
            Call::Write {
                descriptor: arguments.number(0),
                at,
                bytes,
            }
        }
        "lseek" => Call::Seek {
            descriptor: arguments.number(0),
            position: result.unsigned_abs(),
        },
        "ftruncate" => Call::Resize {
            descriptor: arguments.number(0),
            size: arguments.number(1).unsigned_abs(),
        },
        "fallocate" => {
            assert!(
                !head.contains("PUNCH_HOLE") && !head.contains("KEEP_SIZE|"),
                "not modelled: {head}"
            );
            if head.contains("KEEP_SIZE") {
                return;
            }
            let last = arguments.others.len();
            let size = arguments.number(last - 2) + arguments.number(last - 1);
            Call::Extend {
                descriptor: arguments.number(0),
                size: size.unsigned_abs(),
            }
        }
        "fsync" | "fdatasync" => {
            let descriptor = arguments.number(0);
            if !was_split {
                calls.push(Call::BeginSync { thread, descriptor });
            }
            Call::Sync { thread, descriptor }
        }
        "syncfs" | "sync" => Call::SyncAll,
        "mkdir" | "mkdirat" => Call::MakeFolder {
            path: arguments.path(0),
        },
        "rename" | "renameat" | "renameat2" => {
            assert!(!head.contains("RENAME_EXCHANGE"), "not modelled: {head}");
            Call::Rename {
                from: arguments.path(0),
                to: arguments.path(1),
            }
        }
        "link" | "linkat" => match arguments
            .path(0)
            .to_string_lossy()
            .strip_prefix("/proc/self/fd/")
        {
            Some(number) => Call::Name {
                descriptor: number.parse().unwrap_or(-1),
                path: arguments.path(1),
            },
            None if head.contains("AT_EMPTY_PATH") => Call::Name {
                descriptor: arguments.number(0),
                path: arguments.path(1),
            },
            None => Call::Link {
                from: arguments.path(0),
                to: arguments.path(1),
            },
        },
        "unlink" | "unlinkat" | "rmdir" => Call::Remove {
            path: arguments.path(0),
        },
        "copy_file_range" | "truncate" => panic!("not modelled: {head}"),
        _ => return,
    };
    calls.push(call);
}

/// The digest of each 201 in what goes out to a client.
fn answered(bytes: &[u8]) -> Option<Call> {
    let text = std::str::from_utf8(bytes.get(..bytes.len().min(4096))?).ok()?;
    if !text.starts_with("HTTP/1.1 201") {
        return None;
    }
    let header = text.lines().find(|line| {
        line.to_ascii_lowercase()
            .starts_with("docker-content-digest:")
    })?;
    Some(Call::Answered {
        digest: header.split_once(':')?.1.trim().to_owned(),
    })
}

/// The arguments of a call: its strings, and everything else that is separated by commas.
struct Arguments {
    strings: Vec<Vec<u8>>,
    others: Vec<String>,
}

impl Arguments {
    fn read(head: &str) -> Self {
        let list = head.split_once('(').map_or("", |(_, list)| list);
        let (mut strings, mut others) = (Vec::new(), vec![String::new()]);
        let mut characters = list.split('"');
        // Odd pieces stand between quotation marks; -xx leaves none inside.
        while let Some(plain) = characters.next() {
            for (number, piece) in plain.split(',').enumerate() {
                if number > 0 {
                    others.push(String::new());
                }
                if let Some(last) = others.last_mut() {
                    last.push_str(piece.trim_end_matches([')', ' ']).trim());
                }
            }
            if let Some(string) = characters.next() {
                strings.push(unescape(string));
            }
        }
        others.retain(|other| !other.is_empty());
        Self { strings, others }
    }

    fn number(&self, at: usize) -> i64 {
        let text = self.others.get(at).map_or("", String::as_str);
        text.parse().unwrap_or(-1)
    }

    fn path(&self, at: usize) -> PathBuf {
        PathBuf::from(
            String::from_utf8_lossy(self.strings.get(at).map_or(&[], Vec::as_slice)).into_owned(),
        )
    }

    fn bytes(&self) -> Vec<u8> {
        self.strings.concat()
    }
}

/// `\x41\x42` → `AB`.
fn unescape(text: &str) -> Vec<u8> {
    text.split("\\x")
        .skip(1)
        .map(|byte| u8::from_str_radix(&byte[..2], 16).unwrap_or(b'?'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_lines(lines: &str) -> Vec<Call> {
        let folder = tempfile::tempdir().unwrap();
        let record = folder.path().join("strace");
        std::fs::write(&record, lines).unwrap();
        calls(&record)
    }

    #[test]
    fn reads_calls_in_one_and_in_two_lines() {
        let read = read_lines(concat!(
            "7 openat(AT_FDCWD, \"\\x2f\\x61\", O_RDWR|O_CREAT|O_TRUNC|O_CLOEXEC, 0644) = 5\n",
            "7 pwrite64(5, \"\\x41\\x42\", 2, 4096) = 2\n",
            "7 fdatasync(5 <unfinished ...>\n",
            "8 write(9, \"\\x43\", 1) = 1\n",
            "7 <... fdatasync resumed>) = 0\n",
            "8 fsync(6) = -1 EIO (Input/output error)\n",
        ));
        assert!(
            matches!(&read[0], Call::Open { path, descriptor: 5, truncate: true, .. } if path == Path::new("/a"))
        );
        assert!(
            matches!(&read[1], Call::Write { descriptor: 5, at: Some(4096), bytes } if bytes == b"AB")
        );
        assert!(matches!(
            read[2],
            Call::BeginSync {
                thread: 7,
                descriptor: 5
            }
        ));
        assert!(matches!(
            &read[3],
            Call::Write {
                descriptor: 9,
                at: None,
                ..
            }
        ));
        assert!(matches!(
            read[4],
            Call::Sync {
                thread: 7,
                descriptor: 5
            }
        ));
        assert_eq!(read.len(), 5, "a sync that failed makes nothing last");
    }

    #[test]
    fn sees_an_answer_when_it_begins_to_go_out() {
        let answer = "HTTP/1.1 201 Created\r\ndocker-content-digest: sha256:ab\r\n\r\n";
        let escaped = answer
            .bytes()
            .fold(String::new(), |text, byte| text + &format!("\\x{byte:02x}"));
        let read = read_lines(&format!(
            "7 writev(12, [{{iov_base=\"{escaped}\", iov_len=60}}], 1 <unfinished ...>\n7 <... writev resumed>) = 60\n"
        ));
        assert!(matches!(&read[0], Call::Answered { digest } if digest == "sha256:ab"));
    }
}
