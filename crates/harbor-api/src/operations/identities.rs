//! The operations of users, robots, groups, directories and the permission catalogue.
//!
//! A row reads: operation, method, path, access => handler; a row without a handler answers 501. See `mod.rs`.

use super::operations;

operations! {
    // user
    listUsers GET "/users" system(User, List) => users::list;
    createUser POST "/users" system(User, Create) => users::create;
    getCurrentUserInfo GET "/users/current" authenticated(Project, List) => users::current;
    searchUsers GET "/users/search" authenticated(User, List) => users::search;
    getUser GET "/users/{user_id}" self_or(User, Read) => users::get;
    updateUserProfile PUT "/users/{user_id}" self_or(User, Update) => users::update;
    deleteUser DELETE "/users/{user_id}" system(User, Delete) => users::delete;
    setUserSysAdmin PUT "/users/{user_id}/sysadmin" system(User, Update) => users::set_administrator;
    updateUserPassword PUT "/users/{user_id}/password" self_or(User, Update) => users::set_password;
    getCurrentUserPermissions GET "/users/current/permissions" authenticated(Project, List) => users::permissions;
    setCliSecret PUT "/users/{user_id}/cli_secret" self_or(User, Update) => users::set_cli_secret;
    createCurrentUserToken POST "/users/current" authenticated(Project, List) => users::issue_token;
    // robot
    ListRobot GET "/robots" robot(Robot, List) => robots::list;
    CreateRobot POST "/robots" robot(Robot, Create) => robots::create;
    GetRobotByID GET "/robots/{robot_id}" robot(Robot, Read) => robots::get;
    UpdateRobot PUT "/robots/{robot_id}" robot(Robot, Update) => robots::update;
    RefreshSec PATCH "/robots/{robot_id}" robot(Robot, Update) => robots::refresh_secret;
    DeleteRobot DELETE "/robots/{robot_id}" robot(Robot, Delete) => robots::delete;
    // usergroup
    listUserGroups GET "/usergroups" system(UserGroup, List);
    createUserGroup POST "/usergroups" system(UserGroup, Create);
    searchUserGroups GET "/usergroups/search" authenticated(Project, List);
    getUserGroup GET "/usergroups/{group_id}" system(UserGroup, Read);
    updateUserGroup PUT "/usergroups/{group_id}" system(UserGroup, Update);
    deleteUserGroup DELETE "/usergroups/{group_id}" system(UserGroup, Delete);
    // Ldap
    pingLdap POST "/ldap/ping" system(Configuration, Read);
    searchLdapUser GET "/ldap/users/search" system(LdapUser, List);
    importLdapUser POST "/ldap/users/import" system(LdapUser, Create);
    searchLdapGroup GET "/ldap/groups/search" system(LdapUser, List);
    // oidc
    pingOIDC POST "/system/oidc/ping" system(Configuration, Update);
    // permissions
    getPermissions GET "/permissions" project_administrator => permissions::get;
}
