//! Planted mistakes: each is told with its line and column, its path, and what to do.

use seawall_image_definition::Definition;

/// A definition, where its mistake stands, what is said, what is advised.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    // Keys and types.
    (
        "nmae: x",
        "1:1: nmae",
        "not known here",
        "did you mean \"name\"?",
    ),
    (
        "name: [x]",
        "1:7: name",
        "a list, and a string",
        "write a string",
    ),
    (
        "name: 1.10",
        "1:7: name",
        "a number, and a string",
        "in quotes",
    ),
    (
        "name: true",
        "1:7: name",
        "true or false, and a string",
        "in quotes",
    ),
    (
        "tags: latest",
        "1:7: tags",
        "a string, and a list",
        "on a line of its own",
    ),
    ("tags:\n  - 1.18", "2:5: tags[0]", "a number", "in quotes"),
    (
        "contents:\n  - x",
        "2:3: contents",
        "a list, and a map",
        "keys and values",
    ),
    (
        "accounts:\n  root: \"yes\"",
        "2:9: accounts.root",
        "true or false is expected",
        "without quotes",
    ),
    ("- x", "1:1: ", "a list, and a map", "keys and values"),
    (
        "name: x\nname: y",
        "2:1: ",
        "cannot be read",
        "mend the line",
    ),
    ("name: 'x", "1:7: ", "cannot be read", "mend the line"),
    ("a: b: c", "1:5: ", "cannot be read", "mend the line"),
    (
        "# syntax=dhi.io/build:2-fedora40\nname: x",
        "1:1: ",
        "is not known",
        "2-debian13",
    ),
    // Words of a closed set.
    (
        "variant: develop",
        "1:10: variant",
        "\"develop\" is not known",
        "runtime, dev, helm",
    ),
    (
        "compression: gzipp",
        "1:14: compression",
        "not known",
        "did you mean \"gzip\"?",
    ),
    (
        "output: flat",
        "1:9: output",
        "not known",
        "layered, squashed",
    ),
    (
        "entitlement: all",
        "1:14: entitlement",
        "not known",
        "public, enterprise, els",
    ),
    (
        "platforms:\n  - linux/s390x",
        "2:5: platforms[0]",
        "not known",
        "linux/amd64, linux/arm64",
    ),
    (
        "platforms:\n  - linux/amd64\n  - linux/amd64",
        "3:5: platforms[1]",
        "twice",
        "leave one",
    ),
    (
        "platforms: []",
        "1:12: platforms",
        "no platform",
        "linux/amd64",
    ),
    // Variables.
    (
        "vars:\n  A: b\nname: ${C}",
        "3:7: name",
        "\"C\" is not defined",
        "there is: A",
    ),
    ("name: ${A", "1:7: name", "not closed", "closing brace"),
    (
        "vars:\n  A: b\nname: ${A:^[0-9]+$}",
        "3:7: name",
        "does not match",
        "mend the pattern",
    ),
    (
        "vars:\n  A: b\nname: ${A:(}",
        "3:7: name",
        "understood",
        "mend the pattern",
    ),
    (
        "vars:\n  A-B: b",
        "2:3: vars.A-B",
        "name of a variable",
        "letters",
    ),
    (
        "vars:\n  A: b\n  B: ${A}",
        "3:6: vars.B",
        "another one",
        "in full",
    ),
    ("vars:\n  A: 1", "2:6: vars.A", "a number", "in quotes"),
    // Contents.
    (
        "contents:\n  packages:\n    - tz data",
        "3:7: contents.packages[0]",
        "no name of a package",
        "name=version",
    ),
    (
        "contents:\n  packages:\n    - tzdata=",
        "3:7: contents.packages[0]",
        "no version",
        "name=version",
    ),
    (
        "contents:\n  packages:\n    - '!'",
        "3:7: contents.packages[0]",
        "no name",
        "to exclude one",
    ),
    (
        "contents:\n  packages:\n    - '!tzdata=1'",
        "3:7: contents.packages[0]",
        "no name",
        "to exclude one",
    ),
    (
        "contents:\n  packages:\n    - tzdata\n    - tzdata",
        "4:7: contents.packages[1]",
        "twice",
        "leave one",
    ),
    (
        "contents:\n  packages:\n    - tzdata\n    - '!tzdata'",
        "4:7: contents.packages[1]",
        "both wanted and excluded",
        "leave one",
    ),
    (
        "contents:\n  repositories:\n    - ftp://example.org",
        "3:7: contents.repositories[0]",
        "no address",
        "Alpine repository",
    ),
    (
        "contents:\n  repositories:\n    - deb http://example.org",
        "3:7: contents.repositories[0]",
        "suite is missing",
        "SUITE",
    ),
    (
        "contents:\n  repositories:\n    - deb http://example.org trixie",
        "3:7: contents.repositories[0]",
        "component is missing",
        "COMPONENT",
    ),
    (
        "contents:\n  repositories:\n    - deb [trusted=yes] http://example.org trixie main",
        "3:7: contents.repositories[0]",
        "without a signature",
        "signed-by",
    ),
    (
        "contents:\n  repositories:\n    - deb http://example.org ../.. main",
        "3:7: contents.repositories[0]",
        "no name of a suite",
        "SUITE",
    ),
    (
        "contents:\n  files:\n    - path: /x",
        "3:7: contents.files[0]",
        "\"url\" is missing",
        "add \"url",
    ),
    (
        "contents:\n  files:\n    - url: x\n      checksum: md5:1",
        "4:17: contents.files[0].checksum",
        "no checksum",
        "sha256",
    ),
    (
        "contents:\n  files:\n    - url: x\n      mode: 0755",
        "4:13: contents.files[0].mode",
        "a number",
        "\"0755\"",
    ),
    (
        "contents:\n  files:\n    - url: x\n      mode: \"0999\"",
        "4:13: contents.files[0].mode",
        "no mode",
        "octal",
    ),
    (
        "contents:\n  files:\n    - url: x\n      spdx:\n        package: []",
        "5:9: contents.files[0].spdx.package",
        "not known",
        "\"packages\"",
    ),
    (
        "contents:\n  builds:\n    - pipelines: []",
        "3:7: contents.builds[0].pipelines",
        "not known",
        "\"pipeline\"",
    ),
    (
        "contents:\n  builds:\n    - caches:\n        - sharing: all",
        "4:11: contents.builds[0].caches[0]",
        "\"path\" is missing",
        "add",
    ),
    (
        "contents:\n  builds:\n    - pipeline:\n        - secrets:\n            - id: x",
        "5:15: contents.builds[0].pipeline[0].secrets[0]",
        "\"env\" is missing",
        "add",
    ),
    (
        "contents:\n  builds:\n    - contents:\n        builds: []",
        "4:9: contents.builds[0].contents.builds",
        "not known",
        "packages",
    ),
    (
        "contents:\n  artifacts:\n    - names: x",
        "3:7: contents.artifacts[0].names",
        "not known",
        "\"name\"",
    ),
    // Accounts.
    (
        "accounts:\n  run-as: nobody",
        "2:11: accounts.run-as",
        "no user \"nobody\"",
        "accounts.users",
    ),
    (
        "accounts:\n  users:\n    - name: a\n      uid: 1",
        "3:7: accounts.users[0]",
        "\"gid\" is missing",
        "add",
    ),
    (
        "accounts:\n  users:\n    - {name: a, uid: -1, gid: 1}",
        "3:22: accounts.users[0].uid",
        "out of range",
        "from 0",
    ),
    (
        "accounts:\n  users:\n    - {name: a, uid: 1, gid: 1}\n    - {name: a, uid: 2, gid: 1}",
        "4:7: accounts.users[1]",
        "name a is taken",
        "of its own",
    ),
    (
        "accounts:\n  users:\n    - {name: a, uid: 1, gid: 1}\n    - {name: b, uid: 1, gid: 1}",
        "4:7: accounts.users[1]",
        "uid 1 is taken",
        "of its own",
    ),
    (
        "accounts:\n  users:\n    - {name: 'a:0', uid: 1, gid: 1}",
        "3:14: accounts.users[0].name",
        "no name of an account",
        "small letters",
    ),
    (
        "accounts:\n  groups:\n    - {name: a, gid: \"1\"}",
        "3:22: accounts.groups[0].gid",
        "a string, and a whole number",
        "without quotes",
    ),
    // The rest.
    (
        "os-release:\n  id: Debian",
        "2:7: os-release.id",
        "characters",
        "small letters",
    ),
    (
        "os-release:\n  name: \"a\\nb\"",
        "2:9: os-release.name",
        "more than one line",
        "one line",
    ),
    (
        "os-release:\n  id-like: 'a  b'",
        "2:12: os-release.id-like",
        "characters",
        "small letters",
    ),
    (
        "work-dir: home",
        "1:11: work-dir",
        "no absolute path",
        "begin it with /",
    ),
    (
        "stop-signal: TERM",
        "1:14: stop-signal",
        "no signal",
        "SIGTERM",
    ),
    (
        "environment:\n  A=B: c",
        "2:8: environment.A=B",
        "name of a variable",
        "letters",
    ),
    ("ports:\n  - 80 80", "2:5: ports[0]", "no port", "8080/tcp"),
    ("ports:\n  - 70000/tcp", "2:5: ports[0]", "no port", "65535"),
    ("ports:\n  - 8080", "2:5: ports[0]", "a number", "in quotes"),
    (
        "tags:\n  - a b",
        "2:5: tags[0]",
        "cannot be a tag",
        "letters",
    ),
    (
        "paths:\n  - path: /x",
        "2:5: paths[0]",
        "\"type\" is missing",
        "add",
    ),
    (
        "paths:\n  - {type: symlink, path: /x}",
        "2:5: paths[0]",
        "\"source\" is missing",
        "add",
    ),
    (
        "paths:\n  - {type: file, path: /x}",
        "2:5: paths[0]",
        "\"content\" is missing",
        "add",
    ),
    (
        "paths:\n  - {type: directory, path: /x/../y}",
        "2:29: paths[0].path",
        "no absolute path",
        "..",
    ),
    (
        "paths:\n  - {type: delete, path: /x, mode: \"755\"}",
        "2:36: paths[0].mode",
        "no meaning",
        "leave it out",
    ),
    (
        "paths:\n  - {type: hardlink, path: /x}",
        "2:12: paths[0].type",
        "not known",
        "symlink",
    ),
    (
        "tests:\n  - name: x",
        "2:5: tests[0]",
        "\"exit-code\" is missing",
        "add",
    ),
    (
        "dates:\n  released: x",
        "2:3: dates.released",
        "not known",
        "\"release\"",
    ),
    (
        "track:\n  - type: github_tag\n    owner: a\n    repo: b\n    set: X",
        "2:5: track[0]",
        "\"match\" is missing",
        "add",
    ),
    (
        "track:\n  - type: debian_package\n    package: pkg:apk/x\n    set: X",
        "3:14: track[0].package",
        "no package URL",
        "pkg:deb/",
    ),
    (
        "track:\n  - type: oci_artifact\n    name: a\n    match: b\n    set: X",
        "5:10: track[0].set",
        "a list of variables",
        "type",
    ),
];

