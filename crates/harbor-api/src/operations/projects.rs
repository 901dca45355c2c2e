//! The operations of projects, members, metadata and what hangs on a project: immutability rules, webhooks, preheat.
//!
//! A row reads: operation, method, path, access => handler; a row without a handler answers 501. See `mod.rs`.

use super::operations;

operations! {
    // project
    listProjects GET "/projects" public => projects::list;
    headProject HEAD "/projects" authenticated(Project, List) => projects::head;
    createProject POST "/projects" system(Project, Create) => projects::create;
    getProject GET "/projects/{project}" project(Project, Read) => projects::get;
    updateProject PUT "/projects/{project}" project(Project, Update) => projects::update;
    deleteProject DELETE "/projects/{project}" project(Project, Delete) => projects::delete;
    getProjectDeletable GET "/projects/{project}/_deletable" project(Project, Delete) => projects::deletable;
    getProjectSummary GET "/projects/{project}/summary" project(Project, Read) => projects::summary;
    listArtifactsOfProject GET "/projects/{project}/artifacts" project(Artifact, List) => artifacts::list_of_project;
    getScannerOfProject GET "/projects/{project}/scanner" project(Scanner, Read);
    setScannerOfProject PUT "/projects/{project}/scanner" project(Scanner, Create);
    listScannerCandidatesOfProject GET "/projects/{project}/scanner/candidates" project(Scanner, Create);
    getLogs GET "/projects/{project}/logs" project(Log, List) => audit_logs::list_of_project;
    getLogExts GET "/projects/{project}/auditlog-exts" project(Log, List) => audit_logs::list_extended_of_project;
    // member
    listProjectMembers GET "/projects/{project}/members" project(Member, List) => members::list;
    createProjectMember POST "/projects/{project}/members" project(Member, Create) => members::create;
    getProjectMember GET "/projects/{project}/members/{mid}" project(Member, Read) => members::get;
    updateProjectMember PUT "/projects/{project}/members/{mid}" project(Member, Update) => members::update;
    deleteProjectMember DELETE "/projects/{project}/members/{mid}" project(Member, Delete) => members::delete;
    // projectMetadata
    listProjectMetadatas GET "/projects/{project}/metadatas/" project(Metadata, List) => metadata::list;
    addProjectMetadatas POST "/projects/{project}/metadatas/" project(Metadata, Create) => metadata::add;
    getProjectMetadata GET "/projects/{project}/metadatas/{meta_name}" project(Metadata, Read) => metadata::get;
    updateProjectMetadata PUT "/projects/{project}/metadatas/{meta_name}" project(Metadata, Update) => metadata::update;
    deleteProjectMetadata DELETE "/projects/{project}/metadatas/{meta_name}" project(Metadata, Delete) => metadata::delete;
    // immutable
    ListImmuRules GET "/projects/{project}/immutabletagrules" project(ImmutableTag, List);
    CreateImmuRule POST "/projects/{project}/immutabletagrules" project(ImmutableTag, Create);
    UpdateImmuRule PUT "/projects/{project}/immutabletagrules/{immutable_rule_id}" project(ImmutableTag, Update);
    DeleteImmuRule DELETE "/projects/{project}/immutabletagrules/{immutable_rule_id}" project(ImmutableTag, Delete);
    // webhook
    ListWebhookPoliciesOfProject GET "/projects/{project}/webhook/policies" project(NotificationPolicy, List);
    CreateWebhookPolicyOfProject POST "/projects/{project}/webhook/policies" project(NotificationPolicy, Create);
    GetWebhookPolicyOfProject GET "/projects/{project}/webhook/policies/{webhook_policy_id}" project(NotificationPolicy, Read);
    UpdateWebhookPolicyOfProject PUT "/projects/{project}/webhook/policies/{webhook_policy_id}" project(NotificationPolicy, Update);
    DeleteWebhookPolicyOfProject DELETE "/projects/{project}/webhook/policies/{webhook_policy_id}" project(NotificationPolicy, Delete);
    ListExecutionsOfWebhookPolicy GET "/projects/{project}/webhook/policies/{webhook_policy_id}/executions" project(NotificationPolicy, Read);
    ListTasksOfWebhookExecution GET "/projects/{project}/webhook/policies/{webhook_policy_id}/executions/{execution_id}/tasks" project(NotificationPolicy, Read);
    GetLogsOfWebhookTask GET "/projects/{project}/webhook/policies/{webhook_policy_id}/executions/{execution_id}/tasks/{task_id}/log" project(NotificationPolicy, Read);
    LastTrigger GET "/projects/{project}/webhook/lasttrigger" project(NotificationPolicy, Read);
    GetSupportedEventTypes GET "/projects/{project}/webhook/events" project(NotificationPolicy, Read);
    // webhookjob
    ListWebhookJobs GET "/projects/{project}/webhook/jobs" project(NotificationPolicy, List);
    // preheat
    ListProviders GET "/p2p/preheat/providers" system(PreheatInstance, List);
    PingInstances POST "/p2p/preheat/instances/ping" system(PreheatInstance, Read);
    ListInstances GET "/p2p/preheat/instances" system(PreheatInstance, List);
    CreateInstance POST "/p2p/preheat/instances" system(PreheatInstance, Create);
    GetInstance GET "/p2p/preheat/instances/{preheat_instance_name}" system(PreheatInstance, Read);
    DeleteInstance DELETE "/p2p/preheat/instances/{preheat_instance_name}" system(PreheatInstance, Delete);
    UpdateInstance PUT "/p2p/preheat/instances/{preheat_instance_name}" system(PreheatInstance, Update);
    CreatePolicy POST "/projects/{project}/preheat/policies" project(PreheatPolicy, Create);
    ListPolicies GET "/projects/{project}/preheat/policies" project(PreheatPolicy, List);
    GetPolicy GET "/projects/{project}/preheat/policies/{preheat_policy_name}" project(PreheatPolicy, Read);
    UpdatePolicy PUT "/projects/{project}/preheat/policies/{preheat_policy_name}" project(PreheatPolicy, Update);
    ManualPreheat POST "/projects/{project}/preheat/policies/{preheat_policy_name}" project(PreheatPolicy, Read);
    DeletePolicy DELETE "/projects/{project}/preheat/policies/{preheat_policy_name}" project(PreheatPolicy, Delete);
    ListExecutions GET "/projects/{project}/preheat/policies/{preheat_policy_name}/executions" project(PreheatPolicy, List);
    GetExecution GET "/projects/{project}/preheat/policies/{preheat_policy_name}/executions/{execution_id}" project(PreheatPolicy, Read);
    StopExecution PATCH "/projects/{project}/preheat/policies/{preheat_policy_name}/executions/{execution_id}" project(PreheatPolicy, Update);
    ListTasks GET "/projects/{project}/preheat/policies/{preheat_policy_name}/executions/{execution_id}/tasks" project(PreheatPolicy, List);
    GetPreheatLog GET "/projects/{project}/preheat/policies/{preheat_policy_name}/executions/{execution_id}/tasks/{task_id}/logs" project(PreheatPolicy, Read);
    ListProvidersUnderProject GET "/projects/{project}/preheat/providers" project(PreheatPolicy, List);
}
