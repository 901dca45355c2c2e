//! A registry on a database, with blobs in a folder and an administrator, for tests.

use std::path::Path;

use bytes::Bytes;
use seawall_content::{Chunk, Content, ContentSettings};
use seawall_database::{Database, DatabaseSettings, params};
use seawall_events::{Audit, AuditSettings, Origin};
use seawall_identity::{
    Action, Caller, EncryptionKey, Identity, IdentitySettings, KeySource, Permission, Permit,
    ProjectRef, Resource, Scope, Secret,
};
use seawall_ids::ProjectId;
use seawall_oci::{Digest, Reference, RepositoryName, Tag, media_type};
use seawall_registry::{
    NewProject, Pushed, Registry, RegistryError, RegistrySettings, pull_counter,
};
use seawall_storage::{LocalSettings, StorageKind, StorageSettings};
use seawall_testkit::{TestDatabase, databases};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A registry, and what keeps it alive.
pub struct World {
    pub registry: Registry,
    pub database: Database,
    pub content: Content,
    pub identity: Identity,
    pub audit: Audit,
    pub admin: Caller,
    content_settings: ContentSettings,
    storage: StorageSettings,
    backing: TestDatabase,
    _folder: TempDir,
}

impl World {
    /// One on each engine.
    pub async fn both() -> Vec<Self> {
        let mut worlds = Vec::new();
        for backing in databases() {
            worlds.push(Self::open(backing, RegistrySettings::default()).await);
        }
        worlds
    }

    /// Another registry on the same database and folder, as another replica has it.
    pub async fn replica(&self) -> Registry {
        self.replica_with_content().await.0
    }

    /// The same, with the content that it stands on.
    pub async fn replica_with_content(&self) -> (Registry, Content) {
        let settings = DatabaseSettings::new(self.backing.url().parse().unwrap());
        let database = Database::open(&settings).await.unwrap();
        let (content, audit, identity) =
            rooms(&database, &self.content_settings, &self.storage).await;
        let registry = Registry::new(
            database,
            content.clone(),
            identity,
            audit,
            RegistrySettings::default(),
        );
        (registry, content)
    }

    pub async fn open(backing: TestDatabase, settings: RegistrySettings) -> Self {
        Self::open_on(backing, settings, ContentSettings::default(), None).await
    }

    /// One with leases of its own, and with blobs elsewhere than in a folder.
    pub async fn open_on(
        backing: TestDatabase,
        settings: RegistrySettings,
        content_settings: ContentSettings,
        storage: Option<StorageSettings>,
    ) -> Self {
        let database = Database::open(&DatabaseSettings::new(backing.url().parse().unwrap()))
            .await
            .unwrap();
        let migrations = [
            seawall_events::MIGRATIONS,
            seawall_identity::MIGRATIONS,
            seawall_content::MIGRATIONS,
            seawall_registry::MIGRATIONS,
        ]
        .concat();
        database.migrate(&migrations).await.unwrap();
        let folder = test_folder();
        let local = || StorageSettings {
            kind: StorageKind::Local(LocalSettings {
                shared: true,
                ..LocalSettings::new(folder.path())
            }),
        };
        let storage = storage.unwrap_or_else(local);
        let (content, audit, identity) = rooms(&database, &content_settings, &storage).await;
        identity
            .ensure_admin(&Secret::new("Harbor12345".to_owned()))
            .await
            .unwrap();
        let admin = identity.administrator(Origin::default()).await.unwrap();
        let registry = Registry::new(
            database.clone(),
            content.clone(),
            identity.clone(),
            audit.clone(),
            settings,
        );
        Self {
            registry,
            database,
            content,
            identity,
            audit,
            admin,
            content_settings,
            storage,
            backing,
            _folder: folder,
        }
    }

    /// The administrator's permit in a project.
    pub async fn permit(&self, permission: Permission, project: &ProjectRef) -> Permit {
        self.identity
            .authorize(&self.admin, permission, Scope::Project(project))
            .await
            .unwrap()
    }

    /// The administrator's permit in the system.
    pub async fn system(&self, permission: Permission) -> Permit {
        self.identity
            .authorize(&self.admin, permission, Scope::System)
            .await
            .unwrap()
    }

    /// Makes a private project.
    pub async fn project(&self, name: &str) -> ProjectRef {
        self.limited_project(name, None).await
    }

    /// Makes a private project that may hold so many bytes.
    pub async fn limited_project(&self, name: &str, storage_limit: Option<i64>) -> ProjectRef {
        let create = Permission::new(Resource::Project, Action::Create);
        let permit = self.system(create).await;
        let new = NewProject {
            name: name.to_owned(),
            storage_limit,
            ..NewProject::default()
        };
        let id = self.registry.create_project(&permit, new).await.unwrap();
        self.registry.project_by_id(id).await.unwrap().unwrap()
    }

    pub async fn project_of(&self, repository: &str) -> ProjectRef {
        let name = repository.split('/').next().unwrap();
        self.registry.project_by_name(name).await.unwrap().unwrap()
    }

