//! A small client of the distribution API: one repository, one identity. It asserts what every answer
//! must have, and leaves the rest to the cases.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::header::{
    ACCEPT, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, LOCATION, RANGE,
};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use seawall_oci::Digest;
use seawall_oci::media_type::{OCI_INDEX, OCI_MANIFEST};
use serde_json::Value;

use super::content::{Blob, ManifestCase};
use super::server::Running;

/// How a blob gets there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// One POST with the content.
    PostOnly,
    /// POST, then one PUT with the content.
    PostPut,
    /// POST, PATCHes with Content-Range, PUT without content.
    Chunked,
    /// POST, PATCHes, the last chunk in the PUT.
    ChunkedPutLast,
    /// POST, one PATCH without a length, PUT.
    Streamed,
}

/// All of them.
pub const WAYS: [Way; 5] = [
    Way::PostOnly,
    Way::PostPut,
    Way::Chunked,
    Way::ChunkedPutLast,
    Way::Streamed,
];

/// A client for one repository.
#[derive(Clone)]
pub struct Client {
    pub http: reqwest::Client,
    /// The replicas of the registry; requests go to one after the other.
    pub bases: Vec<String>,
    pub repository: String,
    pub login: Option<(String, String)>,
    /// Keeps the registry up.
    pub _running: Option<Arc<Running>>,
}

impl Client {
    /// The same client for another repository.
    pub fn at(&self, repository: &str) -> Self {
        Self {
            repository: repository.to_owned(),
            ..self.clone()
        }
    }

    /// The same client, bound to one replica, and that replica's URL.
    pub fn pinned(&self) -> (Self, String) {
        let base = self.bases[0].clone();
        let bases = vec![base.clone()];
        (
            Self {
                bases,
                ..self.clone()
            },
            base,
        )
    }

    /// The same client without a login.
    pub fn anonymous(&self) -> Self {
        Self {
            login: None,
            ..self.clone()
        }
    }

