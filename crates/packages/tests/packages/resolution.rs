//! Which packages are taken, and why others cannot be had.

use crate::mirror::Mirror;

#[test]
fn dependencies_alternatives_and_provided_names_are_followed() {
    let mut mirror = Mirror::new();
    mirror
        .add("app", "1", "Depends: lib (>= 2), mail-agent, missing | second\nPre-Depends: first\nRecommends: extra\n")
        .add("lib", "1", "")
        .add("lib", "3", "")
        .add("lib", "2", "")
        .add("first", "1", "")
        .add("second", "1", "")
        .add("extra", "1", "")
        .add("zmail", "1", "Provides: mail-agent\n")
        .add("amail", "1", "Provides: mail-agent (= 5)\nConflicts: mail-agent\n")
        .publish();
    assert_eq!(
        mirror.outcome(&["app"]),
        "amail=1 app=1 first=1 lib=3 second=1"
    );
    assert_eq!(
        mirror.outcome(&["app", "zmail", "!amail"]),
        "app=1 first=1 lib=3 second=1 zmail=1"
    );
    assert_eq!(
        mirror.outcome(&["app", "!amail"]),
        "app=1 first=1 lib=3 second=1 zmail=1"
    );
    assert_eq!(
        mirror.outcome(&["app", "lib=2"]),
        "amail=1 app=1 first=1 lib=2 second=1"
    );
    assert_eq!(
        mirror.outcome(&["amail", "zmail"]),
        "amail 1 and zmail 1 cannot be together"
    );
}

#[test]
fn what_is_excluded_is_left_out_and_recorded() {
    let mut mirror = Mirror::new();
    mirror
        .add(
            "base",
            "1",
            "Pre-Depends: awk\nDepends: shell | other-shell\n",
        )
        .add("mawk", "1", "Provides: awk\n")
        .add("shell", "1", "")
        .publish();
    let folder = tempfile::tempdir().unwrap();
    let cache = seawall_packages::Cache::new(folder.path());
    let lock = mirror
        .resolve(&["base", "!mawk", "!shell"], &cache)
        .unwrap();
    assert_eq!(crate::mirror::names(&lock), "base=1");
    let left_out: Vec<&str> = lock.platforms[0]
        .left_out
        .iter()
        .map(|one| one.dependency.as_str())
        .collect();
    assert_eq!(left_out, ["awk", "shell | other-shell"]);
}

#[test]
fn what_cannot_be_had_is_named() {
    let mut mirror = Mirror::new();
    mirror
        .add("app", "1", "Depends: nothing (>= 2) | no-one\n")
        .add("old", "1", "Depends: lib (<< 2)\n")
        .add("new", "1", "Depends: lib (>= 2)\n")
        .add("foe", "1", "Breaks: lib (<< 2)\n")
        .add("strict", "1", "Depends: virtual (>= 1)\n")
        .add("loose", "1", "Provides: virtual\n")
        .add("lib", "1", "")
        .add("lib", "2", "")
        .publish();
    for (packages, says) in [
        (
            &["none"][..],
            "line 7, contents.packages: no repository has the package \"none\"; substitute it",
        ),
        (
            &["lib=3"],
            "no repository has lib=3; there is 2, 1; substitute the version",
        ),
        (&["lib", "!lib"], "\"lib\" is both wanted and excluded"),
        (
            &["app"],
            "app 1 depends on nothing (>= 2) | no-one, which no package of the repositories meets",
        ),
        (
            &["lib=1", "new"],
            "new 1 depends on lib (>= 2), which no package",
        ),
        (&["lib=1", "lib=2"], "lib=2 and lib 1 cannot be together"),
        (&["lib=1", "foe"], "foe 1 and lib 1 cannot be together"),
        (&["strict"], "strict 1 depends on virtual (>= 1)"),
    ] {
        let outcome = mirror.outcome(packages);
        assert!(outcome.contains(says), "{packages:?}: {outcome}");
    }
    assert_eq!(mirror.outcome(&["old"]), "lib=1 old=1");
    assert_eq!(mirror.outcome(&["lib=2", "foe"]), "foe=1 lib=2");
}

#[test]
fn circles_end_and_equal_wishes_give_equal_locks() {
    let mut mirror = Mirror::new();
    mirror
        .add("one", "1", "Depends: two\n")
        .add("two", "1", "Depends: three, one (= 1)\n")
        .add("three", "1", "Depends: one\n")
        .publish();
    assert_eq!(mirror.outcome(&["two"]), "one=1 three=1 two=1");
    assert_eq!(
        mirror.outcome(&["three", "one"]),
        mirror.outcome(&["one", "three", "one"])
    );
}
