//! Which namespaces, resources and objects are included.

use std::collections::BTreeMap;

use seawall_backup::api::backup::BackupSpec;
use seawall_backup::api::metadata::{LabelSelector, LabelSelectorRequirement};
use seawall_backup::filter::glob::Glob;
use seawall_backup::filter::{
    ApiResource, NameFilter, NamespaceFilter, ResourceFilter, ResourceTable, Selector, validate,
};

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn resource(group: &str, plural: &str, short: &str, is_namespaced: bool) -> ApiResource {
    ApiResource {
        group: group.to_owned(),
        version: "v1".to_owned(),
        plural: plural.to_owned(),
        singular: plural.trim_end_matches('s').to_owned(),
        kind: plural.to_owned(),
        short_names: strings(&[short]),
        is_namespaced,
        verbs: strings(&["create", "delete", "get", "list", "watch"]),
    }
}

fn table() -> ResourceTable {
    ResourceTable::new(vec![
        resource("extensions", "deployments", "deploy", true),
        resource("", "pods", "po", true),
        resource("", "namespaces", "ns", false),
        resource("", "persistentvolumes", "pv", false),
        resource("", "events", "ev", true),
        resource("apps", "deployments", "deploy", true),
        resource("events.k8s.io", "events", "ev", true),
        resource("cert-manager.io", "certificates", "cert", true),
        resource("rbac.authorization.k8s.io", "clusterroles", "cr", false),
        ApiResource {
            verbs: strings(&["get", "list"]),
            ..resource("", "componentstatuses", "cs", false)
        },
        ApiResource {
            plural: "pods/log".to_owned(),
            ..resource("", "pods", "", true)
        },
    ])
}

#[test]
fn patterns_match_as_gobwas_matches() {
    for (pattern, yes, no) in [
        ("abc", &["abc"][..], &["ab", "abcd", ""][..]),
        ("*", &["", "a", "a.b/c"], &[]),
        ("a*", &["a", "ab", "a.b"], &["ba", ""]),
        (
            "*.apps",
            &["deployments.apps"],
            &["apps", "deployments.apps.x"],
        ),
        ("a**b", &["ab", "axb"], &["a"]),
        ("a?c", &["abc", "aéc"], &["ac", "abbc"]),
        ("[ab]c", &["ac", "bc"], &["cc", "c"]),
        ("[a-c]x", &["ax", "cx"], &["dx", "-x"]),
        ("[!a-c]x", &["dx"], &["ax", "x"]),
        ("[!ab]", &["c"], &["a", "b", ""]),
        ("[ab-]", &["-", "a"], &["c"]),
        ("{a,bc,d*}z", &["az", "bcz", "dxxz", "dz"], &["z", "bz"]),
        ("{a{b,c},d}", &["ab", "ac", "d"], &["a", "ad"]),
        ("a\\*b", &["a*b"], &["axb"]),
        ("a,b}", &["a,b}"], &["a"]),
        ("a]", &["a]"], &["a"]),
    ] {
        let glob = Glob::parse(pattern).unwrap();
        for text in yes {
            assert!(glob.matches(text), "{pattern} {text}");
        }
        for text in no {
            assert!(!glob.matches(text), "{pattern} {text}");
        }
    }
    for pattern in [
        "[",
        "[]",
        "[a",
        "[a-",
        "[a-b",
        "[a-bc]",
        "[b-a]",
        "{a",
        "a\\",
        &"{".repeat(9),
    ] {
        assert!(Glob::parse(pattern).is_err(), "{pattern}");
    }
}

#[test]
fn a_hostile_pattern_takes_no_longer_than_its_length_times_the_names() {
    let glob = Glob::parse(&"*a".repeat(200)).unwrap();
    assert!(!glob.matches(&format!("{}b", "a".repeat(250))));
}

