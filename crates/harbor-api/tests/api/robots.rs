//! Robot accounts: made with a secret that is shown once, listed by level, changed, refreshed, deleted.

use serde_json::{Value, json};

use crate::support::{ADMIN, Harbor, Login, PASSWORD};

const ANN: Login<'static> = Some(("ann", PASSWORD));

fn request(name: &str, level: &str, namespace: &str, access: &[(&str, &str)]) -> Value {
    let access: Vec<Value> = access
        .iter()
        .map(|(resource, action)| json!({"resource": resource, "action": action}))
        .collect();
    let kind = if namespace == "/" {
        "system"
    } else {
        "project"
    };
    json!({
        "name": name, "description": "builds", "level": level, "duration": 30,
        "permissions": [{"kind": kind, "namespace": namespace, "access": access}],
    })
}

#[tokio::test]
async fn a_robot_of_a_project_lives_its_life() {
    for harbor in Harbor::on_both().await {
        let project = harbor.project("team", false).await;
        let body = request(
            "ci",
            "project",
            "team",
            &[
                ("repository", "pull"),
                ("artifact", "list"),
                ("repository", "list"),
            ],
        );
        let answer = harbor
            .post(ADMIN, "/robots", body.clone())
            .await
            .status(201);
        let made = answer.json();
        let id = answer.id_in_location();
        assert_eq!(
            (&made["id"], &made["name"]),
            (&json!(id), &json!("robot$team+ci"))
        );
        assert!(made["expires_at"].as_i64().unwrap() > 0);
        let secret = made["secret"].as_str().unwrap().to_owned();
        let robot = Some(("robot$team+ci", secret.as_str()));
        harbor
            .get(robot, "/projects/team/repositories")
            .await
            .status(200);
        harbor
            .get(robot, "/users/current")
            .await
            .error(412, "PRECONDITION", "");
        let path = format!("/robots/{id}");
        let shown = harbor.get(ADMIN, &path).await.status(200).json();
        assert!(shown.get("secret").is_none());
        assert_eq!(
            (&shown["level"], &shown["duration"], &shown["disable"]),
            (&json!("project"), &json!(30), &json!(false))
        );
        assert_eq!(shown["permissions"][0]["namespace"], "team");
        assert_eq!(shown["creator_type"], "local");
        let refreshed = harbor
            .send("PATCH", ADMIN, &path, Some(json!({})))
            .await
            .status(200)
            .json();
        let fresh = refreshed["secret"].as_str().unwrap();
        harbor
            .get(
                Some(("robot$team+ci", fresh)),
                "/projects/team/repositories",
            )
            .await
            .status(200);
        harbor
            .get(robot, "/projects/team/repositories")
            .await
            .error(401, "UNAUTHORIZED", "");
        let chosen = json!({"secret": "Chosen-Secret-1"});
        assert_eq!(
            harbor
                .send("PATCH", ADMIN, &path, Some(chosen))
                .await
                .status(200)
                .json(),
            json!({})
        );
        let robot = Some(("robot$team+ci", "Chosen-Secret-1"));
        harbor
            .get(robot, "/projects/team/repositories")
            .await
            .status(200);
        let mut change = body;
        change["disable"] = json!(true);
        change["name"] = json!("robot$team+ci");
        harbor.put(ADMIN, &path, change).await.empty();
        harbor
            .get(robot, "/projects/team/repositories")
            .await
            .error(401, "UNAUTHORIZED", "");
        let list = harbor
            .get(
                ADMIN,
                &format!("/robots?q=Level%3Dproject,ProjectID%3D{project}"),
            )
            .await
            .status(200);
        assert_eq!(
            (list.texts("name"), list.total()),
            (vec!["robot$team+ci".to_owned()], 1)
        );
        assert_eq!(harbor.get(ADMIN, "/robots").await.status(200).total(), 0);
        harbor.delete(ADMIN, &path).await.empty();
        harbor.get(ADMIN, &path).await.error(404, "NOT_FOUND", "");
    }
}

