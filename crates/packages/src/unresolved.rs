//! Why the packages that a definition wants cannot be had together.

use seawall_image_definition::PackageRequest;

/// Why the packages that a definition wants cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// No repository has the package.
    #[error("{}: no repository has the package {:?}; substitute it, or add its repository", at(.0), .0.name)]
    NoPackage(PackageRequest),
    /// No repository has the version.
    #[error(
        "{}: no repository has {request}; there is {}; substitute the version, or leave it out",
        at(request),
        available.join(", ")
    )]
    NoVersion {
        /// What is wanted.
        request: PackageRequest,
        /// The versions that there are.
        available: Vec<String>,
    },
    /// The package is wanted, after substitutions, and excluded.
    #[error("{}: {:?} is both wanted and excluded", at(.0), .0.name)]
    Excluded(PackageRequest),
    /// Nothing meets a dependency, and nothing that would was excluded.
    #[error(
        "{package} depends on {dependency}, which no package of the repositories meets; exclude it by !name if the image does without"
    )]
    Dependency {
        /// Who depends.
        package: String,
        /// On what.
        dependency: String,
    },
    /// Two packages cannot be together.
    #[error("{package} and {other} cannot be together")]
    Contradiction {
        /// The one.
        package: String,
        /// The other.
        other: String,
    },
    /// What an index says of a package cannot be understood.
    #[error("the package {package}: {problem}")]
    Malformed {
        /// The package.
        package: String,
        /// What is wrong.
        problem: String,
    },
    /// There is no end.
    #[error("it takes more than {0} packages")]
    TooMany(usize),
}

fn at(request: &PackageRequest) -> String {
    let place = &request.place;
    format!("line {}, {}", place.line, place.path)
}
