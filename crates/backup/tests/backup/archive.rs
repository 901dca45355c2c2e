//! Archives: written as Go writes them, read however hostile they are.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use seawall_backup::archive::{
    ArchiveError, Catalogue, Entry, EntryPath, Item, ItemPath, Limits, Reader, Writer,
};
use seawall_backup::time::Time;

fn now() -> Time {
    Time::from_second(0o1_234_567).unwrap()
}

fn item<'a>(namespace: &'a str, name: &'a str, json: &'a [u8]) -> Item<'a> {
    Item {
        group_resource: "deployments.apps",
        version: "v1",
        is_preferred: true,
        namespace,
        name,
        json,
    }
}

fn archive(items: &[Item<'_>]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), now()).unwrap();
    for item in items {
        writer.append(item, now()).unwrap();
    }
    writer.finish().unwrap()
}

fn entries(bytes: &[u8], limits: Limits) -> Result<Vec<Entry>, ArchiveError> {
    let mut reader = Reader::new(bytes, limits);
    let mut entries = Vec::new();
    while let Some(entry) = reader.next_entry()? {
        entries.push(entry);
    }
    assert!(reader.next_entry().unwrap().is_none());
    Ok(entries)
}

fn read(bytes: &[u8]) -> Result<Vec<Entry>, ArchiveError> {
    entries(bytes, Limits::default())
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut tar = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut tar).unwrap();
    tar
}

fn packed(tar: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(tar).unwrap();
    encoder.finish().unwrap()
}

/// A header of somebody else's making.
fn header(name: &str, size: &str, kind: u8) -> [u8; 512] {
    let mut block = [0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[124..124 + size.len()].copy_from_slice(size.as_bytes());
    block[156] = kind;
    seal(block)
}

fn seal(mut block: [u8; 512]) -> [u8; 512] {
    block[148..156].copy_from_slice(b"        ");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block
}

fn tar(parts: &[&[u8]]) -> Vec<u8> {
    let mut tar = Vec::new();
    for part in parts {
        tar.extend_from_slice(part);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    packed(&tar)
}

#[test]
fn an_archive_begins_with_its_version_and_has_every_item_twice() {
    let bytes = archive(&[item("ns", "web", b"{}"), item("", "all", b"{\"a\":1}")]);
    let entries = read(&bytes).unwrap();
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "metadata/version",
            "resources/deployments.apps/namespaces/ns/web.json",
            "resources/deployments.apps/v1-preferredversion/namespaces/ns/web.json",
            "resources/deployments.apps/cluster/all.json",
            "resources/deployments.apps/v1-preferredversion/cluster/all.json",
        ]
    );
    assert_eq!(entries[0].bytes, b"1.1.0\n");
    assert_eq!(entries[0].path, EntryPath::FormatVersion);
    assert_eq!(entries[1].bytes, b"{}");
    assert_eq!(entries[4].bytes, b"{\"a\":1}");
}

#[test]
fn a_version_that_the_cluster_does_not_prefer_is_there_once() {
    let item = Item {
        is_preferred: false,
        version: "v1beta1",
        ..item("ns", "web", b"{}")
    };
    let names: Vec<String> = item.paths().iter().map(ItemPath::to_string).collect();
    assert_eq!(
        names,
        ["resources/deployments.apps/v1beta1/namespaces/ns/web.json"]
    );
}

