//! REPLICATION between two registries: whole, in chunks, over a bad line, again, stopped, deleted.

use std::time::{Duration, Instant};

use reqwest::Method;
use seawall_testkit::{Fault, FaultProxy, JobService, JobServiceOptions, Seawall, SeawallOptions};
use seawall_tests::{Api, Image, OCI_INDEX, index_of};
use serde_json::{Value, json};

use crate::{Caller, PATIENCE, job};

/// Two registries, of which the first has things, and a job service that knows neither.
struct Scene {
    source: Seawall,
    target: Seawall,
    service: JobService,
    caller: Caller,
}

impl Scene {
    fn set() -> Self {
        let source = Seawall::start(SeawallOptions::default());
        let target = Seawall::start(SeawallOptions::default());
        Api::admin(&target.url())
            .create_project("copies", false)
            .unwrap();
        let options = JobServiceOptions::embedded().env("REPLICATION_CHUNK_SIZE", "65536");
        let service = JobService::start(options);
        let caller = Caller::of(&service);
        Self {
            source,
            target,
            service,
            caller,
        }
    }

    fn from(&self) -> Api {
        Api::admin(&self.source.url())
    }

    fn to(&self) -> Api {
        Api::admin(&self.target.url())
    }

    /// The parameters of a job that copies these tags of `library/app` to `copies/app`.
    fn parameters(&self, tags: &[&str]) -> Value {
        self.parameters_at(tags, &self.target.url(), json!({ "override": true }))
    }

    #[expect(clippy::needless_pass_by_value, reason = "made in place by callers")]
    fn parameters_at(&self, tags: &[&str], target: &str, more: Value) -> Value {
        let resource = |url: &str, repository: &str, more: &Value| {
            let mut resource = json!({
                "type": "image",
                "metadata": {
                    "repository": { "name": repository, "metadata": null },
                    "artifacts": [{ "type": "IMAGE", "digest": "", "labels": null, "tags": tags }],
                    "v_tags": null,
                },
                "registry": {
                    "id": 1, "type": "docker-registry", "url": url, "insecure": false,
                    "credential": { "type": "basic", "access_key": "admin", "access_secret": Seawall::ADMIN_PASSWORD },
                },
                "deleted": false,
            });
            for (key, value) in more.as_object().unwrap() {
                resource[key] = value.clone();
            }
            resource.to_string()
        };
        json!({
            "src_resource": resource(&self.source.url(), "library/app", &json!({})),
            "dst_resource": resource(target, "copies/app", &more),
            "speed": -1,
        })
    }

    fn run(&self, parameters: Value) -> String {
        let id = self.caller.submit(&job("REPLICATION", parameters));
        self.caller.wait(&id, "Success");
        self.caller.log(&id)
    }
}

#[test]
fn images_and_indexes_arrive_whole() {
    let scene = Scene::set();
    let (amd, arm) = (Image::of_size(300_000, 1), Image::of_size(200_000, 2));
    let from = scene.from();
    for image in [&amd, &arm] {
        from.push_image("library/app", "single", image).unwrap();
    }
    let index = index_of(&[("amd64", &amd), ("arm64", &arm)]);
    from.push_manifest("library/app", "multi", OCI_INDEX, &index.bytes)
        .unwrap();
    let log = scene.run(scene.parameters(&["multi", "single"]));
    assert!(!log.contains(Seawall::ADMIN_PASSWORD), "{log}");
    let to = scene.to();
    assert_eq!(to.manifest("copies/app", "multi").unwrap(), index.bytes);
    to.check_image("copies/app", "single", &arm);
    to.check_image("copies/app", &amd.manifest.digest, &amd);

    let again = scene.run(scene.parameters(&["multi", "single"]));
    assert!(
        again.contains("multi is there already") && !again.contains(" is copied"),
        "{again}"
    );
}