#[test]
fn names_to_leave_out_win() {
    for (includes, excludes, yes, no) in [
        (&[][..], &[][..], &["a", "b"][..], &[][..]),
        (&["*"], &[], &["a"], &[]),
        (&["a"], &[], &["a"], &["b"]),
        (&[], &["a"], &["b"], &["a"]),
        (&["*"], &["a"], &["b"], &["a"]),
        (&["a", "b"], &["b"], &["a"], &["b", "c"]),
        (&["a*"], &["ab"], &["a", "ac"], &["ab", "b"]),
        // After a pattern that means nothing no other is looked at: "[" sorts before "a".
        (&["[", "a"], &[], &[], &["a"]),
    ] {
        let filter = NameFilter::new(includes, excludes);
        assert!(
            yes.iter().all(|name| filter.includes_name(name)),
            "{filter:?}"
        );
        assert!(
            !no.iter().any(|name| filter.includes_name(name)),
            "{filter:?}"
        );
    }
    let filter = NameFilter::new(&["b", "a"], &[]);
    assert_eq!(
        (filter.includes_text(), filter.excludes_text()),
        ("a, b".to_owned(), "<none>".to_owned())
    );
    assert_eq!(NameFilter::default().includes_text(), "*");
}

#[test]
fn patterns_of_namespaces_are_expanded_against_those_that_there_are() {
    let resolve = |includes: &[&str], excludes: &[&str]| {
        let active = strings(&["app-1", "app-2", "test-1", "kube"]);
        let filter = NamespaceFilter::for_backup(includes, excludes, active).unwrap();
        let names: Vec<String> = filter.resolved().into_iter().map(str::to_owned).collect();
        (names.join(" "), filter.includes_everything())
    };
    for (includes, excludes, names, everything) in [
        (&["*"][..], &[][..], "app-1 app-2 test-1 kube", true),
        (&[], &[], "app-1 app-2 test-1 kube", true),
        (&["app-*"], &[], "app-1 app-2", false),
        (&["*-1"], &["test*"], "app-1", false),
        (&["*"], &["app-?"], "test-1 kube", false),
        (&["app-[12]", "kube"], &["app-2"], "app-1 kube", false),
        // A pattern that matches nothing includes no namespace; yet the original then takes the backup
        // for one of everything when it asks about resources of the cluster, and so do we.
        (&["none-*"], &[], "", true),
        // Without any name to include and with patterns to leave out nothing is left: callers put a
        // lone `*` there before.
        (&[], &["app-*"], "", false),
        (&["kube"], &[], "kube", false),
    ] {
        assert_eq!(
            resolve(includes, excludes),
            (names.to_owned(), everything),
            "{includes:?} {excludes:?}"
        );
    }
    let all = strings(&["a", "b"]);
    assert!(
        NamespaceFilter::for_backup(&["b", "a"], &[], all.clone())
            .unwrap()
            .includes_everything()
    );
    assert!(NamespaceFilter::for_backup(&["a*", "**"], &[], all.clone()).is_err());
    assert!(NamespaceFilter::for_backup(&["[a-bc]"], &[], all).is_err());
}

#[test]
fn resources_are_known_by_all_their_names() {
    let table = table();
    for (name, meant) in [
        ("pods", "pods"),
        ("Pod", "pods"),
        ("po", "pods"),
        ("deploy", "deployments.apps"),
        ("deployments", "deployments.apps"),
        ("deployments.extensions", "deployments.extensions"),
        ("deploy.extensions", "deployments.extensions"),
        ("events", "events"),
        ("ev.events.k8s.io", "events.events.k8s.io"),
        ("certificates.cert-manager", "certificates.cert-manager.io"),
        ("cert", "certificates.cert-manager.io"),
        ("widgets.example.com", "widgets.example.com"),
        ("componentstatuses", "componentstatuses"),
    ] {
        assert_eq!(table.group_resource(name), meant, "{name}");
    }
    assert!(table.resolve("componentstatuses").is_none());
    assert!(table.resolve("pods/log").is_none());
    assert_eq!(table.resources().last().unwrap().group, "extensions");
    assert_eq!(table.resolve("deploy").unwrap().group_version(), "apps/v1");
}

fn included(spec: &BackupSpec, namespaces: &[&str]) -> String {
    let table = table();
    let namespaces = NamespaceFilter::for_backup(namespaces, &[], strings(&["a", "b"])).unwrap();
    let filter = ResourceFilter::of_backup(spec, &namespaces, &table);
    let names = [
        "pods",
        "deployments.apps",
        "namespaces",
        "persistentvolumes",
        "clusterroles.rbac.authorization.k8s.io",
        "ghosts",
    ];
    let included: Vec<&str> = names
        .into_iter()
        .filter(|name| filter.includes(name, &table))
        .collect();
    included.join(" ")
}

