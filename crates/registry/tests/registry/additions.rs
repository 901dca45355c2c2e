//! What is read from inside artifacts.

use std::io::Write as _;

use seawall_identity::{Action, Permission, Resource};
use seawall_oci::media_type;
use seawall_registry::{Addition, AdditionContent, ArtifactDetails, RegistryError};
use serde_json::json;

use crate::world::{World, name, reference};

async fn get(world: &World, addition: Addition) -> Result<AdditionContent, RegistryError> {
    let project = world.project_of("team/web").await;
    let read = Permission::new(Resource::ArtifactAddition, Action::Read);
    let permit = world.permit(read, &project).await;
    let web = name("team/web");
    world
        .registry
        .get_addition(&permit, &web, &reference("v1"), addition)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_has_a_build_history() {
    for world in World::both().await {
        world.project("team").await;
        world.image("team/web", "v1", &[b"layer"]).await;
        let history = get(&world, Addition::BuildHistory).await.unwrap();
        assert_eq!(history.bytes, br#"[{"created_by":"RUN true"}]"#);
        assert_eq!(history.content_type, "application/json; charset=utf-8");
        let values = get(&world, Addition::ValuesYaml).await;
        assert!(matches!(values, Err(RegistryError::BadRequest(_))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_shows_its_values_readme_and_dependencies() {
    let chart = chart();
    for world in World::both().await {
        world.project("team").await;
        let config = json!({
            "name": "web", "version": "1.2.3", "appVersion": "9",
            "dependencies": [{"name": "db", "version": "1.x", "repository": "https://example.org"}],
        })
        .to_string();
        let config_digest = world.blob("team/web", config.as_bytes()).await;
        let layer = world.blob("team/web", &chart).await;
        let document = json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST,
            "config": {"mediaType": media_type::HELM_CONFIG, "digest": config_digest, "size": config.len()},
            "layers": [{
                "mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
                "digest": layer, "size": chart.len(),
            }],
        });
        world.manifest("team/web", "v1", &document).await.unwrap();
        let project = world.project_of("team/web").await;
        let read = Permission::new(Resource::Artifact, Action::Read);
        let permit = world.permit(read, &project).await;
        let shown = world
            .registry
            .get_artifact(
                &permit,
                &name("team/web"),
                &reference("v1"),
                ArtifactDetails::default(),
            )
            .await
            .unwrap();
        assert_eq!(shown.kind.as_str(), "CHART");
        assert_eq!(shown.extra_attrs["appVersion"], "9");
        assert_eq!(shown.additions.len(), 3);
        assert_eq!(
            get(&world, Addition::ValuesYaml).await.unwrap().bytes,
            b"replicas: 2"
        );
        assert_eq!(get(&world, Addition::Readme).await.unwrap().bytes, b"# Web");
        let dependencies = get(&world, Addition::Dependencies).await.unwrap();
        assert!(dependencies.bytes.starts_with(br#"[{"name":"db""#));
        let history = get(&world, Addition::BuildHistory).await;
        assert!(matches!(history, Err(RegistryError::BadRequest(_))));
    }
}

/// A chart as `helm package` makes it.
fn chart() -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    let files: [(&str, &[u8]); 2] = [
        ("web/values.yaml", b"replicas: 2"),
        ("web/README.md", b"# Web"),
    ];
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, bytes).unwrap();
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&archive.into_inner().unwrap()).unwrap();
    gzip.finish().unwrap()
}