#[test]
fn what_is_there_is_replaced_only_if_the_policy_says_so() {
    let scene = Scene::set();
    let (old, new) = (Image::saying("old"), Image::saying("new"));
    scene.to().push_image("copies/app", "v1", &old).unwrap();
    scene.from().push_image("library/app", "v1", &new).unwrap();
    let kept =
        scene.run(scene.parameters_at(&["v1"], &scene.target.url(), json!({ "override": false })));
    assert!(kept.contains("does not replace"), "{kept}");
    scene.to().check_image("copies/app", "v1", &old);
    scene.run(scene.parameters(&["v1"]));
    scene.to().check_image("copies/app", "v1", &new);
}

#[test]
fn chunks_go_on_over_a_line_that_is_cut() {
    let scene = Scene::set();
    let image = Image::of_size(3_000_000, 3);
    scene
        .from()
        .push_image("library/app", "big", &image)
        .unwrap();
    let proxy = FaultProxy::start(scene.target.address());
    // Three cuts in the middle of a stream, then none.
    let mut parameters =
        scene.parameters_at(&["big"], &proxy.endpoint(), json!({ "override": true }));
    parameters["copy_by_chunk"] = json!(true);
    proxy.set(Fault::CutRequest(1_000_000));
    let id = scene.caller.submit(&job("REPLICATION", parameters));
    let deadline = Instant::now() + PATIENCE;
    while !scene.caller.log(&id).contains("; again in") {
        assert!(Instant::now() < deadline, "{}", scene.caller.log(&id));
        std::thread::sleep(Duration::from_millis(20));
    }
    proxy.set(Fault::None);
    scene.caller.wait(&id, "Success");
    scene.to().check_image("copies/app", "big", &image);
}

#[test]
fn a_registry_that_does_not_answer_is_tried_again_later() {
    let scene = Scene::set();
    scene
        .from()
        .push_image("library/app", "v1", &Image::saying("hello"))
        .unwrap();
    let id = scene.caller.submit(&job(
        "REPLICATION",
        scene.parameters_at(&["v1"], "http://127.0.0.1:9", json!({})),
    ));
    scene.caller.wait(&id, "Scheduled");
    let wrong = scene
        .caller
        .submit(&job("REPLICATION", scene.parameters(&["nothing"])));
    scene.caller.wait(&wrong, "Error");
    assert!(
        scene.caller.log(&wrong).contains("404"),
        "{}",
        scene.caller.log(&wrong)
    );
}

#[test]
fn stopping_reaches_into_the_middle_of_a_blob() {
    let scene = Scene::set();
    let image = Image::of_size(2_000_000, 4);
    scene
        .from()
        .push_image("library/app", "slow", &image)
        .unwrap();
    let mut parameters = scene.parameters(&["slow"]);
    parameters["speed"] = json!(10);
    let id = scene.caller.submit(&job("REPLICATION", parameters));
    scene.caller.wait(&id, "Running");
    std::thread::sleep(Duration::from_millis(500));
    let begun = Instant::now();
    scene.caller.stop(&id);
    let deadline = Instant::now() + PATIENCE;
    while !scene.caller.log(&id).contains("Stopped; what was copied") {
        assert!(Instant::now() < deadline, "{}", scene.caller.log(&id));
        std::thread::sleep(Duration::from_millis(10));
    }
    // The whole takes 200 seconds at this speed.
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    assert!(scene.to().manifest("copies/app", "slow").is_err());
    assert!(scene.service.output().len() < 1 << 20);
}

#[test]
fn deleting_at_the_source_is_repeated_at_the_destination() {
    let scene = Scene::set();
    let image = Image::saying("hello");
    scene
        .from()
        .push_image("library/app", "v1", &image)
        .unwrap();
    scene.run(scene.parameters(&["v1"]));
    let log =
        scene.run(scene.parameters_at(&["v1"], &scene.target.url(), json!({ "deleted": true })));
    assert!(log.contains("is deleted"), "{log}");
    let head = scene
        .to()
        .request(Method::HEAD, "/v2/copies/app/manifests/v1")
        .send()
        .unwrap();
    assert_eq!(head.status(), 404);
    let again =
        scene.run(scene.parameters_at(&["v1"], &scene.target.url(), json!({ "deleted": true })));
    assert!(again.contains("is not there"), "{again}");
}
