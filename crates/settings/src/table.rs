//! The one list of settings. A field of [`Settings`] that is missing here is found by a test.

use crate::field::Field;
use crate::settings::Settings;

/// One setting.
pub struct Setting {
    /// Its place in the file: the keys from the outside in, joined by dots.
    pub key: &'static str,
    /// Another environment variable that sets it too, weaker than the own one.
    pub alias: Option<&'static str>,
    /// What the default is when it depends on other settings.
    pub default: Option<&'static str>,
    /// What it does, for the reference.
    pub meaning: &'static str,
    pub(crate) field: fn(&mut Settings) -> &mut dyn Field,
}

impl Setting {
    /// The environment variable: `SEAWALL_` and the key in capitals, dots as underscores.
    pub fn environment(&self) -> String {
        format!(
            "SEAWALL_{}",
            self.key.replace('.', "_").to_ascii_uppercase()
        )
    }
}

/// A setting whose default is a constant.
macro_rules! setting {
    ($($field:ident).+, $meaning:literal $(, default: $default:literal)? $(, alias: $alias:literal)?) => {
        Setting {
            key: setting!(@key $($field).+),
            alias: setting!(@optional $($alias)?),
            default: setting!(@optional $($default)?),
            meaning: $meaning,
            field: |settings| &mut settings.$($field).+,
        }
    };
    (@key $first:ident $(. $rest:ident)*) => { concat!(stringify!($first) $(, ".", stringify!($rest))*) };
    (@optional) => { None };
    (@optional $value:literal) => { Some($value) };
}

