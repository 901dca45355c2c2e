//! The order of versions; the judge is dpkg.

use std::cmp::Ordering;
use std::process::Command;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use seawall_packages::deb::version::Version;

fn judged(one: &str, other: &str) -> Ordering {
    let is = |relation: &str| {
        let status = Command::new("dpkg")
            .args(["--compare-versions", one, relation, other])
            .status();
        status.unwrap().success()
    };
    if is("lt") {
        Ordering::Less
    } else if is("eq") {
        Ordering::Equal
    } else {
        Ordering::Greater
    }
}

#[test]
fn versions_are_ordered_as_dpkg_orders_them() {
    let pairs = [
        ("1.0", "1.0-0"),
        ("1.0~rc1", "1.0"),
        ("1.0~~", "1.0~"),
        ("1:0.1", "2.0"),
        ("20250419+dhi2", "20250419"),
        ("20250419~deb12u1", "20250419"),
        ("2.41-12+deb13u1", "2.41-12"),
        ("1.2a", "1.2+"),
        ("1.10", "1.9"),
        ("1.0-1-2", "1.0-1"),
        ("0001", "1"),
    ];
    for (one, other) in pairs {
        let ours = Version::parse(one)
            .unwrap()
            .cmp(&Version::parse(other).unwrap());
        assert_eq!(ours, judged(one, other), "{one} {other}");
    }
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let version = "([0-2]:)?[0-9][0-9a-z.+~]{0,5}(-[0-9a-z+~.]{1,3})?";
    runner
        .run(&(version, version), |(one, other)| {
            let (Some(ours), Some(theirs)) = (Version::parse(&one), Version::parse(&other)) else {
                return Ok(());
            };
            prop_assert_eq!(ours.cmp(&theirs), judged(&one, &other), "{} {}", one, other);
            prop_assert_eq!(ours.cmp(&theirs), theirs.cmp(&ours).reverse());
            Ok(())
        })
        .unwrap();
}

#[test]
fn what_is_no_version_is_refused() {
    for text in [
        "",
        ":1",
        "a:1",
        "1:",
        "-1",
        "1-",
        "1 2",
        "1_2",
        "99999999999:1",
    ] {
        assert!(Version::parse(text).is_none(), "{text:?}");
    }
}
