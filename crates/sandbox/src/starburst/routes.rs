//! The endpoints of the statement protocol.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::coordinator::Coordinator;
use super::error::QueryError;
use super::pages::{self, NoPage};
use super::query::{Page, Phase, Progress, Query};
use super::record::count;
use super::session::{Refusal, Session, authenticate, base_url};

/// Bytes of a statement, at most; longer ones than Trino takes must still arrive,
/// to be refused as Trino does.
const MAX_BODY: usize = 16 << 20;

type App = State<Arc<Coordinator>>;
type TokenPath = Path<(String, String, u64)>;

pub(super) fn router(coordinator: Arc<Coordinator>) -> Router {
    Router::new()
        .route("/v1/statement", post(register))
        .route(
            "/v1/statement/queued/{id}/{slug}/{token}",
            get(queued).delete(cancel_queued),
        )
        .route(
            "/v1/statement/executing/{id}/{slug}/{token}",
            get(executing).head(heartbeat).delete(cancel_executing),
        )
        .route("/v1/query/{id}", get(look_up).delete(kill))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(coordinator)
}

/// Why there is no page: with Trino's texts.
impl IntoResponse for NoPage {
    fn into_response(self) -> Response {
        match self {
            Self::Gone => (StatusCode::GONE, "Invalid token").into_response(),
            Self::NotFound => (StatusCode::NOT_FOUND, "Query not found").into_response(),
        }
    }
}

impl From<NoPage> for Response {
    fn from(no_page: NoPage) -> Self {
        no_page.into_response()
    }
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        refusal.into_response()
    }
}

fn answer(base: &str, query: &Query, page: &Page) -> Response {
    let mut body = page.body.clone();
    body["infoUri"] = Value::from(format!("{base}/ui/query.html?{}", query.id));
    if let Some(next) = page.next {
        body["nextUri"] = Value::from(format!("{base}{}", query.path(next)));
        if next.0 == Phase::Executing {
            let partial = format!("{base}/v1/statement/executing/partialCancel/{}", query.id);
            body["partialCancelUri"] = Value::from(partial);
        }
    }
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, body.to_string()).into_response()
}

async fn register(State(app): App, headers: HeaderMap, body: Bytes) -> Result<Response, Response> {
    count(&app.counters.statements);
    let base = base_url(&app.config, &headers)?;
    let session = Session::from_headers(&app.config, &headers)?;
    let bad = |message| Refusal::new(StatusCode::BAD_REQUEST, message);
    let sql = String::from_utf8(body.into()).map_err(|_| bad("SQL query is no UTF-8"))?;
    if sql.trim().is_empty() {
        return Err(bad("SQL query is empty").into());
    }
    let query = app.register(sql, session);
    Ok(answer(&base, &query, &pages::registered(&query)))
}

/// The query a nextUri belongs to, if its slug is right.
fn query_of(app: &Coordinator, phase: Phase, path: &TokenPath) -> Result<Arc<Query>, NoPage> {
    let Path((id, slug, token)) = path;
    app.find(id)
        .filter(|query| query.slug(phase, *token) == *slug)
        .ok_or(NoPage::NotFound)
}

/// Waits until something is new, or until it is time to answer anyway.
async fn wait(app: &Coordinator, query: &Query, ready: impl Fn(&Progress) -> bool) {
    let mut progress = query.progress.subscribe();
    let ready = progress.wait_for(|progress| ready(progress));
    let _ = tokio::time::timeout(app.config.page_wait, ready).await;
}

async fn queued(
    State(app): App,
    method: Method,
    path: TokenPath,
    headers: HeaderMap,
) -> Result<Response, Response> {
    count(if method == Method::HEAD {
        &app.counters.heartbeats
    } else {
        &app.counters.queued
    });
    let base = base_url(&app.config, &headers)?;
    let query = query_of(&app, Phase::Queued, &path)?;
    let token = path.2;
    pages::check_queued(&query.progress.borrow(), token)?;
    query.touch();
    if !query.progress.borrow().started {
        // A HEAD comes here too: it starts the query as a GET does.
        app.change(&query, |progress| progress.started = true);
    }
    wait(&app, &query, pages::queued_is_ready).await;
    query.touch();
    let page = app.change(&query, |progress| pages::queued(&query, progress, token))?;
    Ok(answer(&base, &query, &page))
}

