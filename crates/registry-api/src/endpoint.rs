//! The table of this surface: each endpoint, its method and path, what one has to be allowed to call it,
//! and under which name a refused attempt stands in the audit log.
//!
//! A test walks it with every role; an endpoint that is missing here does not compile (`Operation::endpoint`).

use http::Method;

/// An endpoint of `/v2` or of the token service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// Is this a registry, and am I logged in?
    CheckVersion,
    /// Names of all repositories.
    ListCatalog,
    /// Tags of a repository.
    ListTags,
    /// A manifest: a pull.
    GetManifest,
    /// A manifest's headers.
    HeadManifest,
    /// Push of a manifest.
    PutManifest,
    /// Deletion of a manifest by digest, with its tags.
    DeleteManifest,
    /// Deletion of one tag.
    DeleteTag,
    /// A blob's content.
    GetBlob,
    /// A blob's headers.
    HeadBlob,
    /// Deletion of a blob from a repository.
    DeleteBlob,
    /// Start of an upload; also a whole upload or a mount in one request.
    StartUpload,
    /// How far an upload has come.
    GetUpload,
    /// A chunk of an upload.
    AppendUpload,
    /// The end of an upload.
    FinishUpload,
    /// An upload given up.
    CancelUpload,
    /// What refers to a manifest.
    ListReferrers,
}

/// What one needs to call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// To be somebody: any user or robot.
    Identity,
    /// To read the catalog of the whole system.
    Catalog,
    /// To pull from the repository's project.
    Pull,
    /// To push to it.
    Push,
    /// To delete tags of it.
    DeleteTag,
    /// To delete artifacts of it.
    DeleteArtifact,
}

impl Need {
    /// The actions that the challenge asks a token for.
    pub const fn scope_actions(self) -> &'static str {
        match self {
            Self::Identity | Self::Catalog => "",
            Self::Pull => "pull",
            Self::Push => "pull,push",
            Self::DeleteTag | Self::DeleteArtifact => "delete",
        }
    }
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Line {
    /// Which endpoint.
    pub endpoint: Endpoint,
    /// Its method.
    pub method: Method,
    /// Its path, with `<name>` and the like for what varies.
    pub path: &'static str,
    /// What one needs to call it.
    pub need: Need,
    /// Whether it changes something: refused in read-only mode, and audited when refused.
    pub changes: bool,
}

macro_rules! table {
    ($($endpoint:ident $method:ident $path:literal $need:ident $changes:literal;)*) => {
        /// Every endpoint under `/v2`.
        pub const TABLE: &[Line] = &[$(Line {
            endpoint: Endpoint::$endpoint,
            method: Method::$method,
            path: $path,
            need: Need::$need,
            changes: $changes,
        },)*];

        impl Endpoint {
            /// What one needs to call it.
            pub const fn need(self) -> Need {
                match self { $(Self::$endpoint => Need::$need,)* }
            }

            /// Whether it changes something.
            pub const fn changes(self) -> bool {
                match self { $(Self::$endpoint => $changes,)* }
            }
        }
    };
}

table! {
    CheckVersion   GET    "/v2/"                               Identity       false;
    ListCatalog    GET    "/v2/_catalog"                       Catalog        false;
    ListTags       GET    "/v2/<name>/tags/list"               Pull           false;
    GetManifest    GET    "/v2/<name>/manifests/<reference>"   Pull           false;
    HeadManifest   HEAD   "/v2/<name>/manifests/<reference>"   Pull           false;
    PutManifest    PUT    "/v2/<name>/manifests/<reference>"   Push           true;
    DeleteManifest DELETE "/v2/<name>/manifests/<digest>"      DeleteArtifact true;
    DeleteTag      DELETE "/v2/<name>/manifests/<tag>"         DeleteTag      true;
    GetBlob        GET    "/v2/<name>/blobs/<digest>"          Pull           false;
    HeadBlob       HEAD   "/v2/<name>/blobs/<digest>"          Pull           false;
    DeleteBlob     DELETE "/v2/<name>/blobs/<digest>"          DeleteArtifact true;
    StartUpload    POST   "/v2/<name>/blobs/uploads/"          Push           true;
    GetUpload      GET    "/v2/<name>/blobs/uploads/<upload>"  Push           false;
    AppendUpload   PATCH  "/v2/<name>/blobs/uploads/<upload>"  Push           true;
    FinishUpload   PUT    "/v2/<name>/blobs/uploads/<upload>"  Push           true;
    CancelUpload   DELETE "/v2/<name>/blobs/uploads/<upload>"  Push           true;
    ListReferrers  GET    "/v2/<name>/referrers/<digest>"      Pull           false;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Operation;

    #[test]
    fn each_line_of_the_table_is_what_the_matcher_finds() {
        let digest = seawall_oci::Digest::sha256(b"");
        let upload = seawall_content::UploadId::random().to_string();
        for line in TABLE {
            let path = line
                .path
                .replace("<name>", "library/app")
                .replace("<reference>", "latest")
                .replace("<tag>", "latest")
                .replace("<digest>", digest.as_str())
                .replace("<upload>", &upload);
            let operation = Operation::parse(&line.method, &path).unwrap();
            assert_eq!(operation.endpoint(), line.endpoint, "{path}");
            assert_eq!(line.endpoint.need(), line.need);
            assert_eq!(line.endpoint.changes(), line.changes);
        }
    }
}
