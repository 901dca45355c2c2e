//! The operations of health, system facts, search, statistics, audit log, quotas, configuration, labels.
//!
//! A row reads: operation, method, path, access => handler; a row without a handler answers 501. See `mod.rs`.

use super::operations;

operations! {
    // health
    getHealth GET "/health" public => health::get;
    // ping
    getPing GET "/ping" public => health::ping;
    // search
    search GET "/search" public => search::search;
    // statistic
    getStatistic GET "/statistics" authenticated(Project, List) => statistics::get;
    // systeminfo
    getSystemInfo GET "/systeminfo" public => system::get;
    getVolumes GET "/systeminfo/volumes" system(SystemVolumes, Read) => system::volumes;
    getCert GET "/systeminfo/getcert" public => system::certificate;
    // configure
    getInternalconfig GET "/internalconfig" system(Configuration, Read);
    getConfigurations GET "/configurations" system(Configuration, Read);
    updateConfigurations PUT "/configurations" system(Configuration, Update);
    // auditlog
    listAuditLogs GET "/audit-logs" authenticated(Project, List) => audit_logs::list;
    listAuditLogExts GET "/auditlog-exts" authenticated(Project, List) => audit_logs::list_extended;
    listAuditLogEventTypes GET "/auditlog-exts/events" system(AuditLog, List) => audit_logs::event_types;
    // quota
    listQuotas GET "/quotas" system(Quota, List) => quotas::list;
    getQuota GET "/quotas/{id}" system(Quota, Read) => quotas::get;
    updateQuota PUT "/quotas/{id}" system(Quota, Update) => quotas::update;
    // SystemCVEAllowlist
    getSystemCVEAllowlist GET "/system/CVEAllowlist" authenticated(Project, List);
    putSystemCVEAllowlist PUT "/system/CVEAllowlist" system(Configuration, Update);
    // icon
    getIcon GET "/icons/{digest}" public;
    // label
    ListLabels GET "/labels" public;
    CreateLabel POST "/labels" authenticated(Project, List);
    GetLabelByID GET "/labels/{label_id}" authenticated(Project, List);
    UpdateLabel PUT "/labels/{label_id}" authenticated(Project, List);
    DeleteLabel DELETE "/labels/{label_id}" authenticated(Project, List);
}