#[test]
fn headers_are_those_of_go() {
    let tar = unpacked(&archive(&[]));
    let mut expected = [0_u8; 512];
    for (at, text) in [
        (0, &b"metadata/version"[..]),
        (
            100,
            b"0000755\x000000000\x000000000\x0000000000006\x0000001234567\0",
        ),
        (156, b"0"),
        (257, b"ustar\x0000"),
        (329, b"0000000\x000000000\0"),
    ] {
        expected[at..at + text.len()].copy_from_slice(text);
    }
    expected[148..156].copy_from_slice(b"        ");
    let sum: u32 = expected.iter().map(|byte| u32::from(*byte)).sum();
    expected[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    assert_eq!(tar[..512], expected);
    assert_eq!(&tar[512..518], b"1.1.0\n");
    // Version, its bytes, and two blocks of zeros.
    assert_eq!(tar.len(), 4 * 512);
    assert!(tar[518..].iter().all(|byte| *byte == 0));
}

#[test]
fn names_of_any_length_and_script_come_back() {
    let long = "n".repeat(253);
    let folders = "a".repeat(63);
    for name in [
        "short",
        &"m".repeat(95),
        &"m".repeat(96),
        &long,
        "größe",
        &"ß".repeat(80),
        "system:node",
    ] {
        let bytes = archive(&[item(&folders, name, b"{}")]);
        let entries = read(&bytes).unwrap();
        assert_eq!(entries.len(), 3, "{name}");
        let EntryPath::Item(path) = &entries[2].path else {
            panic!("{name}")
        };
        assert_eq!(
            (path.name.as_str(), path.namespace.as_str()),
            (name, folders.as_str())
        );
    }
}

#[test]
fn a_name_that_does_not_fit_is_split_or_has_a_record_before_it() {
    // A prefix of 98 and a name of 100 fit a header in two parts; a name of 101 does not.
    let folders = "a".repeat(63);
    let blocks = |name: &str| {
        let tar = unpacked(&archive(&[item(&folders, name, b"{}")]));
        (tar[1024 + 156], tar[1024 + 345])
    };
    assert_eq!(blocks("short"), (b'0', b'r'));
    assert_eq!(blocks(&"n".repeat(95)), (b'0', b'r'));
    assert_eq!(blocks(&"n".repeat(96)), (b'x', 0));
    let tar = unpacked(&archive(&[item("ns", &"n".repeat(200), b"{}")]));
    let record = String::from_utf8_lossy(&tar[1536..1536 + 256]).into_owned();
    let path = format!(
        "resources/deployments.apps/namespaces/ns/{}.json",
        "n".repeat(200)
    );
    assert_eq!(record, format!("{} path={path}\n", path.len() + 10));
}

#[test]
fn what_others_wrote_is_read() {
    // A folder, a name of GNU tar's, a pax record of other keys, an old kind byte, a link.
    let gnu = format!("resources/pods/namespaces/ns/{}.json\0", "g".repeat(120));
    let bytes = tar(&[
        &header("resources/", "0", b'5'),
        &header("././@LongLink", &format!("{:o}", gnu.len()), b'L'),
        gnu.as_bytes(),
        &header("cut", "2", b'0'),
        b"{}",
        &header("PaxHeaders.0/x", "45", b'x'),
        b"20 mtime=1234567890\n17 path=a/b.json\n",
        &header("x", "1", 0),
        b"1",
        &header("link", "7777", b'2'),
        &header("./resources/pods/cluster/p.json", " 3 ", b'0'),
        b"abc",
    ]);
    let entries = read(&bytes).unwrap();
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(
        names,
        [
            gnu.trim_end_matches('\0'),
            "a/b.json",
            "./resources/pods/cluster/p.json"
        ]
    );
    assert_eq!(entries[2].bytes, b"abc");
    assert!(matches!(&entries[2].path, EntryPath::Item(path) if path.namespace.is_empty()));
    assert_eq!(entries[1].path, EntryPath::Other("a/b.json".to_owned()));
}

#[test]
fn gzip_in_several_members_is_one_archive() {
    let tar = unpacked(&archive(&[item("ns", "web", b"{}")]));
    let mut bytes = packed(&tar[..700]);
    bytes.extend(packed(&tar[700..]));
    assert_eq!(read(&bytes).unwrap().len(), 3);
}

#[test]
fn paths_that_escape_are_refused() {
    for name in [
        "../etc/passwd",
        "resources/../../x",
        "/etc/passwd",
        "a/..",
        "a\\..\\b",
    ] {
        let bytes = tar(&[&header(name, "0", b'0')]);
        let error = read(&bytes).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("invalid archive path {name:?}: escapes target directory")
        );
    }
    let record = format!("{} path=../../x\n", 16);
    let bytes = tar(&[
        &header("x", "20", b'x'),
        record.as_bytes(),
        &header("ok", "0", b'0'),
    ]);
    assert!(matches!(read(&bytes), Err(ArchiveError::Escape(_))));
}

#[test]
fn an_archive_that_is_cut_off_anywhere_is_not_taken_for_whole() {
    let whole = archive(&[item("ns", "web", &[b'x'; 3000])]);
    for cut in 0..whole.len() {
        assert!(
            matches!(read(&whole[..cut]), Err(ArchiveError::Read(_))),
            "{cut}"
        );
    }
    let tar = unpacked(&whole);
    for cut in [100, 600, 1024 + 512 + 100, 1024 + 512 + 2999] {
        assert!(
            matches!(read(&packed(&tar[..cut])), Err(ArchiveError::Read(_))),
            "{cut}"
        );
    }
    // Without the blocks of zeros at its end it is whole all the same, as it is to Go.
    assert_eq!(read(&packed(&tar[..tar.len() - 1024])).unwrap().len(), 3);
}

#[test]
fn an_archive_dropped_before_its_end_is_cut_off() {
    let mut bytes = Vec::new();
    drop(Writer::new(&mut bytes, now()).unwrap());
    assert!(read(&bytes).is_ok_and(|entries| entries.len() == 1) || read(&bytes).is_err());
    let mut bytes = Vec::new();
    {
        let mut writer = Writer::new(&mut bytes, now()).unwrap();
        writer.append(&item("ns", "web", b"{}"), now()).unwrap();
    }
    // A dropped encoder ends its stream: whoever uploads must look at `finish`, not at the bytes.
    assert!(unpacked(&bytes).len() < unpacked(&archive(&[item("ns", "web", b"{}")])).len());
}