#[test]
fn every_mistake_is_told_with_its_place_and_what_to_do() {
    let mut wrong = Vec::new();
    for (text, place, message, advice) in MISTAKES {
        let told = match Definition::parse("d.yaml", text) {
            Ok(_) => "nothing".to_owned(),
            Err(problems) => problems.to_string(),
        };
        let line = told.lines().next().unwrap_or_default();
        let good = line.starts_with(&format!("d.yaml:{place}"))
            && line.contains(message)
            && line.contains(advice);
        if !good {
            wrong.push(format!(
                "{text:?}\n  expected {place} {message} {advice}\n  told {told}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_lines() {
    let text = "variant: x\nports:\n  - 0\ncontents:\n  packages:\n    - ' '\n  nothing: 1\n";
    let error = Definition::parse("d.yaml", text).unwrap_err();
    let lines: Vec<u64> = error
        .problems
        .iter()
        .map(|problem| problem.place.line)
        .collect();
    assert_eq!(lines, [1, 3, 6, 7]);
    assert_eq!(error.to_string().lines().count(), 4);
}

#[test]
fn what_cannot_be_built_is_told_for_each_kind() {
    let text = "includes: [a.yaml]\nentitlement: els\nvariant: helm\nstig-certified: true\n\
                contents:\n  mappings: {a: b}\n  artifacts: [{name: x}]\n  builds: [{name: y}]\n  files:\n    - url: git+https://example.org/x.git\n    - url: https://example.org/x\n    - {url: x, if: z}\n    - {url: x, secret-id: z}\n    - url: x\n\
                paths:\n  - {type: delete, path: /x, if: z}\n";
    let definition = Definition::parse("d.yaml", text).unwrap_or_else(|error| panic!("{error}"));
    let told: Vec<String> = definition
        .unbuildable()
        .iter()
        .map(ToString::to_string)
        .collect();
    for expected in [
        "1:11: includes: it builds on other definitions",
        "2:14: entitlement: its packages are for customers",
        "3:10: variant: a Helm chart",
        "4:17: stig-certified: a build cannot certify",
        "contents.builds[0]: the build \"y\" runs commands",
        "contents.artifacts[0]: it takes files of another image, \"x\"",
        "contents.mappings: ",
        "10:7: contents.files[0]: git+https://example.org/x.git is no file",
        "11:7: contents.files[1]: https://example.org/x lies on a web server",
        "12:7: contents.files[2]: the condition \"z\"",
        "13:7: contents.files[3]: it asks for the secret \"z\"",
        "16:5: paths[0]: the condition \"z\"",
    ] {
        assert!(
            told.iter().any(|line| line.contains(expected)),
            "{expected}\n{told:#?}"
        );
    }
    assert_eq!(told.len(), 12);
}