/// Every setting, in the order of the reference.
pub const TABLE: &[Setting] = &[
    setting!(
        listen,
        "Address and port to listen on. `0.0.0.0:8080` or `[::]:8080` listens on every address; port 0 picks a free one."
    ),
    setting!(
        data_dir,
        "Folder of the database, the blobs and the keys. One process at a time uses it."
    ),
    setting!(external_url, "URL under which clients reach the registry, such as `https://registry.example.org`; no path. It names the token service and the links in answers.", default: "scheme and host of each request"),
    setting!(admin_password, "Password of the user `admin`, read at the first start only. Stored hashed.", default: "generated and shown once"),
    setting!(
        read_only,
        "Refuse pushes, deletions and every other change with 403."
    ),
    setting!(
        trusted_proxies,
        "Networks of reverse proxies whose `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host` are believed. In the environment separated by commas."
    ),
    setting!(tls.cert, "Certificate chain (PEM). With `tls.key` it makes the server speak TLS. Loaded again when it changes.", default: "plain HTTP"),
    setting!(tls.key, "Private key (PEM) of `tls.cert`.", default: "plain HTTP"),
    setting!(tls.ca_cert, "Certificate (PEM) of the authority that signed `tls.cert`, or the certificate of a proxy before this server. Anyone may download it at `/api/v2.0/systeminfo/getcert`, to trust this server.", default: "none to download"),
    setting!(database.url, "`postgres://user:password@host/database` for several replicas, or `sqlite:PATH`.", default: "`sqlite:` `seawall.db` in `data_dir`"),
    setting!(database.max_connections, "Open connections of this process to the database, at most.", default: "4 readers on SQLite, 16 on PostgreSQL"),
    setting!(
        database.acquire_timeout_seconds,
        "Longest wait for a connection; then the request is answered 503."
    ),
    setting!(
        database.statement_timeout_seconds,
        "Longest run of one statement."
    ),
    setting!(storage.path, "Folder of the blobs, when they are kept as files.", default: "`storage` in `data_dir`"),
    setting!(
        storage.shared,
        "Declares that every replica sees the same folder `storage.path`. Without it, files and PostgreSQL together are refused."
    ),
    setting!(
        storage.reserve_bytes,
        "Free space that pushes leave on the disk of `storage.path`; below it they are refused with 507."
    ),
    setting!(storage.s3.bucket, "Bucket for the blobs. When set, blobs are kept in S3-compatible object storage.", default: "blobs are files"),
    setting!(storage.s3.prefix, "Put before every key in the bucket."),
    setting!(storage.s3.endpoint, "URL of the object storage, such as `http://127.0.0.1:9000`.", default: "AWS"),
    setting!(storage.s3.public_endpoint, "URL under which clients reach the object storage, for redirects.", default: "`storage.s3.endpoint`"),
    setting!(storage.s3.region, "Region of the bucket."),
    setting!(storage.s3.access_key, "Access key id.", default: "from `AWS_…` variables or the instance", alias: "AWS_ACCESS_KEY_ID"),
    setting!(storage.s3.secret_key, "Secret access key.", default: "from `AWS_…` variables or the instance", alias: "AWS_SECRET_ACCESS_KEY"),
    setting!(
        storage.s3.path_style,
        "`true` puts the bucket in the path, `false` in the host name."
    ),
    setting!(
        storage.s3.redirect,
        "Redirect pulls of blobs to presigned URLs, so that their bytes do not pass through here. Clients must reach the object storage."
    ),
    setting!(
        storage.s3.redirect_expiry_seconds,
        "How long a presigned URL is good."
    ),
    setting!(
        storage.s3.max_active_uploads,
        "Uploads to object storage at the same time; each takes up to 6 MiB of memory, above 4.8 GiB of a blob slowly more, up to 80 MiB. A blob may have 542 GiB there."
    ),
    setting!(
        storage.s3.request_timeout_seconds,
        "Longest wait for one answer of the object storage."
    ),
    setting!(
        uploads.expiry_hours,
        "An upload without progress is dropped after so long."
    ),
    setting!(
        uploads.lease_hours,
        "How long a blob that was pushed or asked for stays although no manifest names it."
    ),
    setting!(
        uploads.max_open,
        "Uploads that are begun and not ended, at most."
    ),
    setting!(
        uploads.max_active,
        "Uploads that receive bytes at the same time; further ones get 503."
    ),
    setting!(uploads.max_blob_bytes, "Bytes of one blob, at most."),
    setting!(keys.encryption_key_file, "File with the key that encrypts stored secrets; replicas share it. Made at the first start if it is missing.", default: "`keys/encryption.key` in `data_dir`"),
    setting!(
        auth.project_creation_restriction,
        "Who may create projects: `everyone` who is logged in, or `adminonly`."
    ),
    setting!(
        auth.self_registration,
        "Whether people may register themselves."
    ),
    setting!(auth.token_expiration_minutes, "Life of a registry token."),
    setting!(
        auth.robot_token_duration_days,
        "Life of a robot account when its creator names none; -1 is without end."
    ),
    setting!(
        auth.robot_name_prefix,
        "Begins the names of robot accounts."
    ),
    setting!(
        quota.storage_per_project_bytes,
        "Storage quota of a new project; -1 is unlimited."
    ),
    setting!(
        manifests.sparse_images,
        "Take an image whose layers are not all here (a sparse image). Off, what was pushed is whole. Indexes may always be sparse."
    ),
    setting!(
        collection.daily,
        "Collect garbage each day at midnight UTC, unless somebody chose another schedule."
    ),
    setting!(
        collection.time_window_hours,
        "Garbage that was pushed or asked about within this time stays; so does all that `uploads.lease_hours` still protects."
    ),
    setting!(
        collection.trash_grace_hours,
        "How long the bytes of a collected blob stay in the trash before they are removed for good."
    ),
    setting!(
        collection.workers,
        "Requests to the storage at the same time, while garbage is collected."
    ),
    setting!(collection.blobs_per_second, "Blobs that are collected in a second, at most.", default: "as many as leave pushes in peace"),
    setting!(
        collection.scrub_weekly,
        "Compare storage and database on Sundays at 4:00 UTC."
    ),
    setting!(
        collection.scrub_bytes_per_second,
        "How many bytes a second that comparison reads to check digests; 0 reads none."
    ),
    setting!(
        jobs.workers,
        "Jobs that run at the same time in this process; `external` leaves them to `harbor-jobservice` processes, which needs PostgreSQL."
    ),
    setting!(jobs.redis_url, "Keep the queue of jobs in Redis: `redis://host:port/database`.", default: "in PostgreSQL, or `jobs.db` in `data_dir`"),
    setting!(
        jobs.redis_namespace,
        "Begins the keys in that Redis, in braces."
    ),
    setting!(jobs.log_days, "Days that the logs of jobs are kept."),
    setting!(
        audit.pulls_wait,
        "Write the audit row of a pull before answering it, instead of within a second."
    ),
    setting!(limits.max_connections, "Open connections in all; further ones get 503. Where the limit of open files is too low for it, fewer hold, with a warning.", default: "`16384`, or fewer if the limit of open files is low"),
    setting!(
        limits.max_connections_per_address,
        "Open connections of one client address. Trusted proxies are exempt."
    ),
    setting!(
        limits.max_header_bytes,
        "Bytes of a request's head; more gets 431, as do more than 100 header lines."
    ),
    setting!(
        limits.header_timeout_seconds,
        "Longest time from the first to the last byte of a request's head."
    ),
    setting!(
        limits.idle_timeout_seconds,
        "How long a connection may wait between requests."
    ),
    setting!(
        limits.stall_timeout_seconds,
        "How long a client may take nothing of a response."
    ),
    setting!(
        limits.min_body_bytes_per_second,
        "Slowest pace of a request's body, over 30 seconds; 0 allows any."
    ),
    setting!(
        limits.drain_timeout_seconds,
        "How long running requests may take after SIGTERM."
    ),
    setting!(
        log.level,
        "`error`, `warn`, `info`, `debug`, `trace`, also for each part: `info,seawall_http=debug`."
    ),
    setting!(log.format, "`text` or `json`, on standard error."),
    setting!(log.access, "One line for each request."),
    setting!(metrics.enabled, "Serve Prometheus metrics at `/metrics`."),
    setting!(telemetry.otlp_endpoint, "OTLP/HTTP collector that receives traces, such as `http://127.0.0.1:4318`.", default: "no traces", alias: "OTEL_EXPORTER_OTLP_ENDPOINT"),
    setting!(telemetry.service_name, "Name of this service in traces.", alias: "OTEL_SERVICE_NAME"),
    setting!(
        telemetry.sample_ratio,
        "Share of the traces begun here that is sent, 0 to 1. A trace begun elsewhere follows its caller."
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_variables_are_unique() {
        let mut names: Vec<String> = TABLE.iter().map(Setting::environment).collect();
        names.extend(
            TABLE
                .iter()
                .filter_map(|setting| setting.alias.map(str::to_owned)),
        );
        names.push("SEAWALL_CONFIG".to_owned());
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn every_field_stands_in_the_table() {
        let shown = format!("{:?}", Settings::default());
        // Each leaf of the structs prints once as `name: value`; groups print as `name: Type {`.
        let leaves = shown.matches(": ").count() - shown.matches(" { ").count() + 1;
        assert_eq!(TABLE.len(), leaves, "{shown}");
    }
}
