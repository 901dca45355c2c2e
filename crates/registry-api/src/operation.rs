//! Which operation a request asks for: a pure function from method and path to
//! an enum. Names hold slashes, so the path is read from its right end, by hand.
//!
//! Not here: who may do it (`endpoint.rs` names the permission, `authorise.rs`
//! asks for it), and what it does (a file per noun).

use std::borrow::Cow;

use http::Method;
use percent_encoding::percent_decode_str;
use seawall_content::UploadId;
use seawall_oci::{Digest, NameError, Reference, RepositoryName};

use crate::endpoint::Endpoint;

/// What a request asks for, with its names parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `GET /v2/`
    CheckVersion,
    /// `GET /v2/_catalog`
    ListCatalog,
    /// `GET /v2/<name>/tags/list`
    ListTags {
        /// Where.
        repository: RepositoryName,
    },
    /// `GET` or `HEAD` of `/v2/<name>/manifests/<reference>`
    GetManifest {
        /// Where.
        repository: RepositoryName,
        /// Which.
        reference: Reference,
        /// Whether only the headers are asked for: not a pull.
        head: bool,
    },
    /// `PUT /v2/<name>/manifests/<reference>`
    PutManifest {
        /// Where.
        repository: RepositoryName,
        /// As what.
        reference: Reference,
    },
    /// `DELETE /v2/<name>/manifests/<reference>`
    DeleteManifest {
        /// Where.
        repository: RepositoryName,
        /// Which manifest, or which tag.
        reference: Reference,
    },
    /// `GET` or `HEAD` of `/v2/<name>/blobs/<digest>`
    GetBlob {
        /// Where.
        repository: RepositoryName,
        /// Which.
        digest: Digest,
        /// Whether only the headers are asked for.
        head: bool,
    },
    /// `DELETE /v2/<name>/blobs/<digest>`
    DeleteBlob {
        /// Where.
        repository: RepositoryName,
        /// Which.
        digest: Digest,
    },
    /// `POST /v2/<name>/blobs/uploads/`
    StartUpload {
        /// Where.
        repository: RepositoryName,
    },
    /// `GET /v2/<name>/blobs/uploads/<id>`
    GetUpload {
        /// Where.
        repository: RepositoryName,
        /// Which.
        upload: UploadId,
    },
    /// `PATCH /v2/<name>/blobs/uploads/<id>`
    AppendUpload {
        /// Where.
        repository: RepositoryName,
        /// Which.
        upload: UploadId,
    },
    /// `PUT /v2/<name>/blobs/uploads/<id>`
    FinishUpload {
        /// Where.
        repository: RepositoryName,
        /// Which.
        upload: UploadId,
    },
    /// `DELETE /v2/<name>/blobs/uploads/<id>`
    CancelUpload {
        /// Where.
        repository: RepositoryName,
        /// Which.
        upload: UploadId,
    },
    /// `GET /v2/<name>/referrers/<digest>`
    ListReferrers {
        /// Where.
        repository: RepositoryName,
        /// Whose.
        subject: Digest,
    },
}

/// Why a request names no operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// No operation has such a path.
    #[error("the path names no operation of the OCI distribution API")]
    UnknownPath,
    /// The path is known, but not with this method.
    #[error("the method is not supported here: use {allow}")]
    Method {
        /// The value of the `Allow` header.
        allow: &'static str,
    },
    /// The repository's name is out of grammar.
    #[error("{0}")]
    Name(NameError),
    /// The tag is out of grammar.
    #[error("{0}")]
    Tag(NameError),
    /// The digest is none.
    #[error("{0}")]
    Digest(String),
    /// An upload's id that the registry never gave out.
    #[error("no such upload: its id is not one that this registry gave out")]
    Upload,
}

