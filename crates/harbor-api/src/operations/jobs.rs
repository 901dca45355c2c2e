//! The operations of background work: collection, purging, schedules, scanners, retention, replication, exports.
//!
//! A row reads: operation, method, path, access => handler; a row without a handler answers 501. See `mod.rs`.

use super::operations;

operations! {
    // gc
    getGCHistory GET "/system/gc" system(GarbageCollection, List) => gc::list;
    getGC GET "/system/gc/{gc_id}" system(GarbageCollection, Read) => gc::get;
    stopGC PUT "/system/gc/{gc_id}" system(GarbageCollection, Stop) => gc::stop;
    getGCLog GET "/system/gc/{gc_id}/log" system(GarbageCollection, Read) => gc::log;
    getGCSchedule GET "/system/gc/schedule" system(GarbageCollection, Read) => gc::schedule;
    createGCSchedule POST "/system/gc/schedule" system(GarbageCollection, Create) => gc::create_schedule;
    updateGCSchedule PUT "/system/gc/schedule" system(GarbageCollection, Update) => gc::update_schedule;
    // purge
    getPurgeHistory GET "/system/purgeaudit" system(PurgeAudit, List) => purge::list;
    getPurgeJob GET "/system/purgeaudit/{purge_id}" system(PurgeAudit, Read) => purge::get;
    stopPurge PUT "/system/purgeaudit/{purge_id}" system(PurgeAudit, Stop) => purge::stop;
    getPurgeJobLog GET "/system/purgeaudit/{purge_id}/log" system(PurgeAudit, Read) => purge::log;
    getPurgeSchedule GET "/system/purgeaudit/schedule" system(PurgeAudit, Read) => purge::schedule;
    createPurgeSchedule POST "/system/purgeaudit/schedule" system(PurgeAudit, Create) => purge::create_schedule;
    updatePurgeSchedule PUT "/system/purgeaudit/schedule" system(PurgeAudit, Update) => purge::update_schedule;
    // jobservice
    getWorkerPools GET "/jobservice/pools" system(JobServiceMonitor, List) => jobservice::pools;
    listJobs GET "/jobservice/jobs" system(JobServiceMonitor, List) => jobservice::jobs;
    getJob GET "/jobservice/jobs/{job_id}" system(JobServiceMonitor, List) => jobservice::job;
    getWorkers GET "/jobservice/pools/{pool_id}/workers" system(JobServiceMonitor, List) => jobservice::workers;
    stopRunningJob PUT "/jobservice/jobs/{job_id}" system(JobServiceMonitor, Stop) => jobservice::stop;
    actionGetJobLog GET "/jobservice/jobs/{job_id}/log" system(JobServiceMonitor, List) => jobservice::log;
    listJobQueues GET "/jobservice/queues" system(JobServiceMonitor, List) => jobservice::queues;
    actionPendingJobs PUT "/jobservice/queues/{job_type}" system(JobServiceMonitor, Stop) => jobservice::act_on_queue;
    // schedule
    listSchedules GET "/schedules" system(JobServiceMonitor, List) => schedules::list;
    getSchedulePaused GET "/schedules/{job_type}/paused" authenticated(Project, List) => schedules::paused;
    // scanAll
    getLatestScanAllMetrics GET "/scans/all/metrics" system(ScanAll, Read);
    getLatestScheduledScanAllMetrics GET "/scans/schedule/metrics" system(ScanAll, Read);
    getScanAllSchedule GET "/system/scanAll/schedule" system(ScanAll, Read);
    updateScanAllSchedule PUT "/system/scanAll/schedule" system(ScanAll, Update);
    createScanAllSchedule POST "/system/scanAll/schedule" system(ScanAll, Create);
    stopScanAll POST "/system/scanAll/stop" system(ScanAll, Stop);
    // scanner
    listScanners GET "/scanners" system(Scanner, List);
    createScanner POST "/scanners" system(Scanner, Create);
    pingScanner POST "/scanners/ping" system(Scanner, Read);
    getScanner GET "/scanners/{registration_id}" system(Scanner, Read);
    updateScanner PUT "/scanners/{registration_id}" system(Scanner, Update);
    deleteScanner DELETE "/scanners/{registration_id}" system(Scanner, Delete);
    setScannerAsDefault PATCH "/scanners/{registration_id}" system(Scanner, Update);
    getScannerMetadata GET "/scanners/{registration_id}/metadata" system(Scanner, Read);
    // Retention
    getRentenitionMetadata GET "/retentions/metadatas" public;
    createRetention POST "/retentions" authenticated(Project, List);
    getRetention GET "/retentions/{id}" authenticated(Project, List);
    updateRetention PUT "/retentions/{id}" authenticated(Project, List);
    deleteRetention DELETE "/retentions/{id}" authenticated(Project, List);
    triggerRetentionExecution POST "/retentions/{id}/executions" authenticated(Project, List);
    listRetentionExecutions GET "/retentions/{id}/executions" authenticated(Project, List);
    operateRetentionExecution PATCH "/retentions/{id}/executions/{eid}" authenticated(Project, List);
    listRetentionTasks GET "/retentions/{id}/executions/{eid}/tasks" authenticated(Project, List);
    getRetentionTaskLog GET "/retentions/{id}/executions/{eid}/tasks/{tid}" authenticated(Project, List);
    // replication
    listReplicationPolicies GET "/replication/policies" system(ReplicationPolicy, List);
    createReplicationPolicy POST "/replication/policies" system(ReplicationPolicy, Create);
    getReplicationPolicy GET "/replication/policies/{id}" system(ReplicationPolicy, Read);
    deleteReplicationPolicy DELETE "/replication/policies/{id}" system(ReplicationPolicy, Delete);
    updateReplicationPolicy PUT "/replication/policies/{id}" system(ReplicationPolicy, Update);
    listReplicationExecutions GET "/replication/executions" system(Replication, List);
    startReplication POST "/replication/executions" system(Replication, Create);
    getReplicationExecution GET "/replication/executions/{id}" system(Replication, Read);
    stopReplication PUT "/replication/executions/{id}" system(Replication, Create);
    listReplicationTasks GET "/replication/executions/{id}/tasks" system(Replication, List);
    getReplicationLog GET "/replication/executions/{id}/tasks/{task_id}/log" system(Replication, Read);
    // registry
    listRegistryProviderTypes GET "/replication/adapters" system(ReplicationAdapter, List);
    listRegistryProviderInfos GET "/replication/adapterinfos" system(ReplicationAdapter, List);
    createRegistry POST "/registries" system(Registry, Create);
    listRegistries GET "/registries" system(Registry, List);
    pingRegistry POST "/registries/ping" system(Registry, Read);
    getRegistry GET "/registries/{id}" system(Registry, Read);
    deleteRegistry DELETE "/registries/{id}" system(Registry, Delete);
    updateRegistry PUT "/registries/{id}" system(Registry, Update);
    getRegistryInfo GET "/registries/{id}/info" system(Registry, Read);
    // scan data export
    exportScanData POST "/export/cve" authenticated(Project, List);
    getScanDataExportExecution GET "/export/cve/execution/{execution_id}" authenticated(Project, List);
    getScanDataExportExecutionList GET "/export/cve/executions" authenticated(Project, List);
    downloadScanData GET "/export/cve/download/{execution_id}" authenticated(Project, List);
    // securityhub
    getSecuritySummary GET "/security/summary" system(SecurityHub, Read);
    ListVulnerabilities GET "/security/vul" system(SecurityHub, List);
}
