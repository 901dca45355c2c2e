//! A plain client of the registry's and Harbor's APIs: one request a call, no retries.
//!
//! Not one of the real clients; it is for arranging what they need, and for
//! tests that must know of every single answer.

use std::time::Duration;

use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::image::{Blob, Image, OCI_MANIFEST};

/// An answer that was not the expected one, or none at all.
#[derive(Debug)]
pub struct Failure {
    /// The status; none when the connection failed.
    pub status: Option<StatusCode>,
    /// The body, or what went wrong with the connection.
    pub text: String,
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        Self {
            status: error.status(),
            text: format!("{error:?}"),
        }
    }
}

/// One identity at one server.
#[derive(Clone, Debug)]
pub struct Api {
    client: Client,
    url: String,
    login: Option<(String, String)>,
}

impl Api {
    /// The administrator of a server under test.
    pub fn admin(url: &str) -> Self {
        Self::new(
            url,
            Some(("admin", seawall_testkit::Seawall::ADMIN_PASSWORD)),
        )
    }

    /// Someone who has not logged in.
    pub fn anonymous(url: &str) -> Self {
        Self::new(url, None)
    }

    /// `login` is a name and a password.
    pub fn new(url: &str, login: Option<(&str, &str)>) -> Self {
        let client = Client::builder()
            .timeout(Duration::from_mins(2))
            .pool_max_idle_per_host(16)
            .build()
            .expect("build an HTTP client");
        Self {
            client,
            url: url.to_owned(),
            login: login.map(|(name, password)| (name.to_owned(), password.to_owned())),
        }
    }

    /// The same identity at another address.
    #[must_use]
    pub fn at(&self, url: &str) -> Self {
        Self {
            url: url.to_owned(),
            ..self.clone()
        }
    }

