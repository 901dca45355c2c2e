//! The scopes that clients ask a token for: `repository:proj/repo:pull,push`.
//! Grammar: distribution project, "Token Scope Documentation". What is granted: `token.rs`.

use std::borrow::Cow;

use seawall_oci::RepositoryName;

/// The most scopes of one request that are looked at; more is no client's habit.
pub const MAX_SCOPES: usize = 64;

/// One scope, as far as the registry understands it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// `repository`, `registry`, or something that the registry grants nothing for. Its class, as in
    /// `repository(plugin)`, is left out.
    pub kind: String,
    /// The name, without the host that some clients put before it.
    pub name: String,
    /// The actions, as asked for.
    pub actions: Vec<String>,
}

impl Scope {
    /// Reads one scope. `None` for what is not one: a token request never fails for its scopes.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        let (name, actions) = rest.rsplit_once(':')?;
        let kind = kind.split_once('(').map_or(kind, |(kind, _)| kind);
        if kind.is_empty() || name.is_empty() {
            return None;
        }
        Some(Self {
            kind: kind.to_owned(),
            name: without_host(name).to_owned(),
            actions: actions
                .split(',')
                .filter(|action| !action.is_empty())
                .map(str::to_owned)
                .collect(),
        })
    }

    /// Reads all `scope` parameters; each may hold several scopes, parted by spaces.
    pub fn parse_all<'a>(values: impl Iterator<Item = Cow<'a, str>>) -> Vec<Self> {
        let mut scopes = Vec::new();
        for value in values {
            for text in value.split(' ') {
                if scopes.len() == MAX_SCOPES {
                    return scopes;
                }
                scopes.extend(Self::parse(text));
            }
        }
        scopes
    }

    /// The repository it is about, when it is about one whose name is in grammar.
    pub fn repository(&self) -> Option<RepositoryName> {
        (self.kind == "repository")
            .then(|| self.name.parse().ok())
            .flatten()
    }

    /// Whether it asks for the catalog.
    pub fn is_catalog(&self) -> bool {
        self.kind == "registry" && self.name == "catalog"
    }
}

/// A name may come with the registry's host in front, which holds a dot, a colon or is `localhost`;
/// a project's name may hold a dot too, so only what has a port or an upper-case letter is surely a host.
fn without_host(name: &str) -> &str {
    match name.split_once('/') {
        Some((host, rest)) if host.contains(':') => rest,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(kind: &str, name: &str, actions: &[&str]) -> Scope {
        Scope {
            kind: kind.to_owned(),
            name: name.to_owned(),
            actions: actions.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn scopes_have_a_kind_a_name_and_actions() {
        assert_eq!(
            Scope::parse("repository:library/nginx:pull,push"),
            Some(scope("repository", "library/nginx", &["pull", "push"]))
        );
        assert_eq!(
            Scope::parse("repository(plugin):a/b:*"),
            Some(scope("repository", "a/b", &["*"]))
        );
        assert_eq!(
            Scope::parse("repository:localhost:5000/a/b:pull"),
            Some(scope("repository", "a/b", &["pull"]))
        );
        assert_eq!(
            Scope::parse("repository:a/b:"),
            Some(scope("repository", "a/b", &[]))
        );
        assert!(Scope::parse("registry:catalog:*").unwrap().is_catalog());
        for bad in [
            "",
            "repository",
            "repository:a/b",
            ":a:pull",
            "repository::pull",
        ] {
            assert_eq!(Scope::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn several_scopes_come_in_one_parameter_or_in_many() {
        let values = [
            "repository:a/b:pull repository:c/d:pull",
            "nonsense",
            "repository:e/f:push",
        ];
        let scopes = Scope::parse_all(values.into_iter().map(Cow::Borrowed));
        let names: Vec<_> = scopes.iter().map(|scope| scope.name.as_str()).collect();
        assert_eq!(names, ["a/b", "c/d", "e/f"]);
    }

    #[test]
    fn a_flood_of_scopes_is_cut() {
        let many = "repository:a/b:pull ".repeat(10_000);
        let scopes = Scope::parse_all([Cow::Owned(many)].into_iter());
        assert_eq!(scopes.len(), MAX_SCOPES);
    }

    #[test]
    fn a_name_out_of_grammar_is_no_repository() {
        assert!(
            Scope::parse("repository:A/../b:pull")
                .unwrap()
                .repository()
                .is_none()
        );
        assert!(
            Scope::parse("artifact:a/b:pull")
                .unwrap()
                .repository()
                .is_none()
        );
    }

    proptest::proptest! {
        #[test]
        fn no_scope_panics(text in "\\PC{0,80}") {
            let _ = Scope::parse(&text);
        }

        #[test]
        fn a_well_formed_scope_comes_back(name in "[a-z]{1,8}(/[a-z]{1,8}){1,3}", actions in "(pull|push|delete)(,(pull|push)){0,2}") {
            let parsed = Scope::parse(&format!("repository:{name}:{actions}")).unwrap();
            proptest::prop_assert_eq!(parsed.actions.join(","), actions);
            let repository = parsed.repository().unwrap();
            proptest::prop_assert_eq!(repository.as_str(), name);
        }
    }
}
