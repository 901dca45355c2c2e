//! Where the jobs are: `worker_pool`.

use super::Check;
use crate::config::{Backend, Redis, Registry, file, redis_url};

impl Check<'_> {
    /// `registry` is the settings file of the registry that is served, if one is.
    pub(super) fn backend(
        &mut self,
        pool: &file::WorkerPool,
        registry: Option<&str>,
    ) -> Option<Backend> {
        let key = "worker_pool.backend";
        let name = self
            .variable("JOB_SERVICE_POOL_BACKEND")
            .or_else(|| pool.backend.clone());
        match (name.as_deref().unwrap_or_default(), registry) {
            (name @ ("redis" | "postgresql"), Some(settings)) => {
                if pool.redis_pool.is_some() {
                    let warning = self.lines.problem(
                        "worker_pool.redis_pool",
                        format!("it is not read, since the jobs are where {settings} says"),
                    );
                    self.warnings.push(warning);
                }
                Some(Backend::Registry(Registry {
                    settings: settings.into(),
                    on_redis: name == "redis",
                }))
            }
            ("redis", None) => self.redis(pool).map(Backend::Redis),
            ("postgresql", None) => {
                self.wrong(
                    "seawall.config",
                    "it is missing: the backend postgresql works for Seawall's registry, whose settings file it must know",
                );
                None
            }
            ("embedded", Some(_)) => {
                self.wrong(
                    "seawall.config",
                    "the backend embedded works alone, for no registry: postgresql and redis do",
                );
                None
            }
            ("embedded", None) => {
                let written = pool
                    .embedded
                    .as_ref()
                    .and_then(|embedded| embedded.path.clone());
                let path = written.filter(|path| !path.is_empty());
                if path.is_none() {
                    self.wrong(
                        "worker_pool.embedded.path",
                        "it is missing: the folder in which the jobs are kept",
                    );
                }
                path.map(|path| Backend::Embedded(path.into()))
            }
            ("", _) => {
                self.wrong(key, "it is missing: redis, postgresql or embedded");
                None
            }
            (other, _) => {
                self.wrong(
                    key,
                    format!("{other:?} is not known: redis, postgresql or embedded"),
                );
                None
            }
        }
    }

    fn redis(&mut self, pool: &file::WorkerPool) -> Option<Redis> {
        let default = file::RedisPool::default();
        let written = pool.redis_pool.as_ref().unwrap_or(&default);
        let url = self
            .variable("JOB_SERVICE_POOL_REDIS_URL")
            .or_else(|| written.redis_url.clone());
        let url = match redis_url::complete(&url.unwrap_or_default()) {
            Ok(url) => Some(url),
            Err(reason) => {
                self.wrong("worker_pool.redis_pool.redis_url", reason);
                None
            }
        };
        let namespace = self
            .variable("JOB_SERVICE_POOL_REDIS_NAMESPACE")
            .or_else(|| written.namespace.clone());
        let namespace = namespace.unwrap_or_default();
        if namespace.is_empty() || namespace.contains(['{', '}']) {
            self.wrong(
                "worker_pool.redis_pool.namespace",
                "it is missing, or holds braces, which keys get anyway",
            );
        }
        let name = "JOB_SERVICE_POOL_REDIS_CONN_IDLE_TIMEOUT_SECOND";
        let idle = match self
            .variable(name)
            .map(|text| (text.trim().parse::<i64>(), text))
        {
            Some((Ok(seconds), _)) => seconds,
            Some((Err(_), text)) => {
                self.warnings.push(format!(
                    "the variable {name}: {text:?} is no number; 0 is taken"
                ));
                0
            }
            None => written.idle_timeout_second.unwrap_or_default(),
        };
        Some(Redis {
            url: url?,
            namespace,
            idle_timeout_seconds: idle.max(0),
        })
    }
}
