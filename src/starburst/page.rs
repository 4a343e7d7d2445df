use export_api::{NextUri, QueryStats};
use serde::de::DeserializeOwned;

use super::{
    FunctionName,
    transport::Answer,
    verdict::{is_html, own_words},
    wire::{Presence, Results, Stats},
};
use crate::ports::{Page, Phase, QueryError, QueryState, StarburstError};

/// A query that waited this long, in milliseconds, waits for its resource group
/// and not for the hand-over: each GET is held for up to a second.
const WAITS_FOR_ITS_TURN: u64 = 500;
/// A query that runs no longer than this, in milliseconds, may well be over in a moment.
const JUST_BEGUN: u64 = 2_000;

/// Reads the body of a 200.
pub(super) fn parse<T: DeserializeOwned>(answer: &Answer) -> Result<T, StarburstError> {
    let status = answer.status.as_u16();
    let unreadable = |problem| StarburstError::Unreadable { status, problem };
    let body = answer
        .body
        .as_ref()
        .map_err(|problem| unreadable(problem.clone()))?;
    if body.trim_ascii().is_empty() {
        return Err(unreadable("it is empty".to_owned()));
    }
    if is_html(body) {
        return Err(unreadable(format!(
            "it is {}; check STARBURST_URL and what stands before it",
            own_words(body)
        )));
    }
    // The parser's own words may repeat what it read, and so a nextUri.
    serde_json::from_slice(body).map_err(|error| {
        unreadable(if error.is_eof() {
            format!("it breaks off after {} bytes", body.len())
        } else {
            let (line, column) = (error.line(), error.column());
            format!("it is not the json of a coordinator (line {line}, column {column})")
        })
    })
}

/// What a page says.
pub(super) fn read(results: Results<Presence>, function: &FunctionName) -> Page {
    let stats = results.stats.unwrap_or_default();
    Page {
        phase: phase(&stats, results.next_uri.as_deref()),
        state: QueryState::parse(stats.state.as_deref().unwrap_or_default()),
        next_uri: results.next_uri.map(NextUri::new),
        has_data: results.data.is_some_and(|data| data.0),
        error: results
            .error
            .map(|error| QueryError::from(error).advise_on_unload(function.as_str())),
        stats: QueryStats::from(&stats),
    }
}

/// How far a query is. The address of its next page counts as well as the
/// state: a query does not move on before its first executing page was fetched.
pub(super) fn phase(stats: &Stats, next_uri: Option<&str>) -> Phase {
    let address = Address::of(next_uri.unwrap_or_default());
    match stats.state.as_deref().unwrap_or_default() {
        // FAILED beside a nextUri: the error comes on the next page.
        "FINISHING" | "FINISHED" | "FAILED" => Phase::Draining,
        "QUEUED" => match (address, stats.queued_time_millis) {
            (Address::FirstExecuting | Address::Executing, _) => Phase::HandOver,
            (_, Some(waited)) if waited < WAITS_FOR_ITS_TURN => Phase::HandOver,
            (_, None) if !stats.queued => Phase::HandOver,
            (_, Some(_) | None) => Phase::Waiting,
        },
        "WAITING_FOR_RESOURCES" | "DISPATCHING" | "PLANNING" => Phase::HandOver,
        // STARTING, RUNNING, and states there are none of today.
        _ => match address {
            Address::Queued | Address::FirstExecuting => Phase::HandOver,
            Address::Executing | Address::Opaque if has_just_begun(stats) => Phase::HandOver,
            Address::Executing | Address::Opaque => Phase::Running,
        },
    }
}

fn has_just_begun(stats: &Stats) -> bool {
    let queued = stats.queued_time_millis.unwrap_or_default();
    stats
        .elapsed_time_millis
        .is_some_and(|elapsed| elapsed.saturating_sub(queued) < JUST_BEGUN)
}

/// What an address says of where a query is. Others than the two known kinds
/// (a result cache, say) say nothing.
enum Address {
    Queued,
    FirstExecuting,
    Executing,
    Opaque,
}

impl Address {
    fn of(uri: &str) -> Self {
        let path = uri.split(['?', '#']).next().unwrap_or_default();
        if path.contains("/v1/statement/queued/") {
            Self::Queued
        } else if path.contains("/v1/statement/executing/") {
            if path.ends_with("/0") {
                Self::FirstExecuting
            } else {
                Self::Executing
            }
        } else {
            Self::Opaque
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUED: &str = "http://s/v1/statement/queued/q/slug/2";
    const FIRST: &str = "http://s/v1/statement/executing/q/slug/0";
    const LATER: &str = "http://s/v1/statement/executing/q/slug/7";
    const OPAQUE: &str = "http://s/v1/cached/q/slug/0";

    fn phase_of(stats: serde_json::Value, next_uri: &str) -> Phase {
        phase(&serde_json::from_value(stats).unwrap(), Some(next_uri))
    }

    #[test]
    fn state_and_address_together_say_how_far_a_query_is() {
        use Phase::{Draining, HandOver, Running, Waiting};
        use serde_json::json;
        let long = 60_000;
        for (stats, next_uri, phase) in [
            (
                json!({"state": "QUEUED", "queued": true, "queuedTimeMillis": 3}),
                QUEUED,
                HandOver,
            ),
            (
                json!({"state": "QUEUED", "queued": true, "queuedTimeMillis": 1002}),
                QUEUED,
                Waiting,
            ),
            (
                json!({"state": "QUEUED", "queued": true, "queuedTimeMillis": long}),
                QUEUED,
                Waiting,
            ),
            (json!({"state": "QUEUED", "queued": true}), QUEUED, Waiting),
            (json!({"state": "QUEUED"}), QUEUED, HandOver),
            (
                json!({"state": "QUEUED", "queued": true, "queuedTimeMillis": long}),
                FIRST,
                HandOver,
            ),
            (json!({"state": "WAITING_FOR_RESOURCES"}), QUEUED, HandOver),
            (json!({"state": "DISPATCHING"}), LATER, HandOver),
            (
                json!({"state": "PLANNING", "elapsedTimeMillis": long}),
                LATER,
                HandOver,
            ),
            (
                json!({"state": "RUNNING", "elapsedTimeMillis": long}),
                QUEUED,
                HandOver,
            ),
            (
                json!({"state": "RUNNING", "elapsedTimeMillis": long}),
                FIRST,
                HandOver,
            ),
            (
                json!({"state": "RUNNING", "elapsedTimeMillis": 1100}),
                LATER,
                HandOver,
            ),
            (
                json!({"state": "RUNNING", "elapsedTimeMillis": long, "queuedTimeMillis": long - 9}),
                LATER,
                HandOver,
            ),
            (
                json!({"state": "RUNNING", "elapsedTimeMillis": long}),
                LATER,
                Running,
            ),
            (json!({"state": "RUNNING"}), LATER, Running),
            (json!({"state": "STARTING"}), OPAQUE, Running),
            (
                json!({"state": "A_NEW_ONE", "elapsedTimeMillis": long}),
                LATER,
                Running,
            ),
            (json!({}), OPAQUE, Running),
            (json!({"state": "FINISHING"}), LATER, Draining),
            (json!({"state": "FINISHED"}), OPAQUE, Draining),
            (json!({"state": "FAILED"}), LATER, Draining),
        ] {
            assert_eq!(
                phase_of(stats.clone(), next_uri),
                phase,
                "{stats} {next_uri}"
            );
        }
    }
}
