//! Every operation with every caller, against the expectation in `access.tsv`, which nothing computes.
//!
//! A private project has a member of each role, a robot with every permission of the catalogue and a repository that keeps it
//! from being deleted; paths name rows that are not there, so that what is permitted changes nothing.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::support::{ADMIN, Harbor, Login, NOBODY, PASSWORD};

const EXPECTED: &str = include_str!("access.tsv");

/// Who acts, by the column's name, and in which project.
struct Actor {
    column: String,
    login: Option<(String, String)>,
    project: &'static str,
}

impl Actor {
    fn login(&self) -> Login<'_> {
        self.login
            .as_ref()
            .map(|(name, password)| (name.as_str(), password.as_str()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_open_to_whom_it_should_be_and_to_nobody_else() {
    let harbor = Harbor::start().await;
    let private_id = harbor.project("secret", false).await;
    harbor.project("open", true).await;
    for project in ["secret", "open"] {
        harbor.push(&format!("{project}/app"), "v1", project).await;
    }
    let lines: Vec<&str> = EXPECTED
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    let header: Vec<&str> = lines[0].split('\t').collect();
    let actors = actors(&harbor, &header).await;
    let (mut wrong, mut asked) = (Vec::new(), HashSet::new());
    for line in &lines[1..] {
        let cells: Vec<&str> = line.split('\t').collect();
        assert_eq!(cells.len(), header.len(), "{line}");
        asked.insert(cells[0].to_owned());
        for (actor, expected) in actors.iter().zip(&cells[3..]) {
            let told = ask(
                &harbor,
                actor,
                cells[1],
                cells[2],
                cells[cells.len() - 1],
                private_id,
            )
            .await;
            if told != *expected {
                wrong.push(format!(
                    "{} as {}: {told}, not {expected}",
                    cells[0], actor.column
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of them:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    let there: HashSet<String> = seawall_harbor_api::operation_ids()
        .map(str::to_owned)
        .collect();
    assert_eq!(
        there, asked,
        "an operation has no line in access.tsv, or a line no operation"
    );
}

async fn actors(harbor: &Harbor, header: &[&str]) -> Vec<Actor> {
    let columns = header[3..header.len() - 1].iter();
    let mut actors = Vec::new();
    for column in columns {
        let (project, who) = match column.strip_prefix("public:") {
            Some(who) => ("open", who),
            None => ("secret", *column),
        };
        actors.push(Actor {
            login: login(harbor, who).await,
            column: (*column).to_owned(),
            project,
        });
    }
    actors
}

async fn login(harbor: &Harbor, who: &str) -> Option<(String, String)> {
    let role = match who {
        "anonymous" => return None,
        "sysadmin" => return Some(("admin".to_owned(), PASSWORD.to_owned())),
        "projectRobot" => return Some(robot(harbor, "project", "secret").await),
        "systemRobot" => return Some(robot(harbor, "system", "/").await),
        "user" => 0,
        "projectAdmin" => 1,
        "developer" => 2,
        "guest" => 3,
        "maintainer" => 4,
        "limitedGuest" => 5,
        other => panic!("who is {other}?"),
    };
    let name = harbor.fresh("user");
    harbor.user(&name).await;
    if role > 0 {
        harbor.member("secret", &name, role).await;
    }
    Some((name, PASSWORD.to_owned()))
}

/// A robot with everything that robots of its level can be given.
async fn robot(harbor: &Harbor, level: &str, namespace: &str) -> (String, String) {
    let catalogue = harbor.get(ADMIN, "/permissions").await.status(200).json();
    let made = make_robot(harbor, level, namespace, catalogue[level].clone()).await;
    let text = |field: &str| made[field].as_str().unwrap().to_owned();
    (text("name"), text("secret"))
}

async fn make_robot(harbor: &Harbor, level: &str, namespace: &str, access: Value) -> Value {
    let body = json!({
        "name": harbor.fresh("bot"), "level": level, "duration": 1,
        "permissions": [{"kind": level, "namespace": namespace, "access": access}],
    });
    harbor.post(ADMIN, "/robots", body).await.status(201).json()
}

async fn ask(
    harbor: &Harbor,
    actor: &Actor,
    method: &str,
    path: &str,
    body: &str,
    project_id: i64,
) -> String {
    let mut path = path
        .replace("{project}", actor.project)
        .replace("{project_id}", &project_id.to_string())
        .replace("{repository_name}", "missing")
        .replace("{reference}", "v1")
        .replace("{addition}", "build_history")
        .replace("{user_id}", "987654");
    if path.contains("_robot_id}") {
        let level = if path.contains("{project_robot_id}") {
            "project"
        } else {
            "system"
        };
        path = path.replace(
            &format!("{{{level}_robot_id}}"),
            &a_robot(harbor, level, actor.project).await,
        );
    }
    // Lines about robots of a project ask about the private one.
    while let (Some(start), Some(end)) = (path.find('{'), path.find('}')) {
        path.replace_range(start..=end, "987654");
    }
    let body = body
        .replace("{fresh}", &harbor.fresh("new"))
        .replace("{project}", actor.project);
    let body = (body != "-").then(|| serde_json::from_str(&body).unwrap());
    let answer = harbor.send(method, actor.login(), &path, body).await;
    match answer.code {
        401 | 403 => answer.code.to_string(),
        code if code >= 500 && code != 501 => format!("{code} ({})", answer.text),
        _ => "ok".to_owned(),
    }
}

/// The id of a robot that may do one harmless thing.
async fn a_robot(harbor: &Harbor, level: &str, project: &str) -> String {
    let (namespace, access) = match level {
        "system" => ("/", json!([{"resource": "project", "action": "list"}])),
        _ => (
            project,
            json!([{"resource": "repository", "action": "pull"}]),
        ),
    };
    make_robot(harbor, level, namespace, access).await["id"].to_string()
}

#[tokio::test]
async fn a_user_reads_and_changes_themselves_and_nobody_else() {
    let harbor = Harbor::start().await;
    let (ann, bob) = (harbor.user("ann").await, harbor.user("bob").await);
    let login = Some(("ann", PASSWORD));
    let profile = json!({"email": "ann@example.net", "realname": "Ann"});
    harbor
        .get(login, &format!("/users/{ann}"))
        .await
        .status(200);
    harbor
        .put(login, &format!("/users/{ann}"), profile.clone())
        .await
        .empty();
    harbor
        .get(login, &format!("/users/{bob}"))
        .await
        .error(403, "FORBIDDEN", "ann");
    harbor
        .put(login, &format!("/users/{bob}"), profile)
        .await
        .error(403, "FORBIDDEN", "ann");
    harbor
        .get(NOBODY, &format!("/users/{ann}"))
        .await
        .error(401, "UNAUTHORIZED", "unauthorized");
}

#[tokio::test]
async fn a_missing_project_is_told_to_administrators_only() {
    let harbor = Harbor::start().await;
    harbor.user("ann").await;
    let ann = Some(("ann", PASSWORD));
    harbor.project("secret", false).await;
    for path in [
        "/projects/nowhere",
        "/projects/987654",
        "/projects/nowhere/repositories/app/artifacts",
    ] {
        harbor
            .get(ADMIN, path)
            .await
            .error(404, "NOT_FOUND", "not found");
        harbor.get(ann, path).await.error(403, "FORBIDDEN", "");
        harbor
            .get(NOBODY, path)
            .await
            .error(401, "UNAUTHORIZED", "unauthorized");
    }
    // To them a project that is there and closed looks the same.
    let missing = harbor.get(ann, "/projects/nowhere").await;
    let closed = harbor.get(ann, "/projects/secret").await;
    assert_eq!(missing.text, closed.text);
}

#[tokio::test]
async fn a_robot_of_one_project_is_nobody_in_another() {
    let harbor = Harbor::start().await;
    harbor.project("secret", false).await;
    harbor.project("other", false).await;
    let (name, secret) = robot(&harbor, "project", "secret").await;
    let robot = Some((name.as_str(), secret.as_str()));
    harbor.get(robot, "/projects/secret").await.status(200);
    harbor
        .get(robot, "/projects/other")
        .await
        .error(403, "FORBIDDEN", "");
    let projects = harbor
        .get(robot, "/projects")
        .await
        .status(200)
        .texts("name");
    assert!(projects.contains(&"secret".to_owned()) && !projects.contains(&"other".to_owned()));
}

#[tokio::test]
async fn operations_that_are_not_there_ask_who_calls_and_name_themselves() {
    let harbor = Harbor::start().await;
    harbor.user("ann").await;
    harbor
        .get(NOBODY, "/configurations")
        .await
        .error(401, "UNAUTHORIZED", "unauthorized");
    harbor
        .get(Some(("ann", PASSWORD)), "/configurations")
        .await
        .error(403, "FORBIDDEN", "ann");
    harbor.get(ADMIN, "/configurations").await.error(
        501,
        "NOT_IMPLEMENTED",
        "getConfigurations is not there yet",
    );
    let path = "/projects/nowhere/webhook/policies";
    harbor
        .get(ADMIN, path)
        .await
        .error(404, "NOT_FOUND", "project nowhere not found");
}
