//! What the matcher takes and what it refuses.

use http::Method;
use proptest::prelude::*;

use super::*;

const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn get(path: &str) -> Result<Operation, Mismatch> {
    Operation::parse(&Method::GET, path)
}

fn name(text: &str) -> RepositoryName {
    text.parse().unwrap()
}

#[test]
fn the_base_answers_with_and_without_a_slash() {
    assert_eq!(get("/v2"), Ok(Operation::CheckVersion));
    assert_eq!(get("/v2/"), Ok(Operation::CheckVersion));
    assert_eq!(get("/v2x/"), Err(Mismatch::UnknownPath));
    assert_eq!(get("/"), Err(Mismatch::UnknownPath));
}

#[test]
fn names_may_hold_the_words_of_the_api() {
    for text in [
        "a",
        "library/nginx",
        "a/manifests",
        "a/blobs/uploads",
        "tags/list",
        "v2/v2",
    ] {
        let expected = name(text);
        assert_eq!(
            get(&format!("/v2/{text}/tags/list")).unwrap(),
            Operation::ListTags {
                repository: expected.clone()
            },
        );
        let operation = get(&format!("/v2/{text}/manifests/latest")).unwrap();
        assert_eq!(operation.repository(), Some(&expected));
        assert_eq!(operation.endpoint(), Endpoint::GetManifest);
        for slash in ["", "/"] {
            let path = format!("/v2/{text}/blobs/uploads{slash}");
            assert_eq!(
                Operation::parse(&Method::POST, &path).unwrap(),
                Operation::StartUpload {
                    repository: expected.clone()
                },
            );
        }
        let operation = get(&format!("/v2/{text}/blobs/sha256:{HEX}")).unwrap();
        assert_eq!(operation.endpoint(), Endpoint::GetBlob);
        let operation = get(&format!("/v2/{text}/referrers/sha256:{HEX}")).unwrap();
        assert_eq!(operation.endpoint(), Endpoint::ListReferrers);
        let id = UploadId::random();
        let path = format!("/v2/{text}/blobs/uploads/{id}");
        assert_eq!(
            Operation::parse(&Method::PATCH, &path).unwrap(),
            Operation::AppendUpload {
                repository: expected.clone(),
                upload: id
            },
        );
    }
}

#[test]
fn what_is_out_of_grammar_is_named() {
    assert_eq!(
        get("/v2/A/tags/list"),
        Err(Mismatch::Name(NameError::Repository))
    );
    assert_eq!(
        get("/v2/a/../b/tags/list"),
        Err(Mismatch::Name(NameError::Repository))
    );
    assert_eq!(
        get("/v2/a/%2e%2e/b/tags/list"),
        Err(Mismatch::Name(NameError::Repository))
    );
    assert_eq!(
        get("/v2/%2e%2e/tags/list"),
        Err(Mismatch::Name(NameError::Repository))
    );
    assert_eq!(
        get("/v2/a%252fb/tags/list"),
        Err(Mismatch::Name(NameError::Repository))
    );
    assert_eq!(
        get("/v2/a/manifests/-x"),
        Err(Mismatch::Tag(NameError::Tag))
    );
    assert!(matches!(
        get("/v2/a/manifests/sha256:bad"),
        Err(Mismatch::Digest(_))
    ));
    assert!(matches!(
        get("/v2/a/blobs/latest"),
        Err(Mismatch::Digest(_))
    ));
    assert_eq!(get("/v2/a/blobs/uploads/1"), Err(Mismatch::Upload));
    assert_eq!(get("/v2/a/tags/list/"), Err(Mismatch::UnknownPath));
    assert_eq!(get("/v2/a"), Err(Mismatch::UnknownPath));
    assert_eq!(get("/v2/%ff%fe/tags/list"), Err(Mismatch::UnknownPath));
}

#[test]
fn escapes_and_repeated_slashes_are_read_as_harbor_reads_them() {
    let expected = get(&format!("/v2/a/b/manifests/sha256:{HEX}")).unwrap();
    assert_eq!(
        get(&format!("/v2/a/b/manifests/sha256%3A{HEX}")).unwrap(),
        expected
    );
    assert_eq!(
        get(&format!("/v2//a///b/manifests//sha256:{HEX}")).unwrap(),
        expected
    );
    assert_eq!(
        get(&format!("/v2/a%2Fb/manifests/sha256:{HEX}")).unwrap(),
        expected
    );
}

#[test]
fn a_wrong_method_names_the_right_ones() {
    for (method, path, expected) in [
        (Method::POST, "/v2/", "GET, HEAD"),
        (Method::DELETE, "/v2/_catalog", "GET, HEAD"),
        (Method::GET, "/v2/a/blobs/uploads/", "POST"),
        (Method::POST, "/v2/a/manifests/x", "GET, HEAD, PUT, DELETE"),
        (Method::OPTIONS, "/v2/a/tags/list", "GET, HEAD"),
    ] {
        assert_eq!(
            Operation::parse(&method, path),
            Err(Mismatch::Method { allow: expected }),
            "{method} {path}"
        );
    }
}

proptest! {
    #[test]
    fn no_path_makes_the_matcher_panic(path in "\\PC{0,120}", method in "GET|HEAD|PUT|POST|PATCH|DELETE") {
        let method: Method = method.parse().unwrap();
        let _ = Operation::parse(&method, &path);
        let _ = Operation::parse(&method, &format!("/v2/{path}"));
    }

    #[test]
    fn nothing_that_is_taken_can_leave_its_folder(
        path in "(/|%2e|%2f|\\.|\\.\\.|[a-z0-9]{1,4}|blobs|uploads|manifests|tags|list){0,14}",
    ) {
        for method in [Method::GET, Method::PUT, Method::POST] {
            let operation = Operation::parse(&method, &format!("/v2/{path}"));
            if let Some(repository) = operation.ok().and_then(|operation| operation.repository().cloned()) {
                let text = repository.as_str();
                prop_assert!(!text.contains("..") && !text.contains('%') && !text.contains("//"));
                prop_assert!(!text.starts_with('/') && !text.ends_with('/'));
            }
        }
    }

    #[test]
    fn every_valid_name_comes_back_whole(text in "[a-z0-9]{1,5}((\\.|_|__|-)[a-z0-9]{1,3}){0,2}(/[a-z0-9]{1,5}){0,4}") {
        let operation = get(&format!("/v2/{text}/manifests/v1")).unwrap();
        prop_assert_eq!(operation.repository().unwrap().as_str(), text);
    }
}
