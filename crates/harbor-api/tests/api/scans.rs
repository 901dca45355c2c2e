//! Scans: authorised, then refused, since there is no scanner; no image passes for scanned.

use serde_json::json;

use crate::support::{ADMIN, Harbor, NOBODY, PASSWORD};

const V1: &str = "/projects/library/repositories/app/artifacts/v1";

#[tokio::test]
async fn scans_are_authorised_and_then_refused() {
    let harbor = Harbor::start().await;
    harbor.user("ann").await;
    harbor.push("library/app", "v1", "a").await;
    let ann = Some(("ann", PASSWORD));
    let told = "no scanner is configured";
    for path in [format!("{V1}/scan"), format!("{V1}/scan/stop")] {
        harbor
            .send("POST", NOBODY, &path, None)
            .await
            .error(401, "UNAUTHORIZED", "");
        harbor
            .send("POST", ann, &path, None)
            .await
            .error(403, "FORBIDDEN", "");
        harbor
            .send("POST", ADMIN, &path, None)
            .await
            .error(412, "PRECONDITION", told);
        harbor
            .post(ADMIN, &path, json!({"scan_type": "sbom"}))
            .await
            .error(412, "PRECONDITION", told);
    }
    harbor
        .get(ADMIN, &format!("{V1}/scan/some-report/log"))
        .await
        .error(412, "PRECONDITION", told);
}

#[tokio::test]
async fn a_developer_may_scan_but_not_ask_for_an_sbom() {
    let harbor = Harbor::start().await;
    harbor.user("ann").await;
    harbor.project("team", false).await;
    harbor.member("team", "ann", 2).await;
    let ann = Some(("ann", PASSWORD));
    let path = "/projects/team/repositories/app/artifacts/v1/scan";
    harbor
        .post(ann, path, json!({"scan_type": "vulnerability"}))
        .await
        .error(412, "PRECONDITION", "");
    harbor
        .post(ann, path, json!({"scan_type": "sbom"}))
        .await
        .error(403, "FORBIDDEN", "");
}

#[tokio::test]
async fn an_unscanned_image_has_no_overview() {
    let harbor = Harbor::start().await;
    harbor.push("library/app", "v1", "a").await;
    let path = format!("{V1}/scan/overview");
    harbor
        .get(ADMIN, &path)
        .await
        .error(404, "NOT_FOUND", "library/app:v1 has not been scanned");
    harbor.get(NOBODY, &path).await.error(404, "NOT_FOUND", "");
}