    /// Uploads a blob into a repository.
    pub async fn blob(&self, repository: &str, bytes: &[u8]) -> Digest {
        let permit = self
            .permit(Permission::PUSH, &self.project_of(repository).await)
            .await;
        let link = self
            .registry
            .link_blob(&permit, &name(repository))
            .await
            .unwrap();
        let digest = Digest::sha256(bytes);
        let chunk = Chunk::from_bytes(Bytes::copy_from_slice(bytes));
        self.content.push(&digest, chunk, link).await.unwrap();
        digest
    }

    /// Pushes a manifest whose blobs are there.
    pub async fn manifest(
        &self,
        repository: &str,
        reference: &str,
        document: &Value,
    ) -> Result<Pushed, RegistryError> {
        let permit = self
            .permit(Permission::PUSH, &self.project_of(repository).await)
            .await;
        let bytes = Bytes::from(document.to_string());
        let reference: Reference = if reference.is_empty() {
            Reference::Digest(Digest::sha256(&bytes))
        } else {
            reference.parse().unwrap()
        };
        self.registry
            .push_manifest(&permit, &name(repository), &reference, None, bytes, &[])
            .await
    }

    /// Uploads the layers and pushes an image with them; an empty reference pushes by digest.
    pub async fn image(&self, repository: &str, reference: &str, layers: &[&[u8]]) -> Digest {
        let document = self.image_document(repository, layers).await;
        self.manifest(repository, reference, &document)
            .await
            .unwrap()
            .digest
    }

    /// Uploads the layers and a config, and gives the manifest of an image with them.
    pub async fn image_document(&self, repository: &str, layers: &[&[u8]]) -> Value {
        let config = json!({
            "architecture": "arm64", "os": "linux", "created": "2026-01-02T03:04:05Z",
            "config": {"Labels": {"team": "blue"}}, "history": [{"created_by": "RUN true"}],
        })
        .to_string();
        let config_digest = self.blob(repository, config.as_bytes()).await;
        let mut described = Vec::new();
        for layer in layers {
            let digest = self.blob(repository, layer).await;
            described.push(json!({"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": layer.len()}));
        }
        json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST,
            "config": {"mediaType": media_type::OCI_CONFIG, "digest": config_digest, "size": config.len()},
            "layers": described,
        })
    }

    /// Bytes that the project's quota says are used, after a count of what its artifacts reference has agreed.
    pub async fn usage(&self, project: ProjectId) -> i64 {
        let mut reader = self.database.read().await.unwrap();
        let (kept, counted): (i64, i64) = reader
            .fetch_one(
                "SELECT storage_used, (SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM (SELECT MAX(b.size) AS size \
                 FROM artifact_blobs b JOIN artifacts a ON a.id = b.artifact_id WHERE a.project_id = $1 \
                 GROUP BY b.digest) distinct_blobs) FROM quotas WHERE project_id = $1",
                params![project],
            )
            .await
            .unwrap();
        assert_eq!(kept, counted, "usage of project {project}");
        kept
    }

    /// How many rows a table has.
    pub async fn count(&self, sql: &'static str) -> i64 {
        self.database
            .read()
            .await
            .unwrap()
            .fetch_one(sql, params![])
            .await
            .unwrap()
    }
}

/// The rooms that a registry stands on.
async fn rooms(
    database: &Database,
    settings: &ContentSettings,
    storage: &StorageSettings,
) -> (Content, Audit, Identity) {
    let storage = seawall_storage::open(storage).await.unwrap();
    let content = Content::new(database.clone(), storage, settings.clone());
    let audit = Audit::start(database.clone(), &AuditSettings::default(), pull_counter());
    let key = EncryptionKey::from_hex(&"0f".repeat(32)).unwrap();
    let settings = IdentitySettings::new(KeySource::Given(key));
    let identity = Identity::open(database.clone(), audit.clone(), settings)
        .await
        .unwrap();
    (content, audit, identity)
}

/// An artifact without config and layers that names a subject.
pub fn attachment(subject: &Digest, artifact_type: &str, note: &str) -> Value {
    json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "artifactType": artifact_type, "manifests": [],
        "annotations": {"note": note},
        "subject": {"mediaType": media_type::OCI_MANIFEST, "digest": subject, "size": 100},
    })
}

/// An index of children.
pub fn index(children: &[&Digest]) -> Value {
    let manifests: Vec<Value> = children
        .iter()
        .map(|digest| {
            json!({
                "mediaType": media_type::OCI_MANIFEST, "digest": digest, "size": 100,
                "platform": {"os": "linux", "architecture": "amd64"}, "annotations": {"a": "b"},
            })
        })
        .collect();
    json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": manifests})
}

pub fn name(text: &str) -> RepositoryName {
    text.parse().unwrap()
}

pub fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

pub fn reference(text: &str) -> Reference {
    text.parse().unwrap()
}

/// In memory, where syncs cost nothing; on the disk in the full form.
fn test_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() && !seawall_testkit::full() {
        return TempDir::with_prefix_in("seawall-registry-", memory).unwrap();
    }
    TempDir::with_prefix("seawall-registry-").unwrap()
}
