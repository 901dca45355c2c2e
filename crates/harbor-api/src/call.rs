//! One call of an operation: who calls, what the path, query, headers and body hold, and what the caller was permitted.
//!
//! Handlers take a [`Call`] and nothing else. It is made in `dispatch.rs`, after `access.rs` has asked for the permit.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, Stream, StreamExt};
use seawall_database::query::ListQuery;
use seawall_identity::{Actor, Caller, Permit, ProjectRef};
use seawall_oci::{Reference, RepositoryName};
use seawall_registry::{Batches, RegistryError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::HarborApi;
use crate::error::ApiError;
use crate::operations::Parameters;
use crate::query::{PageRequest, Query};
use crate::{body, names, paging, respond};

/// Items that are read at once of a list that is answered whole.
const BATCH_SIZE: i64 = 500;

/// A call of an operation.
#[derive(Debug)]
pub struct Call {
    /// The rooms below.
    pub api: Arc<HarborApi>,
    /// Who calls, from where.
    pub caller: Caller,
    /// What the caller may do here; `None` where anyone may call.
    pub(crate) permit: Option<Permit>,
    /// The project that the path (or a robot's body) names.
    pub(crate) project: Option<ProjectRef>,
    /// The path as it was asked for, still escaped.
    pub(crate) path: String,
    pub(crate) parameters: Parameters,
    /// The query.
    pub query: Query,
    /// The headers.
    pub headers: HeaderMap,
    /// Behind a lock only because a body cannot be shared, which a call is while something is waited for.
    pub(crate) body: Mutex<Body>,
    /// Scheme and authority under which the client reached us.
    pub(crate) origin: Option<seawall_http::Origin>,
}

impl Call {
    /// Who calls.
    pub fn actor(&self) -> &Actor {
        &self.caller.actor
    }

    /// The permit that the operation's access asked for.
    ///
    /// # Errors
    /// 401 for an operation that anyone may call; such handlers do not ask.
    pub fn permit(&self) -> Result<&Permit, ApiError> {
        self.permit.as_ref().ok_or_else(ApiError::unauthorized)
    }

    /// The project that the path names.
    ///
    /// # Errors
    /// 500 for a path that names none; the operation's access sees to it.
    pub fn project(&self) -> Result<&ProjectRef, ApiError> {
        self.project
            .as_ref()
            .ok_or_else(|| ApiError::internal("the operation names no project"))
    }

    /// A parameter of the path, as text.
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name)
    }

    /// The id of a row, in the path.
    ///
    /// # Errors
    /// 422 for what is no number.
    pub fn id<T: std::str::FromStr>(&self, name: &str) -> Result<T, ApiError> {
        names::id(name, self.parameter(name))
    }

    /// The repository that the path names, with its project's name.
    ///
    /// # Errors
    /// 400 for what is no repository name.
    pub fn repository(&self) -> Result<RepositoryName, ApiError> {
        names::repository_name(&self.project()?.name, self.parameter("repository_name"))
    }

    /// The tag or digest that the path names.
    ///
    /// # Errors
    /// 400 for what is neither.
    pub fn reference(&self) -> Result<Reference, ApiError> {
        names::reference(self.parameter("reference"))
    }

    /// The body as JSON, which must be there; `name` is Harbor's name of the parameter.
    ///
    /// # Errors
    /// See `body.rs`.
    pub async fn json<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, ApiError> {
        let bytes = self.read_body().await?;
        body::parse(name, &self.headers, &bytes)
    }

    /// The body as JSON, if there is one.
    ///
    /// # Errors
    /// See `body.rs`.
    pub async fn json_if_any<T: DeserializeOwned>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, ApiError> {
        let bytes = self.read_body().await?;
        body::parse_optional(name, &self.headers, &bytes)
    }

    /// Reads the whole body and leaves it to be read again.
    async fn read_body(&mut self) -> Result<Bytes, ApiError> {
        let unread = std::mem::take(self.body.get_mut().unwrap_or_else(PoisonError::into_inner));
        let bytes = body::read(unread).await?;
        self.body = Mutex::new(Body::from(bytes.clone()));
        Ok(bytes)
    }

    /// The wanted page, and the list's query: `q`, `sort`, `page`, `page_size`.
    ///
    /// # Errors
    /// 422 for a page out of bounds, 400 for a malformed `q`.
    pub fn list_query(&self) -> Result<(PageRequest, ListQuery), ApiError> {
        let page = self.query.page()?;
        let mut query =
            ListQuery::parse(self.query.text("q"), self.query.text("sort"), None, None)?;
        query.page = page.page;
        query.page_size = page.page_size;
        Ok((page, query))
    }

    /// Answers a list: one page, or everything in batches when the page size is zero or less, so that no list is held whole.
    ///
    /// `fetch` gives the items of a page and the number of all.
    ///
    /// # Errors
    /// Those of `fetch` for the first page; a later failure breaks the answer off.
    pub async fn listed<T, F, R>(
        &self,
        page: PageRequest,
        mut query: ListQuery,
        fetch: F,
    ) -> Result<Response, ApiError>
    where
        T: Serialize + Send + 'static,
        F: Fn(ListQuery) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(Vec<T>, i64), ApiError>> + Send + 'static,
    {
        if page.page_size > 0 {
            let (items, total) = fetch(query).await?;
            return Ok(self.with_page_headers(page, total, respond::json(&items)?));
        }
        query.page = 1;
        query.page_size = BATCH_SIZE;
        let (first, total) = fetch(query.clone()).await?;
        let batches = batches(first, total, query, fetch).boxed();
        Ok(self.with_page_headers(page, total, respond::stream(batches)))
    }

    /// Answers a list as [`Call::listed`] does, but everything by the ids that `ids` gives at the beginning: what is made or
    /// goes while the answer is sent neither repeats nor skips an item.
    ///
    /// # Errors
    /// Those of `ids` and of `fetch` for the first items; a later failure breaks the answer off.
    pub async fn listed_by_id<T, F, R>(
        &self,
        page: PageRequest,
        query: ListQuery,
        ids: BoxFuture<'_, Result<Vec<i64>, ApiError>>,
        fetch: F,
    ) -> Result<Response, ApiError>
    where
        T: Serialize + Send + 'static,
        F: Fn(ListQuery) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(Vec<T>, i64), ApiError>> + Send + 'static,
    {
        if page.page_size > 0 {
            return Box::pin(self.listed(page, query, fetch)).await;
        }
        let ids = ids.await?;
        let total = i64::try_from(ids.len()).unwrap_or(i64::MAX);
        let batches = Box::pin(picked(ids, query, fetch)).await?.boxed();
        Ok(self.with_page_headers(page, total, respond::stream(batches)))
    }

    /// Answers a whole list of the registry, as it comes from the database.
    pub fn streamed<T, U>(
        &self,
        page: PageRequest,
        list: Batches<T>,
        present: fn(T) -> U,
    ) -> Response
    where
        T: Send + 'static,
        U: Serialize + Send + 'static,
    {
        let batches = list.stream.map(move |batch| {
            let items: Vec<U> = batch?.into_iter().map(present).collect();
            Ok::<_, RegistryError>(items)
        });
        self.with_page_headers(page, list.total, respond::stream(batches.boxed()))
    }

    /// Adds the headers of a page.
    pub fn with_page_headers(
        &self,
        page: PageRequest,
        total: i64,
        mut response: Response,
    ) -> Response {
        let headers = paging::page_headers(&self.path, &self.query, page, total);
        response.headers_mut().extend(headers);
        response
    }

    /// `<path of this request>/<id>`: where most creations say that the new thing is.
    pub fn below(&self, id: impl std::fmt::Display) -> String {
        format!("{}/{id}", self.path.trim_end_matches('/'))
    }

    /// Where clients reach us, without a slash at the end: the setting, else as this request did.
    pub fn external_url(&self) -> Option<String> {
        let set = self.api.settings.external_url.clone();
        set.or_else(|| self.origin.as_ref()?.url())
    }
}

