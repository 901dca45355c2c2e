//! What resources there are, as discovery told, and what people mean by their names.

/// A resource in the version that the cluster prefers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiResource {
    /// Group; empty for the core group.
    pub group: String,
    /// Version.
    pub version: String,
    /// Name in addresses: `deployments`.
    pub plural: String,
    /// Name of one: `deployment`.
    pub singular: String,
    /// Kind: `Deployment`.
    pub kind: String,
    /// Other names: `deploy`.
    pub short_names: Vec<String>,
    /// Whether its objects are in namespaces.
    pub is_namespaced: bool,
    /// What can be done with it: `list`, `create`, …
    pub verbs: Vec<String>,
}

impl ApiResource {
    /// `deployments.apps`, or `pods` in the core group.
    pub fn group_resource(&self) -> String {
        if self.group.is_empty() {
            self.plural.clone()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// `apps/v1`, or `v1` in the core group.
    pub fn group_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Whether it can be backed up and restored at all.
    pub fn is_backed_up(&self) -> bool {
        !self.plural.contains('/')
            && ["list", "create", "get", "delete"]
                .iter()
                .all(|verb| self.verbs.iter().any(|offered| offered == verb))
    }
}

/// Resources in the order of the server's groups, `extensions` last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceTable {
    resources: Vec<ApiResource>,
}

impl ResourceTable {
    /// The table of what discovery told, in its order: those that cannot be backed up are left out, and
    /// the group `extensions`, which others took over from, goes to the end.
    pub fn new(discovered: Vec<ApiResource>) -> Self {
        let (old, new): (Vec<_>, Vec<_>) = discovered
            .into_iter()
            .filter(ApiResource::is_backed_up)
            .partition(|resource| resource.group == "extensions");
        Self {
            resources: new.into_iter().chain(old).collect(),
        }
    }

    /// All of them.
    pub fn resources(&self) -> &[ApiResource] {
        &self.resources
    }

    /// What `name` means: a plural, a singular or a short name, with a group (`deploy.apps`), the
    /// beginning of one (`certificates.cert-manager`), or none, in any case of letters.
    pub fn resolve(&self, name: &str) -> Option<&ApiResource> {
        let (resource, group) = name.split_once('.').unwrap_or((name, ""));
        let resource = resource.to_lowercase();
        let named = |candidate: &&ApiResource| {
            candidate.plural == resource || candidate.singular == resource
        };
        let short = |candidate: &&ApiResource| candidate.short_names.contains(&resource);
        let in_group = |candidate: &&ApiResource| group.is_empty() || candidate.group == group;
        let begins = |candidate: &&ApiResource| candidate.group.starts_with(group);
        let all = || self.resources.iter();
        all()
            .find(|candidate| named(candidate) && in_group(candidate))
            .or_else(|| all().find(|candidate| named(candidate) && begins(candidate)))
            .or_else(|| all().find(|candidate| short(candidate) && in_group(candidate)))
            .or_else(|| all().find(|candidate| short(candidate) && begins(candidate)))
    }

    /// `name` as group and resource; as it is when nothing is known by it.
    pub fn group_resource(&self, name: &str) -> String {
        self.resolve(name)
            .map_or_else(|| name.to_owned(), ApiResource::group_resource)
    }
}
