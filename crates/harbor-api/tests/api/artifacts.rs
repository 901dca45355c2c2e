//! Artifacts: listed with what is asked for, read, copied, deleted; what is attached to them and inside them.

use serde_json::{Value, json};

use crate::support::{ADMIN, Harbor, Login, PASSWORD};

const ANN: Login<'static> = Some(("ann", PASSWORD));
const APP: &str = "/projects/library/repositories/app/artifacts";

#[tokio::test]
async fn a_list_shows_facts_of_the_config_and_tags() {
    for harbor in Harbor::on_both().await {
        let old = harbor.push("library/app", "v1", "old").await;
        let new = harbor.push("library/app", "v2", "new").await;
        let list = harbor.get(None, APP).await.status(200);
        assert_eq!(
            (list.texts("digest"), list.total()),
            (vec![new.digest, old.digest.clone()], 2)
        );
        let artifact = &list.json()[1];
        assert_eq!(
            (&artifact["type"], &artifact["repository_name"]),
            (&json!("IMAGE"), &json!("library/app"))
        );
        assert_eq!(artifact["extra_attrs"]["architecture"], "amd64");
        assert_eq!(artifact["extra_attrs"]["config"]["Labels"]["seed"], "old");
        assert_eq!(artifact["tags"][0]["name"], "v1");
        assert_eq!(artifact["tags"][0]["immutable"], false);
        assert_eq!(artifact["pull_time"], "0001-01-01T00:00:00.000Z");
        assert!(artifact["size"].as_i64().unwrap() > old.size);
        let link = artifact["addition_links"]["build_history"].clone();
        assert_eq!(
            link["href"],
            format!("/api/v2.0{APP}/{}/additions/build_history", old.digest)
        );
        assert_eq!(link["absolute"], false);
        for absent in ["accessories", "labels", "references", "scan_overview"] {
            assert!(artifact.get(absent).is_none(), "{absent}");
        }
        let plain = harbor
            .get(None, &format!("{APP}?with_tag=false"))
            .await
            .json();
        assert!(plain[0].get("tags").is_none());
        let whole = harbor
            .get(None, &format!("{APP}?page_size=-1&sort=push_time"))
            .await
            .status(200);
        assert_eq!(
            (whole.texts("digest")[0].clone(), whole.total()),
            (old.digest, 2)
        );
    }
}

#[tokio::test]
async fn lists_filter_by_tags_and_types() {
    for harbor in Harbor::on_both().await {
        harbor.push("library/app", "v1", "a").await;
        harbor.push("library/app", "w2", "b").await;
        harbor.push("library/app", "", "c").await;
        let count = async |q: &str| {
            harbor
                .get(None, &format!("{APP}?q={q}"))
                .await
                .status(200)
                .total()
        };
        assert_eq!(count("tags%3D*").await, 2);
        assert_eq!(count("tags%3Dnil").await, 1);
        assert_eq!(count("tags%3Dv1").await, 1);
        assert_eq!(count("tags%3D~w").await, 1);
        assert_eq!(count("type%3DIMAGE").await, 3);
        assert_eq!(count("type%3DCHART").await, 0);
        let project = "/projects/library/artifacts";
        assert_eq!(harbor.get(None, project).await.status(200).total(), 3);
        harbor
            .get(None, &format!("{project}?latest_in_repository=true"))
            .await
            .error(400, "BAD_REQUEST", "");
        let q = "q=media_type%3Dapplication/vnd.oci.image.config.v1%252Bjson";
        let latest = harbor
            .get(None, &format!("{project}?latest_in_repository=true&{q}"))
            .await
            .status(200);
        assert_eq!(latest.total(), 1);
        assert_eq!(
            harbor
                .get(None, &format!("{project}?page_size=-1"))
                .await
                .status(200)
                .texts("digest")
                .len(),
            3
        );
    }
}

#[tokio::test]
async fn an_index_hides_and_keeps_its_children() {
    for harbor in Harbor::on_both().await {
        let child = harbor.push("library/app", "", "child").await;
        let index = harbor
            .push_index("library/app", "all", std::slice::from_ref(&child))
            .await;
        assert_eq!(
            harbor.get(None, APP).await.texts("digest"),
            std::slice::from_ref(&index.digest)
        );
        assert_eq!(
            harbor.get(None, &format!("{APP}?q=base%3D*")).await.total(),
            2
        );
        let shown = harbor
            .get(None, &format!("{APP}/all"))
            .await
            .status(200)
            .json();
        assert_eq!(shown["references"][0]["child_digest"], child.digest);
        assert_eq!(shown["references"][0]["platform"]["architecture"], "amd64");
        let path = format!("{APP}/{}", child.digest);
        harbor
            .delete(ADMIN, &path)
            .await
            .error(412, "VIOLATE_FOREIGN_KEY_CONSTRAINT", "");
        harbor.delete(ADMIN, &format!("{APP}/all")).await.empty();
        harbor.get(None, &path).await.error(404, "NOT_FOUND", "");
    }
}