#[test]
fn old_filters_take_the_cluster_along_only_with_all_namespaces() {
    const ROLES: &str = "clusterroles.rbac.authorization.k8s.io";
    let spec = |included: &[&str], excluded: &[&str], cluster| BackupSpec {
        included_resources: strings(included),
        excluded_resources: strings(excluded),
        include_cluster_resources: cluster,
        ..BackupSpec::default()
    };
    for (spec, namespaces, expected) in [
        (
            spec(&["*"], &[], None),
            "*",
            format!("pods deployments.apps namespaces persistentvolumes {ROLES}"),
        ),
        (
            spec(&["*"], &[], None),
            "a",
            "pods deployments.apps namespaces".to_owned(),
        ),
        (
            spec(&["*"], &[], Some(true)),
            "a",
            format!("pods deployments.apps namespaces persistentvolumes {ROLES}"),
        ),
        (
            spec(&["*"], &[], Some(false)),
            "*",
            "pods deployments.apps".to_owned(),
        ),
        (
            spec(&["po", "pv"], &[], None),
            "*",
            "pods persistentvolumes".to_owned(),
        ),
        (
            spec(&["*"], &["deploy", "*"], None),
            "a",
            "pods namespaces".to_owned(),
        ),
        (
            spec(&["*.apps"], &[], None),
            "*",
            "deployments.apps".to_owned(),
        ),
    ] {
        assert_eq!(included(&spec, &[namespaces]), expected, "{spec:?}");
    }
}

#[test]
fn scoped_filters_take_the_cluster_along_when_named_or_when_nothing_is_filtered() {
    const ROLES: &str = "clusterroles.rbac.authorization.k8s.io";
    let spec = |namespaced: [&[&str]; 2], cluster: [&[&str]; 2]| BackupSpec {
        included_namespace_scoped_resources: strings(namespaced[0]),
        excluded_namespace_scoped_resources: strings(namespaced[1]),
        included_cluster_scoped_resources: strings(cluster[0]),
        excluded_cluster_scoped_resources: strings(cluster[1]),
        ..BackupSpec::default()
    };
    for (spec, namespaces, expected) in [
        (
            spec([&[], &[]], [&[], &[]]),
            "*",
            format!("pods deployments.apps namespaces persistentvolumes {ROLES}"),
        ),
        (
            spec([&[], &[]], [&[], &[]]),
            "a",
            "pods deployments.apps namespaces".to_owned(),
        ),
        (
            spec([&["po"], &[]], [&[], &[]]),
            "*",
            "pods namespaces".to_owned(),
        ),
        (
            spec([&[], &["po"]], [&["pv"], &[]]),
            "*",
            "deployments.apps namespaces persistentvolumes".to_owned(),
        ),
        (
            spec([&[], &["*"]], [&["*"], &[]]),
            "a",
            format!("namespaces persistentvolumes {ROLES}"),
        ),
        (
            spec([&[], &[]], [&[], &["*"]]),
            "*",
            "pods deployments.apps".to_owned(),
        ),
        // Anything left out of the cluster's resources leaves out all that is not named.
        (
            spec([&[], &[]], [&[], &["pv"]]),
            "*",
            "pods deployments.apps namespaces".to_owned(),
        ),
        // A resource in the list of the other scope is no word at all.
        (
            spec([&["pv"], &[]], [&["po"], &[]]),
            "*",
            format!("pods deployments.apps namespaces persistentvolumes {ROLES}"),
        ),
    ] {
        assert_eq!(included(&spec, &[namespaces]), expected, "{spec:?}");
    }
}

