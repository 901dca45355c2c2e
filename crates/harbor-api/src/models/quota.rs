//! Quotas. Operations: `handlers/quotas.rs`.

use seawall_database::Timestamp;
use serde::{Deserialize, Serialize};

/// Harbor's `ResourceList`, of which storage is the only resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ResourceList {
    /// Bytes, -1 for no limit.
    pub storage: i64,
}

/// Harbor's `QuotaUpdateReq`.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct QuotaRequest {
    /// The limits to set, by resource.
    pub hard: Option<std::collections::BTreeMap<String, i64>>,
}

/// Harbor's `Quota`.
#[derive(Clone, Debug, Serialize)]
pub struct Quota {
    /// Its id.
    pub id: i64,
    /// What it is for.
    #[serde(rename = "ref")]
    pub reference: QuotaReference,
    /// What is allowed.
    pub hard: ResourceList,
    /// What is used.
    pub used: ResourceList,
    /// When it was created.
    pub creation_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
}

/// Harbor's `QuotaRefObject`: the project that a quota is for.
#[derive(Clone, Debug, Serialize)]
pub struct QuotaReference {
    /// The project's id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its owner's name.
    pub owner_name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_names_its_project() {
        let quota = Quota {
            id: 3,
            reference: QuotaReference {
                id: 7,
                name: "team".into(),
                owner_name: "admin".into(),
            },
            hard: ResourceList { storage: -1 },
            used: ResourceList::default(),
            creation_time: Timestamp(0),
            update_time: Timestamp(0),
        };
        assert_eq!(
            serde_json::to_string(&quota).unwrap(),
            "{\"id\":3,\"ref\":{\"id\":7,\"name\":\"team\",\"owner_name\":\"admin\"},\"hard\":{\"storage\":-1},\
             \"used\":{\"storage\":0},\"creation_time\":\"0001-01-01T00:00:00.000Z\",\
             \"update_time\":\"0001-01-01T00:00:00.000Z\"}"
        );
    }
}
