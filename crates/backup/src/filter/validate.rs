//! Filters that have no meaning, told in the words that clients of the original know.
//!
//! [`backup`] also makes what is left out unsaid explicit, as the original does before it begins.

use std::collections::BTreeSet;

use crate::api::backup::BackupSpec;

const SNAPSHOTS: &str = "volumesnapshots.snapshot.storage.k8s.io";
const SNAPSHOT_CONTENTS: &str = "volumesnapshotcontents.snapshot.storage.k8s.io";

/// Whether a spec uses the filters from before resources were told apart by scope.
pub fn uses_old_filters(spec: &BackupSpec) -> bool {
    spec.include_cluster_resources.is_some()
        || !spec.included_resources.is_empty()
        || !spec.excluded_resources.is_empty()
}

fn uses_new_filters(spec: &BackupSpec) -> bool {
    !(spec.included_cluster_scoped_resources.is_empty()
        && spec.excluded_cluster_scoped_resources.is_empty()
        && spec.included_namespace_scoped_resources.is_empty()
        && spec.excluded_namespace_scoped_resources.is_empty())
}

/// What is wrong with the filters of a backup. Where nothing is, the spec then says what it means:
/// snapshots of volumes, which a backup makes and collects itself, are left out, and no namespaces
/// are all of them.
pub fn backup(spec: &mut BackupSpec) -> Vec<String> {
    let mut errors = Vec::new();
    if uses_old_filters(spec) && uses_new_filters(spec) {
        errors.push(
            "include-resources, exclude-resources and include-cluster-resources are old filter parameters.\n\
             include-cluster-scoped-resources, exclude-cluster-scoped-resources, include-namespace-scoped-resources and exclude-namespace-scoped-resources are new filter parameters.\n\
             They cannot be used together"
                .to_owned(),
        );
    }
    if uses_old_filters(spec) {
        let found = lists(&spec.included_resources, &spec.excluded_resources);
        if found.is_empty() {
            leave_out(
                &mut spec.included_resources,
                &mut spec.excluded_resources,
                &[SNAPSHOTS, SNAPSHOT_CONTENTS],
            );
        }
        extend(
            &mut errors,
            "Invalid included/excluded resource lists",
            found,
        );
    } else {
        for (what, included, excluded, snapshots) in [
            (
                "Invalid cluster-scoped included/excluded resource lists",
                &mut spec.included_cluster_scoped_resources,
                &mut spec.excluded_cluster_scoped_resources,
                SNAPSHOT_CONTENTS,
            ),
            (
                "Invalid namespace-scoped included/excluded resource lists",
                &mut spec.included_namespace_scoped_resources,
                &mut spec.excluded_namespace_scoped_resources,
                SNAPSHOTS,
            ),
        ] {
            let found = scoped_lists(included, excluded);
            if found.is_empty() {
                leave_out(included, excluded, &[snapshots]);
            }
            extend(&mut errors, what, found);
        }
    }
    if spec.included_namespaces.is_empty() {
        spec.included_namespaces.push("*".to_owned());
    }
    let found = namespace_lists(&spec.included_namespaces, &spec.excluded_namespaces);
    extend(
        &mut errors,
        "Invalid included/excluded namespace lists",
        found,
    );
    if !spec.or_label_selectors.is_empty() && spec.label_selector.is_some() {
        errors.push("encountered labelSelector as well as orLabelSelectors in backup spec, only one can be specified".to_owned());
    }
    errors
}

fn extend(errors: &mut Vec<String>, what: &str, found: Vec<String>) {
    errors.extend(found.into_iter().map(|error| format!("{what}: {error}")));
}

fn leave_out(included: &mut Vec<String>, excluded: &mut Vec<String>, names: &[&str]) {
    for name in names {
        if !excluded.iter().any(|known| known == name) {
            excluded.push((*name).to_owned());
        }
    }
    included.retain(|name| !excluded.contains(name));
}

/// What is wrong with two lists of which `*` may stand alone in the first.
pub fn lists(includes: &[String], excludes: &[String]) -> Vec<String> {
    let (includes, excludes) = (set(includes), set(excludes));
    let mut errors = Vec::new();
    if includes.len() > 1 && includes.contains("*") {
        errors.push(
            "includes list must either contain '*' only, or a non-empty list of items".to_owned(),
        );
    }
    if excludes.contains("*") {
        errors.push("excludes list cannot contain '*'".to_owned());
    }
    errors.extend(in_both(&includes, &excludes));
    errors
}

/// What is wrong with two lists of one scope, of which `*` may stand alone in either.
pub fn scoped_lists(includes: &[String], excludes: &[String]) -> Vec<String> {
    let (includes, excludes) = (set(includes), set(excludes));
    let mut errors = Vec::new();
    for (what, list) in [("includes", &includes), ("excludes", &excludes)] {
        if list.len() > 1 && list.contains("*") {
            errors.push(format!(
                "{what} list must either contain '*' only, or a non-empty list of items"
            ));
        }
    }
    if !includes.is_empty() && excludes.contains("*") {
        errors.push("when exclude is '*', include cannot have value".to_owned());
    }
    errors.extend(in_both(&includes, &excludes));
    errors
}

/// What is wrong with two lists of namespaces or patterns for them.
pub fn namespace_lists(includes: &[String], excludes: &[String]) -> Vec<String> {
    let mut errors = lists(includes, excludes);
    for name in set(includes).into_iter().chain(set(excludes)) {
        if name.is_empty() {
            continue;
        }
        if let Some(complaint) = namespace_pattern_complaint(name) {
            errors.push(complaint.to_owned());
            continue;
        }
        let letters = name.replace(['*', '?', '[', ']'], "x");
        errors.extend(
            label_complaints(&letters)
                .into_iter()
                .map(|complaint| format!("invalid namespace {name:?}: {complaint}")),
        );
    }
    errors
}

/// Why a pattern for namespaces is not allowed.
pub fn namespace_pattern_complaint(pattern: &str) -> Option<&'static str> {
    if pattern.contains(['|', '(', ')', '!', '{', '}', ',']) {
        return Some("wildcard pattern contains unsupported characters: |, (, ), !, {, }, ,");
    }
    if pattern.contains("**") {
        return Some("wildcard pattern contains consecutive asterisks (only single * allowed)");
    }
    let mut rest = pattern;
    while let Some(at) = rest.find(['[', ']']) {
        if rest[at..].starts_with(']') {
            return Some("wildcard pattern contains unmatched closing bracket ']'");
        }
        match rest[at + 1..].find(']') {
            None => return Some("wildcard pattern contains unclosed bracket '['"),
            Some(0) => return Some("wildcard pattern contains empty bracket pattern '[]'"),
            Some(length) => rest = &rest[at + length + 2..],
        }
    }
    None
}

/// Why `name` is no name of a namespace. Source: `validation.IsDNS1123Label`.
fn label_complaints(name: &str) -> Vec<&'static str> {
    let mut complaints = Vec::new();
    if name.len() > 63 {
        complaints.push("must be no more than 63 characters");
    }
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.contains('.') {
        complaints.push("must not contain dots");
    } else if name.is_empty()
        || !name.bytes().all(inner)
        || name.starts_with('-')
        || name.ends_with('-')
    {
        complaints.push("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')");
    }
    complaints
}

fn set(names: &[String]) -> BTreeSet<&str> {
    names.iter().map(String::as_str).collect()
}

fn in_both(includes: &BTreeSet<&str>, excludes: &BTreeSet<&str>) -> Vec<String> {
    excludes
        .intersection(includes)
        .map(|name| format!("excludes list cannot contain an item in the includes list: {name}"))
        .collect()
}