#[test]
fn what_is_left_out_stays_out_though_another_object_brings_it_along() {
    let table = table();
    let all = NamespaceFilter::default();
    let filter = |spec: &BackupSpec| ResourceFilter::of_backup(spec, &all, &table);
    let old = filter(&BackupSpec {
        included_resources: strings(&["po"]),
        excluded_resources: strings(&["deploy"]),
        ..BackupSpec::default()
    });
    let out = |filter: &ResourceFilter, name| filter.excludes(name, &table);
    assert!(out(&old, "deployments.apps") && out(&old, "ghosts") && out(&old, "persistentvolumes"));
    assert!(!out(&old, "events") && !out(&old, "pods"));
    let with_cluster = filter(&BackupSpec {
        included_resources: strings(&["po"]),
        include_cluster_resources: Some(true),
        ..BackupSpec::default()
    });
    assert!(!out(&with_cluster, "persistentvolumes"));
    let scoped = filter(&BackupSpec {
        included_namespace_scoped_resources: strings(&["po"]),
        excluded_cluster_scoped_resources: strings(&["cr"]),
        ..BackupSpec::default()
    });
    assert!(out(&scoped, "clusterroles.rbac.authorization.k8s.io") && out(&scoped, "ghosts"));
    assert!(!out(&scoped, "persistentvolumes") && !out(&scoped, "deployments.apps"));
}

#[test]
fn a_policy_speaks_where_the_spec_is_silent() {
    let table = table();
    let spec = BackupSpec {
        included_namespace_scoped_resources: strings(&["po"]),
        ..BackupSpec::default()
    };
    let policy = BackupSpec {
        included_namespace_scoped_resources: strings(&["deploy"]),
        excluded_namespace_scoped_resources: strings(&["po", "ev"]),
        included_cluster_scoped_resources: strings(&["pv"]),
        ..BackupSpec::default()
    };
    let mut filter = ResourceFilter::of_backup(&spec, &NamespaceFilter::default(), &table);
    filter.add_policy(&policy, &table);
    for (name, expected) in [
        ("pods", true),
        ("deployments.apps", true),
        ("events", false),
        ("persistentvolumes", true),
        ("clusterroles.rbac.authorization.k8s.io", false),
    ] {
        assert_eq!(filter.includes(name, &table), expected, "{name}");
    }
}

#[test]
fn labels_select_as_in_kubernetes() {
    let requirement = |key: &str, operator: &str, values: &[&str]| LabelSelectorRequirement {
        key: key.to_owned(),
        operator: operator.to_owned(),
        values: strings(values),
    };
    let selector = |labels: &[(&str, &str)], requirements: Vec<LabelSelectorRequirement>| {
        Selector::new(&LabelSelector {
            match_labels: labels
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            match_expressions: requirements,
        })
    };
    let labels = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    };
    let everything = selector(&[], vec![]).unwrap();
    assert!(everything.matches(&labels(&[])) && everything.to_string().is_empty());
    let all = selector(
        &[("z", "1")],
        vec![
            requirement("a", "In", &["y", "x"]),
            requirement("b", "NotIn", &["n"]),
            requirement("c", "Exists", &[]),
            requirement("d", "DoesNotExist", &[]),
        ],
    )
    .unwrap();
    assert_eq!(all.to_string(), "a in (x,y),b notin (n),c,!d,z=1");
    assert!(all.matches(&labels(&[("z", "1"), ("a", "x"), ("c", "")])));
    for wrong in [
        &[("z", "2"), ("a", "x"), ("c", "")][..],
        &[("z", "1"), ("a", "w"), ("c", "")],
        &[("z", "1"), ("c", "")],
        &[("z", "1"), ("a", "x"), ("b", "n"), ("c", "")],
        &[("z", "1"), ("a", "x")],
        &[("z", "1"), ("a", "x"), ("c", ""), ("d", "")],
    ] {
        assert!(!all.matches(&labels(wrong)), "{wrong:?}");
    }
    for (operator, values) in [
        ("In", &[][..]),
        ("NotIn", &[]),
        ("Exists", &["a"]),
        ("DoesNotExist", &["a"]),
        ("Like", &["a"]),
    ] {
        assert!(
            selector(&[], vec![requirement("k", operator, values)]).is_err(),
            "{operator}"
        );
    }
}

