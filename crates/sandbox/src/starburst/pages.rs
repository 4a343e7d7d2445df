//! The pages of a query: which is next, and what stands on it.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::query::{Page, Phase, Progress, Query};
use super::state::QueryState;

/// A page that is not to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPage {
    /// Another went ahead: 410.
    Gone,
    /// Nobody was ever given that token: 404.
    NotFound,
}

fn millis(from: Instant, to: Instant) -> u64 {
    u64::try_from(to.saturating_duration_since(from).as_millis()).unwrap_or(u64::MAX)
}

/// Trino's `stats`.
pub(super) fn stats(query: &Query, progress: &Progress) -> Value {
    let now = progress.ended_at.map_or_else(Instant::now, |(at, _)| at);
    let queued_until = progress.dispatched_at.unwrap_or(now);
    let queued = !progress.dispatched;
    let done = progress.state.is_done() || progress.results.is_some();
    let splits = if queued { 0 } else { 4 };
    let completed = if done { splits } else { 0 };
    let at_work = millis(queued_until, now);
    json!({
        "state": progress.state.name(),
        "queued": queued,
        "scheduled": progress.state >= QueryState::Running,
        "progressPercentage": if done { 100.0 } else { 0.0 },
        "runningPercentage": if done || queued { 0.0 } else { 100.0 },
        "nodes": i32::from(!queued),
        "totalSplits": splits,
        "queuedSplits": 0,
        "runningSplits": splits - completed,
        "completedSplits": completed,
        "planningTimeMillis": 0,
        "analysisTimeMillis": 0,
        "cpuTimeMillis": at_work,
        "wallTimeMillis": at_work,
        "queuedTimeMillis": millis(query.created, queued_until),
        "elapsedTimeMillis": millis(query.created, now),
        "finishingTimeMillis": 0,
        "physicalInputTimeMillis": 0,
        "processedRows": progress.rows,
        "processedBytes": progress.bytes,
        "physicalInputBytes": progress.bytes,
        "physicalWrittenBytes": progress.bytes,
        "internalNetworkInputBytes": 0,
        "peakMemoryBytes": if queued { 0 } else { 1_048_576 },
        "spilledBytes": 0,
    })
}

fn page(query: &Query, progress: &Progress, next: Option<(Phase, u64)>) -> Page {
    let mut body = json!({
        "id": query.id.as_ref(),
        "stats": stats(query, progress),
        "warnings": [],
    });
    if let Some(error) = &progress.error {
        body["error"] = error.page();
    }
    Page { body, next }
}

/// The answer to the POST.
pub(super) fn registered(query: &Query) -> Page {
    page(query, &query.progress.borrow(), Some((Phase::Queued, 1)))
}

/// Whether a queued token is one of the two that may be asked for now.
pub(super) fn check_queued(progress: &Progress, token: u64) -> Result<(), NoPage> {
    if token < progress.queued_token {
        return Err(NoPage::Gone);
    }
    if token > progress.queued_token + 1 {
        return Err(NoPage::NotFound);
    }
    Ok(())
}

/// Whether a queued GET need not wait any longer.
pub(super) fn queued_is_ready(progress: &Progress) -> bool {
    progress.dispatched || progress.state.is_done()
}

/// The answer to a queued token.
pub(super) fn queued(
    query: &Query,
    progress: &mut Progress,
    token: u64,
) -> Result<Arc<Page>, NoPage> {
    check_queued(progress, token)?;
    progress.queued_token = token;
    let next = if progress.dispatched {
        Some((Phase::Executing, 0))
    } else if progress.state.is_done() {
        None
    } else {
        Some((Phase::Queued, token + 1))
    };
    let mut page = page(query, progress, next);
    // A failure after the hand-over is told on the executing page.
    if next.is_some()
        && let Some(body) = page.body.as_object_mut()
    {
        body.remove("error");
    }
    Ok(Arc::new(page))
}

/// The page of that token if it was handed out before; else whether it is the next.
pub(super) fn check_executing(
    progress: &Progress,
    token: u64,
) -> Result<Option<Arc<Page>>, NoPage> {
    if !progress.dispatched {
        return Err(NoPage::NotFound);
    }
    let Some((last, page)) = &progress.last_page else {
        return if token == 0 {
            Ok(None)
        } else {
            Err(NoPage::NotFound)
        };
    };
    if token == *last {
        return Ok(Some(Arc::clone(page)));
    }
    if token < *last {
        return Err(NoPage::Gone);
    }
    match page.next {
        Some((_, next)) if next == token => Ok(None),
        _ => Err(NoPage::NotFound),
    }
}

/// Whether an executing GET need not wait any longer.
pub(super) fn executing_is_ready(progress: &Progress) -> bool {
    progress.results.is_some() || progress.state >= QueryState::Finishing
}

/// The answer to an executing token. Turns the query towards its end: the page
/// that takes the last rows makes it FINISHING, the one after that FINISHED.
pub(super) fn executing(
    query: &Query,
    progress: &mut Progress,
    token: u64,
    page_rows: usize,
) -> Result<Arc<Page>, NoPage> {
    if let Some(page) = check_executing(progress, token)? {
        return Ok(page);
    }
    let next = Some((Phase::Executing, token + 1));
    let page = match progress.state {
        QueryState::Failed => page(query, progress, None),
        QueryState::Finished => {
            let more = progress.finished_pages > 0;
            progress.finished_pages = progress.finished_pages.saturating_sub(1);
            page(query, progress, if more { next } else { None })
        }
        QueryState::Finishing => {
            let page = page(query, progress, next);
            progress.state = QueryState::Finished;
            page
        }
        QueryState::Queued
        | QueryState::WaitingForResources
        | QueryState::Dispatching
        | QueryState::Planning
        | QueryState::Starting
        | QueryState::Running => match progress.results.take() {
            None => page(query, progress, next),
            Some(mut results) => {
                let rows: Vec<Value> = results.rows.by_ref().take(page_rows.max(1)).collect();
                let mut page = page(query, progress, next);
                page.body["columns"] = results.columns.clone();
                if !rows.is_empty() {
                    page.body["data"] = Value::Array(rows);
                }
                if let Some(kind) = results.update_type {
                    page.body["updateType"] = Value::from(kind);
                }
                if results.rows.len() > 0 {
                    progress.results = Some(results);
                } else {
                    progress.state = QueryState::Finishing;
                }
                page
            }
        },
    };
    let page = Arc::new(page);
    progress.last_page = Some((token, Arc::clone(&page)));
    Ok(page)
}
