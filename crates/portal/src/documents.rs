//! The documents that this program carries, so that they fit its version and need no network.

/// A document of `docs/`, as it was written.
pub(crate) struct Document {
    /// Its file name, and the last part of its path here.
    pub name: &'static str,
    /// What the link says.
    pub title: &'static str,
    /// Markdown.
    pub text: &'static str,
}

/// Every document, in the order of the links.
pub(crate) const DOCUMENTS: &[Document] = &[
    Document {
        name: "using.md",
        title: "Using the registry",
        text: include_str!("../../../docs/using.md"),
    },
    Document {
        name: "operating.md",
        title: "Operating the registry",
        text: include_str!("../../../docs/operating.md"),
    },
    Document {
        name: "settings.md",
        title: "Settings",
        text: include_str!("../../../docs/settings.md"),
    },
    Document {
        name: "harbor.md",
        title: "Beside Harbor",
        text: include_str!("../../../docs/harbor.md"),
    },
];