#[test]
fn sizes_that_lie_and_bombs_are_refused() {
    let limits = Limits {
        entries: 3,
        entry_bytes: 1000,
        total_bytes: 50_000,
    };
    let limited = |parts: &[&[u8]]| match entries(&tar(parts), limits) {
        Err(ArchiveError::Limit { of, .. }) => of,
        other => panic!("{other:?}"),
    };
    assert_eq!(limited(&[&header("a", "1751", b'0')]), "bytes in an entry");
    let kilobyte = [b'x'; 1000];
    let one = header("a", "1750", b'0');
    assert_eq!(
        limited(&[&one, &kilobyte, &one, &kilobyte, &one, &kilobyte, &one]),
        "entries"
    );
    let wide = Limits {
        entries: 100,
        total_bytes: 5000,
        ..limits
    };
    let many: Vec<&[u8]> = std::iter::repeat_n([&one[..], &kilobyte], 9)
        .flatten()
        .collect();
    assert!(matches!(
        entries(&tar(&many), wide),
        Err(ArchiveError::Limit { of: "bytes", .. })
    ));
    assert_eq!(
        limited(&[&header("a", "77777777777", b'x')]),
        "bytes in a record"
    );
    assert_eq!(
        limited(&[&header("a", "77777777777", b'L')]),
        "bytes in a name"
    );
    // A size of base 256 as large as can be, and one below zero.
    let mut huge = header("a", "", b'0');
    huge[124..136].copy_from_slice(&[
        0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    ]);
    assert_eq!(limited(&[&seal(huge)]), "bytes in an entry");
    huge[124..136].copy_from_slice(&[0xff; 12]);
    assert!(matches!(
        read(&tar(&[&seal(huge)])),
        Err(ArchiveError::Header { entries: 0 })
    ));
    // A pax size beyond what there is.
    let bytes = tar(&[
        &header("x", "25", b'x'),
        b"21 size=999999999999\n",
        &header("ok", "0", b'0'),
    ]);
    assert!(matches!(read(&bytes), Err(ArchiveError::Limit { .. })));
}

#[test]
fn broken_headers_are_refused() {
    let mut wrong = header("a", "0", b'0');
    wrong[0] = b'b';
    assert!(matches!(
        read(&tar(&[&wrong])),
        Err(ArchiveError::Header { entries: 0 })
    ));
    for records in ["x", "5 a\n", "99 path=a\n", "0 path=a\n", "9 path=a"] {
        let size = format!("{:o}", records.len());
        let bytes = tar(&[
            &header("x", &size, b'x'),
            records.as_bytes(),
            &header("a", "0", b'0'),
        ]);
        assert!(
            matches!(read(&bytes), Err(ArchiveError::Header { .. })),
            "{records}"
        );
    }
    assert!(matches!(
        read(&tar(&[&header("a", "9x", b'0')])),
        Err(ArchiveError::Header { .. })
    ));
    assert!(matches!(read(b"not gzip"), Err(ArchiveError::Read(_))));
    assert!(matches!(read(b""), Err(ArchiveError::Read(_))));
}

#[test]
fn a_catalogue_knows_items_and_versions() {
    let mut catalogue = Catalogue::default();
    for name in [
        "resources/pods/namespaces/b/two.json",
        "resources/pods/namespaces/a/one.json",
        "resources/pods/v1-preferredversion/namespaces/a/one.json",
        "resources/widgets.example.com/cluster/w.json",
        "resources/widgets.example.com/v2-preferredversion/cluster/w.json",
        "resources/widgets.example.com/v1beta1/cluster/w.json",
    ] {
        let Some(EntryPath::Item(path)) = EntryPath::parse(name) else {
            panic!("{name}")
        };
        assert_eq!(path.to_string(), name);
        catalogue.note(&path);
    }
    assert_eq!(catalogue.count(), 3);
    assert_eq!(
        catalogue.resources().collect::<Vec<_>>(),
        ["pods", "widgets.example.com"]
    );
    let namespaces: Vec<&str> = catalogue.namespaces("pods").map(|(name, _)| name).collect();
    assert_eq!(namespaces, ["a", "b"]);
    let versions = catalogue.versions("widgets.example.com").unwrap();
    assert_eq!(versions.preferred.as_deref(), Some("v2"));
    assert_eq!(
        versions.all.iter().map(String::as_str).collect::<Vec<_>>(),
        ["v1beta1", "v2"]
    );
    assert_eq!(catalogue.namespaces("none").count(), 0);
    for name in [
        "resources/pods/x.json",
        "resources/pods/a/b/c/d.json",
        "resources",
        "other/x",
    ] {
        assert!(
            matches!(EntryPath::parse(name), Some(EntryPath::Other(_))),
            "{name}"
        );
    }
}
