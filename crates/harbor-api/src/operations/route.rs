//! Finds the operation of a request: a tree of path segments, a fixed segment before a parameter.
//!
//! Like Harbor's router it works on the escaped path, so that a repository name may hold an escaped slash, and it does
//! not mind doubled slashes or one at the end. Each parameter is unescaped once; repository names come escaped twice and
//! are unescaped again by `names.rs`.

use axum::http::Method;
use percent_encoding::percent_decode_str;

use super::Operation;

/// The tree of every operation's path.
#[derive(Debug)]
pub struct Routes {
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    fixed: Vec<(&'static str, usize)>,
    parameter: Option<usize>,
    operations: Vec<&'static Operation>,
}

/// What stands at a path.
#[derive(Debug)]
pub enum Found {
    /// An operation, with the parameters of its path.
    Operation(&'static Operation, Parameters),
    /// Operations, but none of the method; those that are there.
    OtherMethods(Vec<&'static Method>),
    /// Nothing.
    Nothing,
}

/// The parameters of a path, by name.
#[derive(Clone, Debug, Default)]
pub struct Parameters(Vec<(&'static str, String)>);

impl Parameters {
    /// The parameter's text; empty when the path has none of that name.
    pub fn get(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    /// The parameter's text, if the path has one of that name.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, text)| text.as_str())
    }
}

impl Routes {
    /// Builds the tree.
    pub fn new(operations: impl Iterator<Item = &'static Operation>) -> Self {
        let mut routes = Self {
            nodes: vec![Node::default()],
        };
        for operation in operations {
            let mut at = 0;
            for part in operation.path.split('/').filter(|part| !part.is_empty()) {
                at = routes.child(at, part);
            }
            routes.nodes[at].operations.push(operation);
        }
        routes
    }

    fn child(&mut self, at: usize, part: &'static str) -> usize {
        let next = self.nodes.len();
        let node = &mut self.nodes[at];
        if part.starts_with('{') {
            if let Some(there) = node.parameter {
                return there;
            }
            node.parameter = Some(next);
        } else {
            if let Some((_, there)) = node.fixed.iter().find(|(known, _)| *known == part) {
                return *there;
            }
            node.fixed.push((part, next));
        }
        self.nodes.push(Node::default());
        next
    }

    /// What stands at `path`, which is escaped and below `/api/v2.0`.
    pub fn find(&self, method: &Method, path: &str) -> Found {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let mut others = Vec::new();
        match self.walk(0, &parts, method, &mut others) {
            Some(operation) => Found::Operation(operation, parameters(operation, &parts)),
            None if others.is_empty() => Found::Nothing,
            None => Found::OtherMethods(others),
        }
    }

    /// The operation of `method` below `at`; on the way, the methods that stand at the same path.
    fn walk(
        &self,
        at: usize,
        parts: &[&str],
        method: &Method,
        others: &mut Vec<&'static Method>,
    ) -> Option<&'static Operation> {
        let node = &self.nodes[at];
        let Some((part, rest)) = parts.split_first() else {
            let found = node.operations.iter().find(|there| there.method == *method);
            if found.is_none() {
                others.extend(node.operations.iter().map(|there| &there.method));
            }
            return found.copied();
        };
        let fixed = node.fixed.iter().find(|(known, _)| known == part);
        let fixed = fixed.and_then(|(_, next)| self.walk(*next, rest, method, others));
        fixed.or_else(|| self.walk(node.parameter?, rest, method, others))
    }
}

/// The parameters that `parts`, which matched, give to the names of the operation's path.
fn parameters(operation: &Operation, parts: &[&str]) -> Parameters {
    let names = operation.path.split('/').filter(|part| !part.is_empty());
    let found = names.zip(parts).filter_map(|(name, part)| {
        let name = name.strip_prefix('{')?.strip_suffix('}')?;
        Some((
            name,
            percent_decode_str(part).decode_utf8_lossy().into_owned(),
        ))
    });
    Parameters(found.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(method: &Method, path: &str) -> Found {
        Routes::new(crate::operations::all()).find(method, path)
    }

    fn id(method: &Method, path: &str) -> &'static str {
        match find(method, path) {
            Found::Operation(operation, _) => operation.id,
            other => panic!("{method} {path}: {other:?}"),
        }
    }

    #[test]
    fn every_operation_is_found_at_its_own_path() {
        for operation in crate::operations::all() {
            let path = operation.path.replace(['{', '}'], "~");
            assert_eq!(id(&operation.method, &path), operation.id);
        }
    }

    #[test]
    fn fixed_segments_win_over_parameters() {
        assert_eq!(id(&Method::GET, "/users/current"), "getCurrentUserInfo");
        assert_eq!(id(&Method::GET, "/users/7"), "getUser");
        assert_eq!(id(&Method::PUT, "/users/current"), "updateUserProfile");
        assert_eq!(id(&Method::GET, "/system/gc/schedule"), "getGCSchedule");
    }

    #[test]
    fn doubled_and_trailing_slashes_do_not_matter() {
        assert_eq!(id(&Method::GET, "//projects/"), "listProjects");
        assert_eq!(
            id(&Method::GET, "/projects/1/metadatas"),
            "listProjectMetadatas"
        );
    }

    #[test]
    fn a_parameter_is_unescaped_once() {
        let found = find(
            &Method::GET,
            "/projects/team/repositories/a%252Fb/artifacts/sha256%3Aab",
        );
        let Found::Operation(_, parameters) = found else {
            panic!("not found");
        };
        assert_eq!(parameters.get("project"), "team");
        assert_eq!(parameters.get("repository_name"), "a%2Fb");
        assert_eq!(parameters.get("reference"), "sha256:ab");
        assert_eq!(parameters.find("tag_name"), None);
    }

    #[test]
    fn other_methods_are_told() {
        let found = find(&Method::PATCH, "/projects");
        assert!(matches!(found, Found::OtherMethods(methods) if methods.len() == 3));
        assert!(matches!(find(&Method::GET, "/nothing"), Found::Nothing));
        assert!(matches!(find(&Method::GET, "/"), Found::Nothing));
    }
}
