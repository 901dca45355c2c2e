//! On which line of a YAML file a key stands, for error messages. It knows blocks, not flows: what
//! is written in braces has no line of its own.

use std::collections::HashMap;

/// The lines of the keys, by path: `worker_pool.redis_pool.redis_url`, `job_loggers[0].level`.
#[derive(Debug, Default)]
pub struct Lines(HashMap<String, usize>);

struct Open {
    indent: usize,
    path: String,
    items: usize,
}

impl Lines {
    /// Finds them.
    pub fn of(text: &str) -> Self {
        let mut lines = HashMap::new();
        let mut open: Vec<Open> = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let mut rest = line.trim_start();
            let mut indent = line.len() - rest.len();
            if rest.is_empty() || rest.starts_with(['#', '%']) || rest.starts_with("---") {
                continue;
            }
            while let Some(item) = rest.strip_prefix("- ") {
                // An item's list may stand at the same depth as its key.
                open.retain(|open| {
                    open.indent < indent || (open.indent == indent && !open.path.ends_with(']'))
                });
                let Some(list) = open.last_mut() else { break };
                let path = format!("{}[{}]", list.path, list.items);
                list.items += 1;
                lines.entry(path.clone()).or_insert(at + 1);
                open.push(Open {
                    indent,
                    path,
                    items: 0,
                });
                rest = item.trim_start();
                indent = line.len() - rest.len();
            }
            let Some((key, _)) = rest.split_once(':') else {
                continue;
            };
            let key = key.trim_matches(['"', '\'', ' ']);
            open.retain(|open| open.indent < indent);
            let path = match open.last() {
                Some(open) => format!("{}.{key}", open.path),
                None => key.to_owned(),
            };
            lines.entry(path.clone()).or_insert(at + 1);
            open.push(Open {
                indent,
                path,
                items: 0,
            });
        }
        Self(lines)
    }

    /// The line of the key, or of the nearest key around it.
    pub fn line(&self, path: &str) -> Option<usize> {
        let mut path = path;
        loop {
            if let Some(line) = self.0.get(path) {
                return Some(*line);
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }

    /// `line 7: worker_pool.backend: ` before what is wrong with it.
    pub fn problem(&self, path: &str, reason: impl std::fmt::Display) -> String {
        match self.line(path) {
            Some(line) => format!("line {line}: {path}: {reason}"),
            None => format!("{path}: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found() {
        let text = "# comment\nprotocol: \"http\"\nworker_pool:\n  workers: 10\n  redis_pool:\n    redis_url: a:b\njob_loggers:\n  - name: FILE\n    settings: # where\n      base_dir: /a\n  - name: DB\nloggers:\n- name: STD_OUTPUT\n  level: INFO\n\"port\": 8080\n";
        let lines = Lines::of(text);
        for (path, line) in [
            ("protocol", 2),
            ("worker_pool.workers", 4),
            ("worker_pool.redis_pool.redis_url", 6),
            ("job_loggers", 7),
            ("job_loggers[0].name", 8),
            ("job_loggers[0].settings.base_dir", 10),
            ("job_loggers[1].name", 11),
            ("loggers[0].level", 14),
            ("port", 15),
        ] {
            assert_eq!(lines.line(path), Some(line), "{path}");
        }
        assert_eq!(
            lines.line("worker_pool.backend"),
            Some(3),
            "missing: its surroundings"
        );
        assert_eq!(lines.line("metric.port"), None);
    }
}