impl Operation {
    /// Reads a request's method and path (without the query).
    ///
    /// Escapes are undone and repeated slashes count as one, as Harbor does it; what comes out has
    /// to follow the grammar of names, so that neither can smuggle anything.
    ///
    /// # Errors
    /// What is wrong with the path, as the client is to be told.
    pub fn parse(method: &Method, path: &str) -> Result<Self, Mismatch> {
        let path = normalise(path)?;
        let rest = match path.strip_prefix("/v2") {
            Some("" | "/") => {
                return only(method, &[Method::GET, Method::HEAD], Self::CheckVersion);
            }
            Some(rest) => rest.strip_prefix('/').ok_or(Mismatch::UnknownPath)?,
            None => return Err(Mismatch::UnknownPath),
        };
        if rest == "_catalog" {
            return only(method, &[Method::GET, Method::HEAD], Self::ListCatalog);
        }
        if let Some(name) = rest
            .strip_suffix("/blobs/uploads/")
            .or_else(|| rest.strip_suffix("/blobs/uploads"))
        {
            let repository = parse_name(name)?;
            return only(method, &[Method::POST], Self::StartUpload { repository });
        }
        let (before, last) = rest.rsplit_once('/').ok_or(Mismatch::UnknownPath)?;
        let (name, kind) = before.rsplit_once('/').ok_or(Mismatch::UnknownPath)?;
        match (kind, last) {
            ("tags", "list") => {
                let repository = parse_name(name)?;
                only(
                    method,
                    &[Method::GET, Method::HEAD],
                    Self::ListTags { repository },
                )
            }
            ("manifests", reference) => manifest(method, parse_name(name)?, reference),
            ("blobs", digest) => blob(method, parse_name(name)?, digest),
            ("referrers", digest) => {
                let repository = parse_name(name)?;
                let subject = parse_digest(digest)?;
                let operation = Self::ListReferrers {
                    repository,
                    subject,
                };
                only(method, &[Method::GET, Method::HEAD], operation)
            }
            ("uploads", id) => {
                let name = name.strip_suffix("/blobs").ok_or(Mismatch::UnknownPath)?;
                upload(method, parse_name(name)?, id)
            }
            _ => Err(Mismatch::UnknownPath),
        }
    }

    /// The repository that it is about, if it is about one.
    pub fn repository(&self) -> Option<&RepositoryName> {
        match self {
            Self::CheckVersion | Self::ListCatalog => None,
            Self::ListTags { repository }
            | Self::GetManifest { repository, .. }
            | Self::PutManifest { repository, .. }
            | Self::DeleteManifest { repository, .. }
            | Self::GetBlob { repository, .. }
            | Self::DeleteBlob { repository, .. }
            | Self::StartUpload { repository }
            | Self::GetUpload { repository, .. }
            | Self::AppendUpload { repository, .. }
            | Self::FinishUpload { repository, .. }
            | Self::CancelUpload { repository, .. }
            | Self::ListReferrers { repository, .. } => Some(repository),
        }
    }

    /// Which line of the endpoint table it belongs to.
    pub fn endpoint(&self) -> Endpoint {
        match self {
            Self::CheckVersion => Endpoint::CheckVersion,
            Self::ListCatalog => Endpoint::ListCatalog,
            Self::ListTags { .. } => Endpoint::ListTags,
            Self::GetManifest { head: false, .. } => Endpoint::GetManifest,
            Self::GetManifest { head: true, .. } => Endpoint::HeadManifest,
            Self::PutManifest { .. } => Endpoint::PutManifest,
            Self::DeleteManifest {
                reference: Reference::Digest(_),
                ..
            } => Endpoint::DeleteManifest,
            Self::DeleteManifest {
                reference: Reference::Tag(_),
                ..
            } => Endpoint::DeleteTag,
            Self::GetBlob { head: false, .. } => Endpoint::GetBlob,
            Self::GetBlob { head: true, .. } => Endpoint::HeadBlob,
            Self::DeleteBlob { .. } => Endpoint::DeleteBlob,
            Self::StartUpload { .. } => Endpoint::StartUpload,
            Self::GetUpload { .. } => Endpoint::GetUpload,
            Self::AppendUpload { .. } => Endpoint::AppendUpload,
            Self::FinishUpload { .. } => Endpoint::FinishUpload,
            Self::CancelUpload { .. } => Endpoint::CancelUpload,
            Self::ListReferrers { .. } => Endpoint::ListReferrers,
        }
    }
}

