//! The shapes of answers: which fields Harbor's definitions have, of which type, and which are never left out.
//!
//! A field reads `name:type`; `!` after it means that it is there even when it is zero. What is not listed may not appear,
//! but for the few fields that Seawall adds, marked `+`.

use serde_json::{Value, json};

use crate::support::{ADMIN, Harbor};

const PROJECT: &str = "project_id:int! owner_id:int name:str! registry_id:int creation_time:time! update_time:time! \
    deleted:bool owner_name:str togglable:bool current_user_role_id:int current_user_role_ids:list repo_count:int! \
    metadata:map! cve_allowlist:map";
const SUMMARY: &str = "repo_count:int! project_admin_count:int maintainer_count:int developer_count:int guest_count:int \
    limited_guest_count:int quota:map! registry:map";
const REPOSITORY: &str = "id:int! project_id:int! name:str! description:str artifact_count:int! pull_count:int! \
    creation_time:time! update_time:time!";
const ARTIFACT: &str = "id:int! type:str! media_type:str! manifest_media_type:str! artifact_type:str project_id:int! \
    repository_id:int! repository_name:str! digest:str! size:int icon:str push_time:time! pull_time:time! \
    extra_attrs:map annotations:map references:list tags:list addition_links:map labels:list scan_overview:map \
    sbom_overview:map accessories:list inherited_accessories:list";
const TAG: &str = "id:int! repository_id:int! artifact_id:int! name:str! push_time:time! pull_time:time! immutable:bool!";
const ACCESSORY: &str = "id:int! artifact_id:int! subject_artifact_id:int subject_artifact_digest:str! \
    subject_artifact_repo:str! size:int! digest:str! type:str! icon:str! creation_time:time!";
const USER: &str = "email:str realname:str comment:str user_id:int! username:str! sysadmin_flag:bool! \
    admin_role_in_auth:bool! oidc_user_meta:map creation_time:time! update_time:time!";
const MEMBER: &str = "id:int! project_id:int! entity_name:str! role_name:str! role_id:int! entity_id:int! entity_type:str!";
const ROBOT: &str = "id:int! name:str! description:str secret:str level:str! duration:int editable:bool! disable:bool! \
    expires_at:int permissions:list creator_type:str creator_ref:int creation_time:time! update_time:time!";
const QUOTA: &str = "id:int! ref:map! hard:map! used:map! creation_time:time! update_time:time!";
const AUDIT_LOG: &str =
    "id:int! username:str resource:str resource_type:str operation:str op_time:time!";
const AUDIT_LOG_EXT: &str = "id:int! username:str resource:str resource_type:str operation:str operation_description:str \
    operation_result:bool! op_time:time! +client_address:str +user_agent:str +request_id:str +status:int";
const GENERAL_INFO: &str = "banner_message:str current_time:time! registry_url:str! external_url:str! auth_mode:str! \
    primary_auth_mode:bool project_creation_restriction:str! self_registration:bool! has_ca_root:bool! \
    harbor_version:str! registry_storage_provider_name:str! read_only:bool! notification_enable:bool \
    authproxy_settings:map oidc_provider_name:str +seawall_version:str";
const STATISTIC: &str = "private_project_count:int! private_repo_count:int! public_project_count:int! \
    public_repo_count:int! total_project_count:int! total_repo_count:int! total_storage_consumption:int!";

fn check(what: &str, value: &Value, definition: &str) {
    let object = value
        .as_object()
        .unwrap_or_else(|| panic!("{what} is no object: {value}"));
    let mut known = Vec::new();
    for field in definition.split_whitespace() {
        let (name, kind) = field.trim_start_matches('+').split_once(':').unwrap();
        let always = kind.ends_with('!');
        known.push(name);
        match object.get(name) {
            Some(value) => assert!(
                is(value, kind.trim_end_matches('!')),
                "{what}.{name} is {value}"
            ),
            None => assert!(!always, "{what}.{name} is missing: {value}"),
        }
    }
    for name in object.keys() {
        assert!(
            known.contains(&name.as_str()),
            "{what}.{name} is not Harbor's"
        );
    }
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "int" => value.is_i64() || value.is_u64(),
        "str" => value.is_string(),
        "bool" => value.is_boolean(),
        "list" => value.is_array(),
        "map" => value.is_object(),
        "time" => value.as_str().is_some_and(is_time),
        other => panic!("what is {other}?"),
    }
}

/// `2026-08-21T10:00:00.000Z`
fn is_time(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    shape == "0000-00-00T00:00:00.000Z"
}

#[tokio::test]
async fn answers_have_harbors_fields() {
    for harbor in Harbor::on_both().await {
        harbor.user("ann").await;
        harbor.project("team", false).await;
        harbor.member("team", "ann", 2).await;
        let image = harbor.push("team/app", "v1", "a").await;
        harbor
            .push_index("team/app", "all", std::slice::from_ref(&image))
            .await;
        harbor
            .attach("team/app", &image, "application/vnd.example.sbom")
            .await;
        harbor.post(ADMIN, "/robots", json!({
            "name": "ci", "level": "project", "duration": 1,
            "permissions": [{"kind": "project", "namespace": "team", "access": [{"resource": "repository", "action": "pull"}]}],
        })).await.status(201);
        let project = harbor.get(ADMIN, "/projects/team").await.json();
        let robots = format!(
            "/robots?q=Level%3Dproject,ProjectID%3D{}",
            project["project_id"]
        );
        let app = "/projects/team/repositories/app";
        for (path, definition) in [
            ("/projects", PROJECT),
            ("/projects/team", PROJECT),
            ("/projects/team/summary", SUMMARY),
            ("/projects/team/members", MEMBER),
            ("/projects/team/repositories", REPOSITORY),
            (app, REPOSITORY),
            (
                &format!("{app}/artifacts?with_accessory=true&q=base%3D*"),
                ARTIFACT,
            ),
            (
                &format!(
                    "{app}/artifacts/v1?with_accessory=true&with_label=true&with_scan_overview=true"
                ),
                ARTIFACT,
            ),
            (&format!("{app}/artifacts/all"), ARTIFACT),
            (&format!("{app}/artifacts/v1/tags"), TAG),
            (&format!("{app}/artifacts/v1/accessories"), ACCESSORY),
            ("/projects/team/logs", AUDIT_LOG),
            ("/projects/team/auditlog-exts", AUDIT_LOG_EXT),
            ("/audit-logs", AUDIT_LOG),
            ("/auditlog-exts", AUDIT_LOG_EXT),
            ("/users", USER),
            ("/users/current", USER),
            (&robots, ROBOT),
            ("/quotas", QUOTA),
            ("/systeminfo", GENERAL_INFO),
            ("/statistics", STATISTIC),
        ] {
            match harbor.get(ADMIN, path).await.status(200).json() {
                Value::Array(items) => {
                    assert!(!items.is_empty(), "{path} is empty");
                    for item in &items {
                        check(path, item, definition);
                    }
                }
                item => check(path, &item, definition),
            }
        }
    }
}