async fn executing(
    State(app): App,
    path: TokenPath,
    headers: HeaderMap,
) -> Result<Response, Response> {
    count(&app.counters.executing);
    let base = base_url(&app.config, &headers)?;
    let query = query_of(&app, Phase::Executing, &path)?;
    let token = path.2;
    query.touch();
    let replay = pages::check_executing(&query.progress.borrow(), token)?;
    if let Some(page) = replay {
        return Ok(answer(&base, &query, &page));
    }
    let overtaken =
        |progress: &Progress| !matches!(pages::check_executing(progress, token), Ok(None));
    wait(&app, &query, |progress| {
        pages::executing_is_ready(progress) || overtaken(progress)
    })
    .await;
    query.touch();
    let rows = app.config.page_rows;
    let page = app.change(&query, |progress| {
        pages::executing(&query, progress, token, rows)
    })?;
    Ok(answer(&base, &query, &page))
}

async fn heartbeat(State(app): App, path: TokenPath) -> Result<StatusCode, NoPage> {
    count(&app.counters.heartbeats);
    let query = query_of(&app, Phase::Executing, &path)?;
    if query.progress.borrow().last_page.is_none() {
        return Err(NoPage::NotFound);
    }
    query.touch();
    Ok(StatusCode::OK)
}

fn cancelled() -> QueryError {
    QueryError::new("USER_CANCELED", "Query was canceled")
}

fn cancel(app: &Coordinator, phase: Phase, path: &TokenPath) -> Result<StatusCode, NoPage> {
    count(&app.counters.cancels);
    let query = query_of(app, phase, path)?;
    app.fail(&query, cancelled());
    Ok(StatusCode::NO_CONTENT)
}

async fn cancel_queued(State(app): App, path: TokenPath) -> Result<StatusCode, NoPage> {
    cancel(&app, Phase::Queued, &path)
}

async fn cancel_executing(State(app): App, path: TokenPath) -> Result<StatusCode, NoPage> {
    cancel(&app, Phase::Executing, &path)
}

async fn kill(
    State(app): App,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Response> {
    count(&app.counters.kills);
    authenticate(&app.config, &headers)?;
    if let Some(query) = app.find_started(&id) {
        app.fail(&query, cancelled());
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn look_up(
    State(app): App,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Response> {
    count(&app.counters.lookups);
    authenticate(&app.config, &headers)?;
    let base = base_url(&app.config, &headers)?;
    let Some(query) = app.find_started(&id) else {
        return Err(StatusCode::GONE.into_response());
    };
    let progress = query.progress.borrow();
    let time = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339();
    let mut info = json!({
        "queryId": query.id.as_ref(),
        "session": {
            "queryId": query.id.as_ref(),
            "user": query.session.user,
            "source": query.session.source,
            "catalog": query.session.catalog,
            "schema": query.session.schema,
            "clientTags": query.session.client_tags,
            "traceToken": query.session.trace_token,
        },
        "state": progress.state.name(),
        "self": format!("{base}/v1/query/{}", query.id),
        "query": query.sql.as_ref(),
        "queryStats": {
            "createTime": time(query.created_at),
            "endTime": progress.ended_at.map(|(_, at)| time(at)),
            "processedInputPositions": progress.rows,
            "physicalWrittenDataSize": format!("{}B", progress.bytes),
        },
        "finalQueryInfo": progress.state.is_done(),
    });
    if let Some(error) = &progress.error {
        info["errorType"] = Value::from(error.code().1);
        info["errorCode"] = error.error_code();
        info["failureInfo"] = error.failure_info();
    }
    drop(progress);
    let kind = [(header::CONTENT_TYPE, "application/json")];
    Ok((kind, info.to_string()).into_response())
}