/// Undoes escapes and merges slashes; borrows in the usual case that there is nothing to do.
fn normalise(path: &str) -> Result<Cow<'_, str>, Mismatch> {
    if !path.contains('%') && !path.contains("//") {
        return Ok(Cow::Borrowed(path));
    }
    let decoded = percent_decode_str(path)
        .decode_utf8()
        .map_err(|_| Mismatch::UnknownPath)?;
    let mut merged = String::with_capacity(decoded.len());
    for character in decoded.chars() {
        if character != '/' || !merged.ends_with('/') {
            merged.push(character);
        }
    }
    Ok(Cow::Owned(merged))
}

fn only(method: &Method, allowed: &[Method], operation: Operation) -> Result<Operation, Mismatch> {
    if allowed.contains(method) {
        return Ok(operation);
    }
    let allow = if allowed.contains(&Method::POST) {
        "POST"
    } else {
        "GET, HEAD"
    };
    Err(Mismatch::Method { allow })
}

fn manifest(
    method: &Method,
    repository: RepositoryName,
    text: &str,
) -> Result<Operation, Mismatch> {
    let reference = || {
        if text.contains(':') {
            parse_digest(text).map(Reference::Digest)
        } else {
            text.parse().map(Reference::Tag).map_err(Mismatch::Tag)
        }
    };
    match *method {
        Method::GET | Method::HEAD => Ok(Operation::GetManifest {
            repository,
            reference: reference()?,
            head: *method == Method::HEAD,
        }),
        Method::PUT => Ok(Operation::PutManifest {
            repository,
            reference: reference()?,
        }),
        Method::DELETE => Ok(Operation::DeleteManifest {
            repository,
            reference: reference()?,
        }),
        _ => Err(Mismatch::Method {
            allow: "GET, HEAD, PUT, DELETE",
        }),
    }
}

fn blob(method: &Method, repository: RepositoryName, text: &str) -> Result<Operation, Mismatch> {
    match *method {
        Method::GET | Method::HEAD => Ok(Operation::GetBlob {
            repository,
            digest: parse_digest(text)?,
            head: *method == Method::HEAD,
        }),
        Method::DELETE => Ok(Operation::DeleteBlob {
            repository,
            digest: parse_digest(text)?,
        }),
        _ => Err(Mismatch::Method {
            allow: "GET, HEAD, DELETE",
        }),
    }
}

fn upload(method: &Method, repository: RepositoryName, id: &str) -> Result<Operation, Mismatch> {
    let upload = id.parse().map_err(|_| Mismatch::Upload)?;
    match *method {
        Method::GET | Method::HEAD => Ok(Operation::GetUpload { repository, upload }),
        Method::PATCH => Ok(Operation::AppendUpload { repository, upload }),
        Method::PUT => Ok(Operation::FinishUpload { repository, upload }),
        Method::DELETE => Ok(Operation::CancelUpload { repository, upload }),
        _ => Err(Mismatch::Method {
            allow: "GET, HEAD, PATCH, PUT, DELETE",
        }),
    }
}

fn parse_name(text: &str) -> Result<RepositoryName, Mismatch> {
    text.parse().map_err(Mismatch::Name)
}

fn parse_digest(text: &str) -> Result<Digest, Mismatch> {
    text.parse::<Digest>()
        .map_err(|error| Mismatch::Digest(error.to_string()))
}

#[cfg(test)]
#[path = "operation_tests.rs"]
mod tests;