#[tokio::test]
async fn a_robot_of_the_system_may_act_in_many_projects() {
    for harbor in Harbor::on_both().await {
        harbor.project("team", false).await;
        let mut body = request("all", "system", "*", &[("repository", "list")]);
        body["duration"] = json!(-1);
        let made = harbor.post(ADMIN, "/robots", body).await.status(201).json();
        assert_eq!(
            (&made["name"], &made["expires_at"]),
            (&json!("robot$all"), &json!(-1))
        );
        let robot = Some(("robot$all", made["secret"].as_str().unwrap()));
        harbor
            .get(robot, "/projects/team/repositories")
            .await
            .status(200);
        harbor
            .get(robot, "/projects/team/members")
            .await
            .error(403, "FORBIDDEN", "");
        assert_eq!(
            harbor
                .get(ADMIN, "/robots?q=name%3D~al")
                .await
                .status(200)
                .total(),
            1
        );
        assert_eq!(
            harbor
                .get(ADMIN, "/robots?q=Level%3Dsystem")
                .await
                .status(200)
                .total(),
            1
        );
    }
}

#[tokio::test]
async fn bad_robots_are_refused() {
    let harbor = Harbor::start().await;
    harbor.project("team", false).await;
    let pull = [("repository", "pull")];
    let add = async |body: Value| harbor.post(ADMIN, "/robots", body).await;
    add(request("ci", "project", "team", &pull))
        .await
        .status(201);
    add(request("ci", "project", "team", &pull))
        .await
        .error(409, "CONFLICT", "");
    add(request("CI", "project", "team", &pull))
        .await
        .error(400, "BAD_REQUEST", "");
    add(request("a", "galaxy", "team", &pull))
        .await
        .error(400, "BAD_REQUEST", "level");
    add(request("a", "project", "team", &[("repository", "fly")]))
        .await
        .error(400, "BAD_REQUEST", "");
    add(request("a", "project", "team", &[("user", "create")]))
        .await
        .error(400, "BAD_REQUEST", "");
    add(request("a", "project", "nowhere", &pull))
        .await
        .error(404, "NOT_FOUND", "nowhere");
    add(request("a", "system", "nowhere", &pull))
        .await
        .error(404, "NOT_FOUND", "nowhere");
    let mut body = request("a", "project", "team", &pull);
    body["duration"] = json!(-2);
    add(body).await.error(400, "BAD_REQUEST", "");
    let mut body = request("a", "project", "team", &pull);
    body["permissions"] = json!([]);
    add(body).await.error(400, "BAD_REQUEST", "");
    harbor
        .get(ADMIN, "/robots?q=Level%3Dproject")
        .await
        .error(400, "BAD_REQUEST", "project ID");
    harbor
        .get(ADMIN, "/robots?q=Level%3Dgalaxy")
        .await
        .error(400, "BAD_REQUEST", "level");
    harbor
        .get(ADMIN, "/robots/x")
        .await
        .error(422, "UNPROCESSABLE_ENTITY", "robot_id in path");
}

#[tokio::test]
async fn a_maintainers_robot_can_do_no_more_than_the_maintainer() {
    let harbor = Harbor::start().await;
    harbor.user("ann").await;
    harbor.project("team", false).await;
    harbor.member("team", "ann", 4).await;
    let ask = async |access: &[(&str, &str)]| {
        let name = harbor.fresh("bot");
        harbor
            .post(ANN, "/robots", request(&name, "project", "team", access))
            .await
    };
    ask(&[("repository", "push"), ("member", "create")])
        .await
        .status(201);
    ask(&[("project", "delete")])
        .await
        .error(403, "FORBIDDEN", "");
    let system = request("all", "system", "/", &[("project", "list")]);
    harbor
        .post(ANN, "/robots", system)
        .await
        .error(403, "FORBIDDEN", "ann");
}

#[tokio::test]
async fn the_catalogue_is_for_those_who_make_robots() {
    let harbor = Harbor::start().await;
    harbor.user("ann").await;
    harbor.project("team", false).await;
    harbor
        .get(ANN, "/permissions")
        .await
        .error(403, "FORBIDDEN", "");
    harbor.member("team", "ann", 1).await;
    let some = harbor.get(ANN, "/permissions").await.status(200).json();
    assert!(some.get("system").is_none());
    assert!(
        some["project"]
            .as_array()
            .unwrap()
            .contains(&json!({"resource": "repository", "action": "push"}))
    );
    let all = harbor.get(ADMIN, "/permissions").await.status(200).json();
    assert!(
        all["system"]
            .as_array()
            .unwrap()
            .contains(&json!({"resource": "audit-log", "action": "list"}))
    );
}
