//! Paths of `/v2`, query strings and token scopes: no input panics, and a name that
//! is taken cannot leave its project.
#![no_main]

use http::Method;
use libfuzzer_sys::fuzz_target;
use seawall_registry_api::operation::Operation;
use seawall_registry_api::page::Page;
use seawall_registry_api::query;
use seawall_registry_api::scope::Scope;

fuzz_target!(|text: &str| {
    let path = format!("/v2/{text}");
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::POST, Method::PATCH, Method::DELETE] {
        let _ = Operation::parse(&method, text);
        if let Ok(operation) = Operation::parse(&method, &path)
            && let Some(repository) = operation.repository()
        {
            let name = repository.as_str();
            assert!(!name.contains("..") && !name.contains('%') && !name.contains("//"));
            assert!(!name.starts_with('/') && !name.ends_with('/'));
        }
    }
    let _ = Page::parse(Some(text));
    for scope in Scope::parse_all(query::all(Some(text), "scope")) {
        let _ = scope.repository();
    }
});
