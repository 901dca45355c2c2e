//! Lines of logs as logrus writes them, and what they amount to.

use std::collections::BTreeMap;

use seawall_backup::log::{Format, Level, Line, Tally};
use seawall_backup::time::Time;

fn line(level: Level, message: &str, fields: &[(&str, &str)]) -> Line {
    Line {
        time: Time::from_second(1_779_271_872).unwrap(),
        level,
        message: message.to_owned(),
        fields: fields
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect::<BTreeMap<_, _>>(),
    }
}

#[test]
fn a_text_line_has_time_level_message_and_then_sorted_fields() {
    let line = line(
        Level::Info,
        "Backed up 3 items",
        &[
            ("progress", ""),
            ("backup", "velero/b"),
            ("logSource", "pkg/backup/backup.go:1"),
            ("name", "x:y"),
        ],
    );
    assert_eq!(
        line.render(Format::Text),
        "time=\"2026-05-20T10:11:12Z\" level=info msg=\"Backed up 3 items\" backup=velero/b logSource=\"pkg/backup/backup.go:1\" name=\"x:y\" progress=\n"
    );
}

#[test]
fn values_are_quoted_only_where_they_must_be() {
    for (value, text) in [
        ("plain-1.2_3/4@5^6+7", "plain-1.2_3/4@5^6+7"),
        ("", ""),
        ("a=b", "\"a=b\""),
        (
            "\"\\\n\t\r\u{7}\u{8}\u{b}\u{c}",
            "\"\\\"\\\\\\n\\t\\r\\a\\b\\v\\f\"",
        ),
        ("\u{1b}[0m\u{7f}", "\"\\x1b[0m\\x7f\""),
        ("é 😀 e\u{301}", "\"é 😀 e\u{301}\""),
        (
            "\u{a0}\u{200b}\u{e000}\u{10ffff}",
            "\"\\u00a0\\u200b\\ue000\\U0010ffff\"",
        ),
        ("<&>", "\"<&>\""),
    ] {
        let line = line(Level::Debug, "m", &[("k", value)]);
        assert_eq!(
            line.render(Format::Text),
            format!("time=\"2026-05-20T10:11:12Z\" level=debug msg=m k={text}\n")
        );
    }
}

#[test]
fn a_json_line_is_one_object_with_sorted_keys() {
    let line = line(
        Level::Error,
        "a<b",
        &[("error", "no"), ("backup", "velero/b")],
    );
    assert_eq!(
        line.render(Format::Json),
        "{\"backup\":\"velero/b\",\"error.message\":\"no\",\"level\":\"error\",\"msg\":\"a\\u003cb\",\"time\":\"2026-05-20T10:11:12Z\"}\n"
    );
}

#[test]
fn a_field_does_not_hide_what_the_line_says_itself() {
    let line = line(
        Level::Warning,
        "",
        &[("level", "x"), ("msg", "y"), ("a", "z")],
    );
    assert_eq!(
        line.render(Format::Text),
        "time=\"2026-05-20T10:11:12Z\" level=warning a=z fields.level=x fields.msg=y\n"
    );
}

#[test]
fn errors_and_warnings_are_counted_and_kept_by_namespace() {
    let mut tally = Tally::default();
    tally.note(&line(Level::Info, "fine", &[("namespace", "a")]));
    tally.note(&line(
        Level::Error,
        "Error backing up item",
        &[
            ("namespace", "a"),
            ("resource", "pods"),
            ("name", "p"),
            ("error", "gone"),
        ],
    ));
    tally.note(&line(Level::Error, "no bucket", &[("error", "403")]));
    tally.note(&line(Level::Error, "of the cluster", &[("namespace", "")]));
    tally.note(&line(Level::Warning, "old", &[("name", "n")]));
    assert_eq!((tally.errors(), tally.warnings()), (3, 1));
    let results = tally.results();
    assert_eq!(
        results.errors.namespaces["a"],
        [" resource: /pods name: /p message: /Error backing up item error: /gone"]
    );
    assert_eq!(results.errors.velero, [" message: /no bucket error: /403"]);
    assert_eq!(results.errors.cluster, [" message: /of the cluster"]);
    assert_eq!(results.warnings.velero, [" name: /n message: /old"]);
    tally.add(results.errors.clone(), results.warnings.clone());
    assert_eq!((tally.errors(), tally.warnings()), (6, 2));
}