    /// A request to a path of the server, or to an absolute address it gave.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let address = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.url)
        };
        let request = self.client.request(method, address);
        match &self.login {
            Some((name, password)) => request.basic_auth(name, Some(password)),
            None => request,
        }
    }

    /// GET.
    pub fn get(&self, path: &str) -> Result<Response, Failure> {
        expect(self.request(Method::GET, path).send()?, StatusCode::OK)
    }

    /// GET of a JSON document.
    pub fn json(&self, path: &str) -> Result<Value, Failure> {
        Ok(self.get(path)?.json()?)
    }

    /// HEAD, and the status it gave.
    pub fn head(&self, path: &str) -> Result<StatusCode, Failure> {
        Ok(self.request(Method::HEAD, path).send()?.status())
    }

    /// POST of a JSON document that must make something.
    pub fn create(&self, path: &str, body: &Value) -> Result<Response, Failure> {
        expect(
            self.request(Method::POST, path).json(body).send()?,
            StatusCode::CREATED,
        )
    }

    /// Makes a project.
    pub fn create_project(&self, name: &str, public: bool) -> Result<(), Failure> {
        let body = json!({"project_name": name, "metadata": {"public": public.to_string()}});
        self.create("/api/v2.0/projects", &body).map(drop)
    }

    /// Makes a user with `Seawall::ADMIN_PASSWORD` as password too.
    pub fn create_user(&self, name: &str) -> Result<(), Failure> {
        let body = json!({
            "username": name,
            "email": format!("{name}@example.org"),
            "realname": name,
            "password": seawall_testkit::Seawall::ADMIN_PASSWORD,
        });
        self.create("/api/v2.0/users", &body).map(drop)
    }

    /// Makes `user` a member of `project`; roles: 1 project admin, 2 developer, 3 guest, 4 maintainer, 5 limited guest.
    pub fn add_member(&self, project: &str, user: &str, role: u32) -> Result<(), Failure> {
        let body = json!({"role_id": role, "member_user": {"username": user}});
        self.create(&format!("/api/v2.0/projects/{project}/members"), &body)
            .map(drop)
    }

    /// Begins an upload and gives its address.
    pub fn begin_upload(&self, repository: &str) -> Result<String, Failure> {
        let answer = self
            .request(Method::POST, &format!("/v2/{repository}/blobs/uploads/"))
            .send()?;
        location(&expect(answer, StatusCode::ACCEPTED)?)
    }

    /// Sends one chunk and gives the upload's next address.
    pub fn append(&self, upload: &str, chunk: Vec<u8>) -> Result<String, Failure> {
        let answer = self
            .request(Method::PATCH, upload)
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(chunk)
            .send()?;
        location(&expect(answer, StatusCode::ACCEPTED)?)
    }

    /// Ends an upload with its last bytes.
    pub fn finish_upload(&self, upload: &str, digest: &str, rest: Vec<u8>) -> Result<(), Failure> {
        let join = if upload.contains('?') { '&' } else { '?' };
        let answer = self
            .request(Method::PUT, &format!("{upload}{join}digest={digest}"))
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(rest)
            .send()?;
        expect(answer, StatusCode::CREATED).map(drop)
    }

    /// POST and PUT of one blob.
    pub fn push_blob(&self, repository: &str, blob: &Blob) -> Result<(), Failure> {
        let upload = self.begin_upload(repository)?;
        self.finish_upload(&upload, &blob.digest, blob.bytes.clone())
    }

    /// PUT of one manifest under a tag or its digest.
    pub fn push_manifest(
        &self,
        repository: &str,
        reference: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<(), Failure> {
        let answer = self
            .request(
                Method::PUT,
                &format!("/v2/{repository}/manifests/{reference}"),
            )
            .header(CONTENT_TYPE, media_type)
            .body(bytes.to_vec())
            .send()?;
        expect(answer, StatusCode::CREATED).map(drop)
    }

    /// All blobs of an image, then its manifest.
    pub fn push_image(&self, repository: &str, tag: &str, image: &Image) -> Result<(), Failure> {
        for blob in image.blobs() {
            self.push_blob(repository, blob)?;
        }
        self.push_manifest(repository, tag, OCI_MANIFEST, &image.manifest.bytes)
    }

    /// The bytes of a blob.
    pub fn blob(&self, repository: &str, digest: &str) -> Result<Vec<u8>, Failure> {
        Ok(self
            .get(&format!("/v2/{repository}/blobs/{digest}"))?
            .bytes()?
            .to_vec())
    }

    /// The bytes of a manifest.
    pub fn manifest(&self, repository: &str, reference: &str) -> Result<Vec<u8>, Failure> {
        let request = self.request(
            Method::GET,
            &format!("/v2/{repository}/manifests/{reference}"),
        );
        let answer = request
            .header("Accept", format!("{OCI_MANIFEST}, {}", crate::OCI_INDEX))
            .send()?;
        Ok(expect(answer, StatusCode::OK)?.bytes()?.to_vec())
    }

    /// The tags of a repository, all of them.
    pub fn tags(&self, repository: &str) -> Result<Vec<String>, Failure> {
        let list = self.json(&format!("/v2/{repository}/tags/list"))?;
        let tags = list["tags"].as_array().cloned().unwrap_or_default();
        Ok(tags
            .iter()
            .filter_map(|tag| tag.as_str().map(str::to_owned))
            .collect())
    }

    /// Reads an image back, whole, and panics when a byte differs.
    pub fn check_image(&self, repository: &str, reference: &str, image: &Image) {
        let manifest = self
            .manifest(repository, reference)
            .expect("read the manifest back");
        assert_eq!(
            manifest, image.manifest.bytes,
            "manifest of {repository}:{reference}"
        );
        for blob in image.blobs() {
            let bytes = self
                .blob(repository, &blob.digest)
                .expect("read a blob back");
            assert!(
                bytes == blob.bytes,
                "content of {} in {repository}",
                blob.digest
            );
        }
    }
}

fn expect(answer: Response, status: StatusCode) -> Result<Response, Failure> {
    if answer.status() == status {
        return Ok(answer);
    }
    let got = answer.status();
    let url = answer.url().to_string();
    let text = format!("{url}: {}", answer.text().unwrap_or_default());
    Err(Failure {
        status: Some(got),
        text,
    })
}

fn location(answer: &Response) -> Result<String, Failure> {
    answer
        .headers()
        .get(LOCATION)
        .and_then(|location| location.to_str().ok())
        .map(str::to_owned)
        .ok_or_else(|| Failure {
            status: Some(answer.status()),
            text: "the answer has no Location".to_owned(),
        })
}