/// The pages of a list, one after the other: `first`, then what `fetch` gives until nothing comes.
fn batches<T, F, R>(
    first: Vec<T>,
    total: i64,
    query: ListQuery,
    fetch: F,
) -> impl Stream<Item = Result<Vec<T>, ApiError>> + Send
where
    T: Send + 'static,
    F: Fn(ListQuery) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(Vec<T>, i64), ApiError>> + Send + 'static,
{
    let last = total.div_euclid(BATCH_SIZE) + 1;
    let rest = stream::unfold((query, fetch), move |(mut query, fetch)| async move {
        query.page += 1;
        if query.page > last {
            return None;
        }
        match fetch(query.clone()).await {
            Ok((items, _)) if items.is_empty() => None,
            Ok((items, _)) => Some((Ok(items), (query, fetch))),
            Err(error) => {
                query.page = last;
                Some((Err(error), (query, fetch)))
            }
        }
    });
    stream::once(async { Ok(first) }).chain(rest)
}

/// The rows of a list whose ids are known, some hundred at a time; the first are read before the answer begins.
async fn picked<T, F, R>(
    ids: Vec<i64>,
    query: ListQuery,
    fetch: F,
) -> Result<impl Stream<Item = Result<Vec<T>, ApiError>> + Send, ApiError>
where
    T: Send + 'static,
    F: Fn(ListQuery) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(Vec<T>, i64), ApiError>> + Send + 'static,
{
    let batch = usize::try_from(BATCH_SIZE).unwrap_or(usize::MAX);
    let begin = ids.len().min(batch);
    let (first, _) = fetch(query.only(&ids[..begin])).await?;
    let state = (ids, begin, query, fetch);
    let rest = stream::try_unfold(state, move |(ids, begin, query, fetch)| async move {
        if begin == ids.len() {
            return Ok(None);
        }
        let end = ids.len().min(begin + batch);
        let (items, _) = fetch(query.only(&ids[begin..end])).await?;
        Ok(Some((items, (ids, end, query, fetch))))
    });
    Ok(stream::once(async { Ok(first) }).chain(rest))
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;

    use super::*;

    /// A list of the numbers below `total`, in pages.
    fn numbers(query: &ListQuery, total: i64) -> Vec<i64> {
        let first = (query.page - 1) * query.page_size;
        (first..total.min(first + query.page_size)).collect()
    }

    fn first_page() -> ListQuery {
        let mut query = ListQuery::default();
        query.page = 1;
        query.page_size = BATCH_SIZE;
        query
    }

    #[tokio::test]
    async fn batches_give_each_item_once() {
        for total in [0, 1, BATCH_SIZE, BATCH_SIZE + 1, 3 * BATCH_SIZE + 7] {
            let query = first_page();
            let first = numbers(&query, total);
            let fetch = move |query| async move { Ok((numbers(&query, total), total)) };
            let found: Vec<Vec<i64>> = batches(first, total, query, fetch)
                .try_collect()
                .await
                .unwrap();
            assert_eq!(found.concat(), (0..total).collect::<Vec<i64>>());
        }
    }

    #[tokio::test]
    async fn what_comes_and_goes_meanwhile_neither_repeats_nor_skips_an_item() {
        // Newest first; at each look the newest has gone and two newer ones have come.
        let rows = Arc::new(Mutex::new((0..1800_i64).rev().collect::<Vec<_>>()));
        let ids = rows.lock().unwrap().clone();
        let fetch = move |query: ListQuery| {
            let mut rows = rows.lock().unwrap();
            let wanted = query.ids().unwrap();
            let found: Vec<i64> = rows
                .iter()
                .filter(|row| wanted.contains(row))
                .copied()
                .collect();
            let newest = rows.remove(0);
            rows.splice(0..0, [newest + 20_000, newest + 10_000]);
            async move { Ok((found, 0)) }
        };
        let found: Vec<Vec<i64>> = picked(ids, ListQuery::default(), fetch)
            .await
            .unwrap()
            .try_collect()
            .await
            .unwrap();
        assert_eq!(found.len(), 4);
        assert_eq!(found.concat(), (0..1800).rev().collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_failure_ends_the_batches() {
        let query = first_page();
        let first = numbers(&query, 2000);
        let fetch = |_| async { Err(ApiError::unavailable("the database went away")) };
        let found: Vec<Result<Vec<i64>, ApiError>> =
            batches(first, 2000, query, fetch).collect().await;
        assert_eq!(found.len(), 2);
        assert!(found[1].is_err());
    }
}
