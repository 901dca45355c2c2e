//! Reports, and waivers with their days.

use seawall_image_check::diff::Difference;
use seawall_image_check::{
    Profile, Severity, WaiverError, Waivers, attestation, json, junit, sarif, table,
};

use crate::scene::{NOW, Scene};

fn flawed() -> Scene {
    let mut scene = Scene::clean();
    scene.program("usr/bin/a <b>&\"c\"", "@(#)Bash version");
    scene.step("RUN apt-get -y dist-upgrade && rm -rf /var/lib/apt/lists/*");
    scene
}

#[test]
fn a_report_says_the_same_in_every_form() {
    let report = flawed().report(Profile::Static);
    // The shell, that it belongs to no package, and the upgrade.
    assert_eq!(
        (
            report.count(Severity::Error),
            report.count(Severity::Warning)
        ),
        (1, 2)
    );
    assert!(report.fails(Severity::Error));
    let text = table(&report);
    assert!(
        text.contains("error       SW-101 (CIS-4.3): There is a shell"),
        "{text}"
    );
    assert!(text.contains("1 errors, 2 warnings"), "{text}");
    let value = json(&report);
    assert_eq!(value["findings"][0]["id"], "SW-101");
    assert_eq!(value["findings"][0]["path"], "usr/bin/a <b>&\"c\"");
    assert_eq!(value["warnings"], 2);
    let value = sarif(&report);
    assert_eq!(value["version"], "2.1.0");
    let run = &value["runs"][0];
    let result = &run["results"][0];
    let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], "SW-101");
    let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "usr/bin/a%20%3Cb%3E%26%22c%22");
    let text = junit(&report, Severity::Error);
    assert!(text.contains("failures=\"1\""), "{text}");
    assert!(
        text.contains("/usr/bin/a &lt;b&gt;&amp;&quot;c&quot;: it is bash"),
        "{text}"
    );
    assert!(junit(&report, Severity::Warning).contains("failures=\"3\""));
    let value = attestation(&report);
    let named = |list: &str| value["predicate"][list].as_array().unwrap().clone();
    assert_eq!(value["predicate"]["result"], "FAILED");
    assert_eq!(named("failedTests"), ["SW-101"]);
    assert_eq!(
        named("warnedTests"),
        ["SW-1204", "SW-804"].map(serde_json::Value::from)
    );
    assert_eq!(named("passedTests").len() + 3, report.checks.len());
    let digest = value["subject"][0]["digest"]["sha256"].as_str().unwrap();
    assert_eq!(report.digest, format!("sha256:{digest}"));
    let clean = attestation(&Scene::clean().report(Profile::Static));
    assert_eq!(clean["predicate"]["result"], "PASSED");
}

#[test]
fn a_waiver_counts_until_its_day_for_its_path_and_not_for_years() {
    let scene = flawed();
    let waivers = |expires: &str, path: &str| {
        let text = format!(
            "waivers:\n  - id: SW-101\n    path: {path}\n    reason: mended in 2.0\n    expires: {expires}\n"
        );
        Waivers::read(&text).unwrap()
    };
    let errors = |waivers: &Waivers, now: &str| {
        let report = scene.report_with(Profile::Static, waivers, now);
        (report.count(Severity::Error), report.notes.clone())
    };
    let good = waivers("2026-11-30", "/usr/bin/*");
    assert_eq!(errors(&good, NOW), (0, vec![]));
    assert_eq!(errors(&good, "2026-11-30T23:59:59Z").0, 0);
    let (count, notes) = errors(&good, "2026-12-01T00:00:00Z");
    assert_eq!(
        (count, notes.as_slice()),
        (
            1,
            ["the waiver of SW-101 expired on 2026-11-30".to_owned()].as_slice()
        )
    );
    let (count, notes) = errors(&waivers("2026-11-30", "/usr/sbin/*"), NOW);
    assert!(
        count == 1 && notes[0].contains("waives nothing"),
        "{notes:?}"
    );
    let (count, notes) = errors(&waivers("2036-01-01", "/usr/bin/*"), NOW);
    assert!(
        count == 1 && notes[0].contains("more than a year"),
        "{notes:?}"
    );
    let report = scene.report_with(Profile::Static, &good, NOW);
    assert!(
        json(&report)
            .to_string()
            .contains("mended in 2.0 (until 2026-11-30)")
    );
    assert!(
        sarif(&report)
            .to_string()
            .contains("suppressions\":[{\"justification\"")
    );
    assert!(junit(&report, Severity::Error).contains("skipped=\"1\""));
    // By the number that others give it.
    let other = "waivers: [{ id: CIS-4.3, reason: x, expires: 2026-12-31 }]";
    assert_eq!(errors(&Waivers::read(other).unwrap(), NOW).0, 0);
}

#[test]
fn waivers_that_say_too_little_are_refused() {
    let read = |text: &str| Waivers::read(text).unwrap_err();
    assert!(matches!(
        read("waivers: [{ id: SW-999, reason: x, expires: 2026-12-31 }]"),
        WaiverError::Unknown(1, _)
    ));
    assert!(matches!(
        read("waivers: [{ id: SW-101, reason: ' ', expires: 2026-12-31 }]"),
        WaiverError::Reasonless(1, _)
    ));
    for text in [
        "waivers: [{ id: SW-101, reason: x }]",
        "waivers: [{ id: SW-101, reason: x, expires: never }]",
        "waiver: []",
    ] {
        assert!(matches!(read(text), WaiverError::Malformed(_)), "{text}");
    }
}

#[test]
fn two_images_differ_in_packages_files_and_config() {
    let before = Scene::clean().open();
    assert!(
        Difference::between(&before, &Scene::clean().open())
            .unwrap()
            .is_empty()
    );
    let mut scene = Scene::clean();
    scene.file(
        "var/lib/dpkg/status.d/tzdata",
        "Package: tzdata\nVersion: 2027a\nArchitecture: all\n",
    );
    scene.replace("etc/os-release", "ID=alpine\n");
    scene.put(|top| {
        top.file("etc/.wh.shadow", 0o644, "")
            .file("srv/new", 0o755, "x")
    });
    scene.run()["User"] = serde_json::json!("0");
    scene.run()["Env"] = serde_json::json!(["PATH=/bin", "NEW=1"]);
    let difference = Difference::between(&before, &scene.open()).unwrap();
    let list = |changes: &[seawall_image_check::diff::Change]| -> Vec<String> {
        changes
            .iter()
            .map(|change| format!("{}: {:?} {:?}", change.what, change.before, change.after))
            .collect()
    };
    assert_eq!(
        list(&difference.packages),
        ["tzdata: Some(\"2026f-0+deb13u1\") Some(\"2027a\")"]
    );
    let files = list(&difference.files);
    for expected in [
        "/etc/os-release: Some(\"file of 10 bytes, 0644 0:0\") Some(\"file of 10 bytes, 0644 0:0, other content\")",
        "/etc/shadow: Some(\"file of 33 bytes, 0640 0:0\") None",
        "/srv/new: None Some(\"file of 1 bytes, 0755 0:0\")",
    ] {
        assert!(
            files.contains(&expected.to_owned()),
            "{expected}: {files:#?}"
        );
    }
    let config = list(&difference.config);
    assert!(
        config.contains(&"config.User: Some(\"65532:65532\") Some(\"0\")".to_owned()),
        "{config:#?}"
    );
    assert!(config.contains(&"config.Env.NEW: None Some(\"1\")".to_owned()));
}
