//! Warnings and errors of a backup or a restore: `NAME-results.gz`.
//!
//! Source: Velero 1.18.3 `pkg/util/results`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Messages of one level.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Results {
    /// About the work itself: the bucket, the archive.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub velero: Vec<String>,
    /// About objects of the cluster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cluster: Vec<String>,
    /// About objects of a namespace.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub namespaces: BTreeMap<String, Vec<String>>,
}

impl Results {
    /// Adds a message about an object of `namespace`, or of the cluster when that is empty.
    pub fn add(&mut self, namespace: &str, message: String) {
        if namespace.is_empty() {
            self.cluster.push(message);
        } else {
            self.namespaces
                .entry(namespace.to_owned())
                .or_default()
                .push(message);
        }
    }

    /// Adds the messages of `other` behind its own.
    pub fn merge(&mut self, other: Self) {
        self.velero.extend(other.velero);
        self.cluster.extend(other.cluster);
        for (namespace, messages) in other.namespaces {
            self.namespaces
                .entry(namespace)
                .or_default()
                .extend(messages);
        }
    }

    /// How many messages there are.
    pub fn count(&self) -> usize {
        let of_namespaces: usize = self.namespaces.values().map(Vec::len).sum();
        self.velero.len() + self.cluster.len() + of_namespaces
    }
}

/// The file: errors and warnings, keys sorted as in a map of Go's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResultsFile {
    /// Errors.
    pub errors: Results,
    /// Warnings.
    pub warnings: Results,
}
