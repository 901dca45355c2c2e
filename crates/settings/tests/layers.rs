//! Where a setting comes from, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::collections::HashMap;
use std::path::PathBuf;

use seawall_settings::{
    ProjectCreation, Settings, SettingsError, TABLE, render_reference, render_yaml, warnings,
};

fn load(
    file: &str,
    environment: &[(&str, &str)],
    flags: &[(&str, &str)],
) -> Result<Settings, SettingsError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seawall.yaml");
    std::fs::write(&path, file).unwrap();
    let environment: HashMap<&str, &str> = environment.iter().copied().collect();
    let flags: Vec<(&str, String)> = flags
        .iter()
        .map(|(key, text)| (*key, (*text).to_owned()))
        .collect();
    Settings::load(
        Some(&path),
        |name| environment.get(name).map(|text| (*text).to_owned()),
        &flags,
    )
}

#[test]
fn each_layer_overrides_the_one_before() {
    let file = "listen: 127.0.0.1:1\nlog:\n  level: debug\nstorage:\n  s3:\n    region: eu\n";
    let settings = load(
        file,
        &[
            ("SEAWALL_LISTEN", "127.0.0.1:2"),
            ("SEAWALL_STORAGE_S3_PREFIX", "p"),
        ],
        &[],
    )
    .unwrap();
    assert_eq!(settings.listen.port(), 2);
    assert_eq!(settings.log.level, "debug");
    assert_eq!(
        (
            settings.storage.s3.region.as_str(),
            settings.storage.s3.prefix.as_str()
        ),
        ("eu", "p")
    );
    let settings = load(
        file,
        &[("SEAWALL_LISTEN", "127.0.0.1:2")],
        &[("listen", "127.0.0.1:3")],
    )
    .unwrap();
    assert_eq!(settings.listen.port(), 3);
    assert_eq!(settings.data_dir, PathBuf::from("./seawall-data"));
}

#[test]
fn an_unknown_key_is_an_error_with_its_line() {
    for (file, key) in [
        ("log:\n  level: info\n  colour: red\n", "colour"),
        ("read_only: false\n\nlissten: x\n", "lissten"),
    ] {
        let error = load(file, &[], &[]).unwrap_err().to_string();
        assert!(error.contains(key) && error.contains("line 3"), "{error}");
    }
}

#[test]
fn a_wrong_value_names_its_source_and_no_secret() {
    let error = load("", &[("SEAWALL_READ_ONLY", "maybe")], &[])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("SEAWALL_READ_ONLY") && error.contains("true or false"),
        "{error}"
    );
    let error = load("admin_password: Tell-No1\nread_only: maybe\n", &[], &[])
        .unwrap_err()
        .to_string();
    assert!(
        !error.contains("Tell-No1") && error.contains("line 2"),
        "{error}"
    );
}

#[test]
fn an_empty_file_is_the_defaults() {
    assert_eq!(load("# nothing\n", &[], &[]).unwrap(), Settings::default());
}

#[test]
fn values_that_do_not_fit_together_are_refused() {
    for (file, word) in [
        ("tls: {cert: /x}", "tls.key"),
        ("external_url: hub.example", "external_url"),
        ("external_url: https://hub.example/path", "host only"),
        ("database: {url: 'postgres://x/y'}", "storage.shared"),
        ("database: {url: 'mysql://x/y'}", "database.url"),
        ("quota: {storage_per_project_bytes: -2}", "quota"),
        ("telemetry: {sample_ratio: 2}", "sample_ratio"),
        ("limits: {max_connections: 0}", "max_connections"),
    ] {
        let error = load(file, &[], &[]).unwrap_err().to_string();
        assert!(error.contains(word), "{file}: {error}");
    }
    assert!(
        load(
            "database: {url: 'postgres://x/y'}\nstorage: {shared: true}",
            &[],
            &[]
        )
        .is_ok()
    );
    assert!(
        load(
            "database: {url: 'postgres://x/y'}\nstorage: {s3: {bucket: b}}",
            &[],
            &[]
        )
        .is_ok()
    );
}

#[test]
fn what_is_printed_can_be_read_back_and_shows_no_secret() {
    let file = "trusted_proxies: [10.0.0.0/8, '::1']\nauth: {project_creation_restriction: adminonly, robot_name_prefix: 'r\"$'}";
    let settings = load(file, &[], &[]).unwrap();
    assert_eq!(
        settings.auth.project_creation_restriction,
        ProjectCreation::AdminOnly
    );
    assert_eq!(load(&render_yaml(&settings), &[], &[]).unwrap(), settings);
    let secret = load(
        "",
        &[
            ("SEAWALL_ADMIN_PASSWORD", "Tell-No1"),
            ("SEAWALL_DATABASE_URL", "sqlite:Tell-No1"),
        ],
        &[],
    )
    .unwrap();
    assert!(!render_yaml(&secret).contains("Tell-No1"));
    assert!(!format!("{secret:?}").contains("Tell-No1"));
}

#[test]
fn standard_variables_are_honoured_and_ours_are_stronger() {
    let standard = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:4318");
    assert_eq!(
        load("", &[standard], &[])
            .unwrap()
            .telemetry
            .otlp_endpoint
            .unwrap(),
        "http://a:4318"
    );
    let ours = ("SEAWALL_TELEMETRY_OTLP_ENDPOINT", "http://b:4318");
    assert_eq!(
        load("", &[standard, ours], &[])
            .unwrap()
            .telemetry
            .otlp_endpoint
            .unwrap(),
        "http://b:4318"
    );
}

#[test]
fn a_misspelt_variable_is_pointed_out() {
    let found = warnings(
        &Settings::default(),
        ["SEAWALL_LISTEM".to_owned(), "HOME".to_owned()].into_iter(),
    );
    assert_eq!(found, ["SEAWALL_LISTEM is no setting and has no effect"]);
}

#[test]
fn the_reference_in_docs_is_what_the_table_says() {
    // Cargo runs a test in its package's folder.
    let path = "../../docs/settings.md";
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == render_reference(),
        "docs/settings.md is stale: cargo run -- config reference > docs/settings.md"
    );
    assert!(
        TABLE
            .iter()
            .all(|setting| setting.meaning.ends_with(['.', '`', ')']))
    );
}