#[test]
fn filters_without_a_meaning_are_refused_in_known_words() {
    let errors = |spec: BackupSpec| {
        let mut spec = spec;
        validate::backup(&mut spec)
    };
    let spec = BackupSpec::default;
    let old = errors(BackupSpec {
        included_resources: strings(&["*", "a"]),
        excluded_resources: strings(&["*", "a"]),
        ..spec()
    });
    assert_eq!(
        old,
        [
            "Invalid included/excluded resource lists: includes list must either contain '*' only, or a non-empty list of items",
            "Invalid included/excluded resource lists: excludes list cannot contain '*'",
            "Invalid included/excluded resource lists: excludes list cannot contain an item in the includes list: *",
            "Invalid included/excluded resource lists: excludes list cannot contain an item in the includes list: a",
        ]
    );
    let scoped = errors(BackupSpec {
        included_cluster_scoped_resources: strings(&["a"]),
        excluded_cluster_scoped_resources: strings(&["*"]),
        excluded_namespace_scoped_resources: strings(&["*", "b"]),
        ..spec()
    });
    assert_eq!(
        scoped,
        [
            "Invalid cluster-scoped included/excluded resource lists: when exclude is '*', include cannot have value",
            "Invalid namespace-scoped included/excluded resource lists: excludes list must either contain '*' only, or a non-empty list of items",
        ]
    );
    let mixed = errors(BackupSpec {
        include_cluster_resources: Some(true),
        included_cluster_scoped_resources: strings(&["a"]),
        ..spec()
    });
    assert!(
        mixed.len() == 1 && mixed[0].ends_with("They cannot be used together"),
        "{mixed:?}"
    );
    let both = errors(BackupSpec {
        label_selector: Some(LabelSelector::default()),
        or_label_selectors: vec![LabelSelector::default()],
        ..spec()
    });
    assert_eq!(
        both,
        [
            "encountered labelSelector as well as orLabelSelectors in backup spec, only one can be specified"
        ]
    );
}

#[test]
fn namespaces_that_can_be_none_are_refused_in_known_words() {
    let errors = |spec: BackupSpec| {
        let mut spec = spec;
        validate::backup(&mut spec)
    };
    let spec = BackupSpec::default;
    for (namespace, complaint) in [
        (
            "a|b",
            "wildcard pattern contains unsupported characters: |, (, ), !, {, }, ,",
        ),
        (
            "a**",
            "wildcard pattern contains consecutive asterisks (only single * allowed)",
        ),
        (
            "a[]",
            "wildcard pattern contains empty bracket pattern '[]'",
        ),
        ("a[b", "wildcard pattern contains unclosed bracket '['"),
        (
            "a]b",
            "wildcard pattern contains unmatched closing bracket ']'",
        ),
        ("a.b", "invalid namespace \"a.b\": must not contain dots"),
        (
            "-a",
            "invalid namespace \"-a\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
        ),
    ] {
        let found = errors(BackupSpec {
            included_namespaces: strings(&[namespace]),
            ..spec()
        });
        assert_eq!(
            found,
            [format!(
                "Invalid included/excluded namespace lists: {complaint}"
            )]
        );
    }
    assert_eq!(
        errors(BackupSpec {
            included_namespaces: strings(&["a-*", "b?", "[a-z]x"]),
            excluded_namespaces: strings(&["", "a-1"]),
            ..spec()
        }),
        [""; 0]
    );
    assert_eq!(
        errors(BackupSpec {
            excluded_namespaces: vec!["a".repeat(64)],
            ..spec()
        })
        .len(),
        1
    );
}

#[test]
fn a_valid_spec_then_says_what_it_means() {
    let mut spec = BackupSpec {
        included_resources: strings(&["po", "volumesnapshots.snapshot.storage.k8s.io"]),
        ..BackupSpec::default()
    };
    assert!(validate::backup(&mut spec).is_empty());
    assert_eq!(spec.included_resources, ["po"]);
    assert_eq!(
        spec.excluded_resources,
        [
            "volumesnapshots.snapshot.storage.k8s.io",
            "volumesnapshotcontents.snapshot.storage.k8s.io"
        ]
    );
    assert_eq!(spec.included_namespaces, ["*"]);
    let mut spec = BackupSpec::default();
    assert!(validate::backup(&mut spec).is_empty());
    assert_eq!(
        spec.excluded_cluster_scoped_resources,
        ["volumesnapshotcontents.snapshot.storage.k8s.io"]
    );
    assert_eq!(
        spec.excluded_namespace_scoped_resources,
        ["volumesnapshots.snapshot.storage.k8s.io"]
    );
}
