//! The operations of repositories, artifacts, tags and scans.
//!
//! A row reads: operation, method, path, access => handler; a row without a handler answers 501. See `mod.rs`.

use super::operations;

operations! {
    // repository
    listAllRepositories GET "/repositories" public => repositories::list_all;
    listRepositories GET "/projects/{project}/repositories" project(Repository, List) => repositories::list;
    getRepository GET "/projects/{project}/repositories/{repository_name}" project(Repository, Read) => repositories::get;
    updateRepository PUT "/projects/{project}/repositories/{repository_name}" project(Repository, Update) => repositories::update;
    deleteRepository DELETE "/projects/{project}/repositories/{repository_name}" project(Repository, Delete) => repositories::delete;
    // artifact
    listArtifacts GET "/projects/{project}/repositories/{repository_name}/artifacts" project(Artifact, List) => artifacts::list;
    CopyArtifact POST "/projects/{project}/repositories/{repository_name}/artifacts" project(Artifact, Create) => artifacts::copy;
    getArtifact GET "/projects/{project}/repositories/{repository_name}/artifacts/{reference}" project(Artifact, Read) => artifacts::get;
    deleteArtifact DELETE "/projects/{project}/repositories/{repository_name}/artifacts/{reference}" project(Artifact, Delete) => artifacts::delete;
    createTag POST "/projects/{project}/repositories/{repository_name}/artifacts/{reference}/tags" project(Tag, Create) => tags::create;
    listTags GET "/projects/{project}/repositories/{repository_name}/artifacts/{reference}/tags" project(Tag, List) => tags::list;
    deleteTag DELETE "/projects/{project}/repositories/{repository_name}/artifacts/{reference}/tags/{tag_name}" project(Tag, Delete) => tags::delete;
    listAccessories GET "/projects/{project}/repositories/{repository_name}/artifacts/{reference}/accessories" project(Accessory, List) => artifacts::accessories;
    getVulnerabilitiesAddition GET "/projects/{project}/repositories/{repository_name}/artifacts/{reference}/additions/vulnerabilities" project(ArtifactAddition, Read);
    getAddition GET "/projects/{project}/repositories/{repository_name}/artifacts/{reference}/additions/{addition}" project(ArtifactAddition, Read) => artifacts::addition;
    addLabel POST "/projects/{project}/repositories/{repository_name}/artifacts/{reference}/labels" project(ArtifactLabel, Create);
    removeLabel DELETE "/projects/{project}/repositories/{repository_name}/artifacts/{reference}/labels/{label_id}" project(ArtifactLabel, Delete);
    // scan
    scanArtifact POST "/projects/{project}/repositories/{repository_name}/artifacts/{reference}/scan" scan(Scan, Create) => scans::start;
    stopScanArtifact POST "/projects/{project}/repositories/{repository_name}/artifacts/{reference}/scan/stop" scan(Scan, Stop) => scans::stop;
    getReportLog GET "/projects/{project}/repositories/{repository_name}/artifacts/{reference}/scan/{report_id}/log" project(Scan, Read) => scans::log;
    getScanOverview GET "/projects/{project}/repositories/{repository_name}/artifacts/{reference}/scan/overview" project(Scan, Read) => scans::overview;
}