    /// A request to a path under the repository, or to a `Location`.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        static TURN: AtomicUsize = AtomicUsize::new(0);
        let turn = TURN.fetch_add(1, Ordering::Relaxed);
        let base = &self.bases[turn % self.bases.len()];
        let url = if path.starts_with("http") {
            path.to_owned()
        } else if path.starts_with('/') {
            format!("{base}{path}")
        } else {
            format!("{base}/v2/{}/{path}", self.repository)
        };
        let request = self.http.request(method, url);
        match &self.login {
            Some((user, password)) => request.basic_auth(user, Some(password)),
            None => request,
        }
    }

    pub async fn send(&self, method: Method, path: &str) -> Response {
        self.request(method, path).send().await.unwrap()
    }

    /// Starts an upload and gives its location.
    pub async fn start(&self) -> String {
        let response = self.send(Method::POST, "blobs/uploads/").await;
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        assert!(response.headers().contains_key("docker-upload-uuid"));
        assert_eq!(response.headers()[RANGE], "0-0");
        location(&response)
    }

    /// One chunk. `start` gives a Content-Range.
    pub async fn patch(&self, location: &str, start: Option<usize>, bytes: &[u8]) -> Response {
        let mut request = self
            .request(Method::PATCH, location)
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(bytes.to_vec());
        if let Some(start) = start {
            request = request.header(
                CONTENT_RANGE,
                format!("{start}-{}", start + bytes.len() - 1),
            );
        }
        request.send().await.unwrap()
    }

    /// The end of an upload, with content or without.
    pub async fn put(
        &self,
        location: &str,
        digest: &str,
        start: Option<usize>,
        bytes: &[u8],
    ) -> Response {
        let mut request = self
            .request(Method::PUT, &with_query(location, "digest", digest))
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, bytes.len())
            .body(bytes.to_vec());
        if let Some(start) = start.filter(|_| !bytes.is_empty()) {
            request = request.header(
                CONTENT_RANGE,
                format!("{start}-{}", start + bytes.len() - 1),
            );
        }
        request.send().await.unwrap()
    }

    /// Uploads content under a digest, whichever, and gives the last answer.
    pub async fn upload(&self, way: Way, digest: &Digest, bytes: &[u8]) -> Response {
        match way {
            Way::PostOnly => {
                let path = with_query("blobs/uploads/", "digest", digest.as_str());
                let request = self.request(Method::POST, &path);
                request
                    .header(CONTENT_LENGTH, bytes.len())
                    .body(bytes.to_vec())
                    .send()
                    .await
                    .unwrap()
            }
            Way::PostPut => {
                self.put(&self.start().await, digest.as_str(), None, bytes)
                    .await
            }
            Way::Streamed => {
                let start = self.start().await;
                let pieces: Vec<Result<Vec<u8>, std::io::Error>> =
                    bytes.chunks(100).map(|piece| Ok(piece.to_vec())).collect();
                let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
                let response = self
                    .request(Method::PATCH, &start)
                    .body(body)
                    .send()
                    .await
                    .unwrap();
                assert_eq!(response.status(), StatusCode::ACCEPTED);
                self.put(&location(&response), digest.as_str(), None, b"")
                    .await
            }
            Way::Chunked | Way::ChunkedPutLast => {
                let mut place = self.start().await;
                let size = bytes.len() / 3 + 1;
                let last = if way == Way::ChunkedPutLast {
                    bytes.len().saturating_sub(1) / size * size
                } else {
                    bytes.len()
                };
                for (index, piece) in bytes[..last].chunks(size).enumerate() {
                    let response = self.patch(&place, Some(index * size), piece).await;
                    assert_eq!(response.status(), StatusCode::ACCEPTED);
                    let end = index * size + piece.len() - 1;
                    assert_eq!(response.headers()[RANGE], format!("0-{end}"));
                    place = location(&response);
                }
                self.put(&place, digest.as_str(), Some(last), &bytes[last..])
                    .await
            }
        }
    }

    /// Pushes a blob and looks at it through the location of the answer.
    pub async fn push_blob(&self, way: Way, blob: &Blob) {
        let response = self.upload(way, &blob.digest, &blob.bytes).await;
        assert_eq!(response.status(), StatusCode::CREATED, "{way:?}");
        assert_eq!(
            response.headers()["docker-content-digest"],
            blob.digest.as_str()
        );
        let response = self.send(Method::GET, &location(&response)).await;
        assert_eq!(response.status(), StatusCode::OK, "{way:?}");
        assert_eq!(response.bytes().await.unwrap(), blob.bytes);
    }

    /// HEAD and GET of a blob tell the same, and the truth.
    pub async fn check_blob(&self, blob: &Blob) {
        let path = format!("blobs/{}", blob.digest);
        for method in [Method::HEAD, Method::GET] {
            let response = self.send(method.clone(), &path).await;
            assert_eq!(response.status(), StatusCode::OK, "{method} {path}");
            let headers = response.headers().clone();
            assert_eq!(headers["docker-content-digest"], blob.digest.as_str());
            assert_eq!(headers[CONTENT_LENGTH], blob.bytes.len().to_string());
            assert_eq!(headers["etag"], format!("\"{}\"", blob.digest));
            assert_eq!(headers["accept-ranges"], "bytes");
            let expected: &[u8] = if method == Method::HEAD {
                b""
            } else {
                &blob.bytes
            };
            assert_eq!(response.bytes().await.unwrap(), expected);
        }
    }

    /// Pushes a manifest under a reference, with tag parameters.
    pub async fn put_manifest(
        &self,
        reference: &str,
        tags: &[String],
        manifest: &ManifestCase,
    ) -> Response {
        let mut path = format!("manifests/{reference}");
        for tag in tags {
            path = with_query(&path, "tag", tag);
        }
        self.put_bytes(&path, manifest.media_type, manifest.bytes.clone())
            .await
    }

    /// Pushes any bytes as a manifest.
    pub async fn put_bytes(&self, path: &str, media_type: &str, bytes: Vec<u8>) -> Response {
        let request = self
            .request(Method::PUT, path)
            .header(CONTENT_TYPE, media_type);
        request.body(bytes).send().await.unwrap()
    }

    /// Pushes a manifest and looks at it through the location of the answer.
    pub async fn push_manifest(
        &self,
        reference: &str,
        tags: &[String],
        manifest: &ManifestCase,
    ) -> HeaderMap {
        let response = self.put_manifest(reference, tags, manifest).await;
        let headers = response.headers().clone();
        let status = response.status();
        let place = headers
            .get(LOCATION)
            .map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(
            status,
            StatusCode::CREATED,
            "{}",
            response.text().await.unwrap()
        );
        assert_eq!(headers["docker-content-digest"], manifest.digest.as_str());
        let subject = headers
            .get("oci-subject")
            .map(|value| value.to_str().unwrap());
        assert_eq!(subject, manifest.subject.as_ref().map(Digest::as_str));
        let response = self.get_manifest(Method::GET, &place.unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.bytes().await.unwrap(), manifest.bytes);
        headers
    }

    /// A manifest by path or location, as a client that knows OCI asks.
    pub async fn get_manifest(&self, method: Method, path: &str) -> Response {
        let request = self
            .request(method, path)
            .header(ACCEPT, OCI_INDEX)
            .header(ACCEPT, OCI_MANIFEST);
        request.send().await.unwrap()
    }

    /// HEAD and GET of a manifest tell the same, and the truth.
    pub async fn check_manifest(&self, reference: &str, manifest: &ManifestCase) {
        for method in [Method::HEAD, Method::GET] {
            let response = self
                .get_manifest(method.clone(), &format!("manifests/{reference}"))
                .await;
            assert_eq!(response.status(), StatusCode::OK, "{method} {reference}");
            let headers = response.headers().clone();
            assert_eq!(headers["docker-content-digest"], manifest.digest.as_str());
            assert_eq!(headers[CONTENT_TYPE], manifest.media_type);
            assert_eq!(headers[CONTENT_LENGTH], manifest.bytes.len().to_string());
            assert_eq!(headers["etag"], format!("\"{}\"", manifest.digest));
            let expected: &[u8] = if method == Method::HEAD {
                b""
            } else {
                &manifest.bytes
            };
            assert_eq!(response.bytes().await.unwrap(), expected);
        }
    }

    /// A registry token for these scopes (`scope=…&scope=…`).
    pub async fn token(&self, scopes: &str) -> String {
        let path = format!("/service/token?service=harbor-registry&{scopes}");
        let response = self.send(Method::GET, &path).await;
        assert_eq!(response.status(), StatusCode::OK);
        let body: Value = response.json().await.unwrap();
        body["token"].as_str().unwrap().to_owned()
    }

    /// The status of a HEAD.
    pub async fn head(&self, path: &str) -> StatusCode {
        self.send(Method::HEAD, path).await.status()
    }

    /// A page of tags and its `Link`.
    pub async fn tags(&self, query: &str) -> (Vec<String>, Option<String>) {
        let response = self.send(Method::GET, &format!("tags/list{query}")).await;
        assert_eq!(response.status(), StatusCode::OK);
        let link = response
            .headers()
            .get("link")
            .map(|link| link.to_str().unwrap().to_owned());
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["name"], self.repository.as_str());
        let tags = body["tags"].as_array().unwrap().iter();
        (
            tags.map(|tag| tag.as_str().unwrap().to_owned()).collect(),
            link,
        )
    }

    /// The referrers of a subject, and the filters that the answer respects.
    pub async fn referrers(&self, subject: &Digest, query: &str) -> (Vec<Value>, Option<String>) {
        let response = self
            .send(Method::GET, &format!("referrers/{subject}{query}"))
            .await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[CONTENT_TYPE], OCI_INDEX);
        let filters = response
            .headers()
            .get("oci-filters-applied")
            .map(|value| value.to_str().unwrap().to_owned());
        let body: Value = response.json().await.unwrap();
        assert_eq!(
            (&body["schemaVersion"], &body["mediaType"]),
            (&Value::from(2), &Value::from(OCI_INDEX))
        );
        (body["manifests"].as_array().unwrap().clone(), filters)
    }
}

/// The `Location` of an answer.
pub fn location(response: &Response) -> String {
    response.headers()[LOCATION].to_str().unwrap().to_owned()
}

/// A path with one more parameter.
pub fn with_query(path: &str, key: &str, value: &str) -> String {
    let separator = if path.contains('?') { '&' } else { '?' };
    format!("{path}{separator}{key}={}", value.replace('+', "%2B"))
}

/// The code of an error, after a look at its shape.
pub async fn error_code(response: Response) -> String {
    assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
    let body: Value = response.json().await.unwrap();
    let error = &body["errors"][0];
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|message| !message.is_empty()),
        "{body}"
    );
    error["code"].as_str().unwrap().to_owned()
}