#[tokio::test]
async fn an_artifact_is_read_by_tag_or_digest() {
    let harbor = Harbor::start().await;
    let image = harbor.push("library/deep/er", "v1", "a").await;
    let base = "/projects/library/repositories/deep%252Fer/artifacts";
    let by_tag = harbor
        .get(None, &format!("{base}/v1"))
        .await
        .status(200)
        .json();
    let by_digest = harbor
        .get(None, &format!("{base}/{}", image.digest))
        .await
        .status(200)
        .json();
    let escaped = image.digest.replace(':', "%3A");
    let by_escaped = harbor
        .get(None, &format!("{base}/{escaped}"))
        .await
        .status(200)
        .json();
    assert_eq!((&by_tag, &by_tag), (&by_digest, &by_escaped));
    let href = by_tag["addition_links"]["build_history"]["href"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(href.contains("/deep%252Fer/artifacts/"));
    let history = harbor
        .get(None, href.strip_prefix("/api/v2.0").unwrap())
        .await
        .status(200)
        .json();
    assert_eq!(history[0]["created_by"], "COPY a /");
    let missing = "artifact library/deep/er:v9 not found";
    harbor
        .get(None, &format!("{base}/v9"))
        .await
        .error(404, "NOT_FOUND", missing);
    harbor
        .get(None, &format!("{base}/v9!"))
        .await
        .error(400, "BAD_REQUEST", "");
    harbor
        .delete(ADMIN, &format!("{base}/v9"))
        .await
        .error(404, "NOT_FOUND", missing);
}

#[tokio::test]
async fn additions_are_of_the_types_that_have_them() {
    let harbor = Harbor::start().await;
    harbor.push("library/app", "v1", "a").await;
    let addition = async |name: &str| {
        harbor
            .get(None, &format!("{APP}/v1/additions/{name}"))
            .await
    };
    let history = addition("BUILD_HISTORY").await.status(200);
    assert!(
        history
            .header("content-type")
            .unwrap()
            .starts_with("application/json")
    );
    addition("values.yaml").await.error(400, "BAD_REQUEST", "");
    addition("nonsense").await.error(
        422,
        "UNPROCESSABLE_ENTITY",
        "addition in path should be one of [build_history",
    );
    addition("vulnerabilities")
        .await
        .error(501, "NOT_IMPLEMENTED", "getVulnerabilitiesAddition");
}

#[tokio::test]
async fn accessories_hang_on_their_subject() {
    for harbor in Harbor::on_both().await {
        let image = harbor.push("library/app", "v1", "a").await;
        let signature = harbor
            .attach(
                "library/app",
                &image,
                "application/vnd.dev.cosign.artifact.sig.v1+json",
            )
            .await;
        let list = harbor
            .get(None, &format!("{APP}/v1/accessories"))
            .await
            .status(200);
        assert_eq!(
            (list.total(), list.texts("digest")),
            (1, vec![signature.digest.clone()])
        );
        let accessory = &list.json()[0];
        assert_eq!(
            (&accessory["type"], &accessory["subject_artifact_digest"]),
            (&json!("signature.cosign"), &json!(image.digest))
        );
        assert_eq!(accessory["subject_artifact_repo"], "library/app");
        assert_eq!(
            harbor.get(None, APP).await.texts("digest"),
            std::slice::from_ref(&image.digest)
        );
        let shown = harbor
            .get(None, &format!("{APP}/v1?with_accessory=true"))
            .await
            .json();
        assert_eq!(shown["accessories"][0]["digest"], signature.digest);
        harbor
            .get(None, &format!("{APP}/v9/accessories"))
            .await
            .error(404, "NOT_FOUND", "");
        harbor.delete(ADMIN, &format!("{APP}/v1")).await.empty();
        harbor
            .get(None, &format!("{APP}/{}", signature.digest))
            .await
            .error(404, "NOT_FOUND", "");
    }
}

#[tokio::test]
async fn a_copy_takes_what_the_caller_may_read() {
    for harbor in Harbor::on_both().await {
        harbor.user("ann").await;
        harbor.project("team", false).await;
        harbor.project("closed", false).await;
        harbor.member("team", "ann", 2).await;
        let image = harbor.push("library/app", "v1", "a").await;
        harbor.push("closed/app", "v1", "b").await;
        let copy = async |from: &str| {
            harbor
                .send(
                    "POST",
                    ANN,
                    &format!("/projects/team/repositories/mine/artifacts?from={from}"),
                    None,
                )
                .await
        };
        let made = copy("library/app:v1").await.status(201);
        assert_eq!(
            made.header("location"),
            Some("/api/v2.0/projects/team/repositories/mine/artifacts/v1")
        );
        let there = harbor
            .get(ANN, "/projects/team/repositories/mine/artifacts/v1")
            .await
            .status(200)
            .json();
        assert_eq!(there["digest"], image.digest);
        copy(&format!("library/app@{}", image.digest))
            .await
            .status(201);
        copy("closed/app:v1").await.error(403, "FORBIDDEN", "");
        copy("nowhere/app:v1").await.error(403, "FORBIDDEN", "");
        copy("library/app:v9").await.error(404, "NOT_FOUND", "");
        copy("nonsense").await.error(400, "BAD_REQUEST", "nonsense");
        copy("")
            .await
            .error(422, "UNPROCESSABLE_ENTITY", "from in query is required");
    }
}

#[tokio::test]
async fn tags_of_one_artifact_come_in_pages() {
    let harbor = Harbor::start().await;
    for number in 0..12 {
        harbor
            .push("library/app", &format!("v{number:02}"), "same")
            .await;
    }
    let tags = async |query: &str| {
        let shown: Value = harbor
            .get(None, &format!("{APP}/v00{query}"))
            .await
            .status(200)
            .json();
        shown["tags"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(tags("").await, 12);
    assert_eq!(tags("?page=2&page_size=5").await, 5);
    assert_eq!(tags("?page=3&page_size=5").await, 2);
    assert_eq!(tags("?with_tag=false").await, 0);
}
