//! The simulated coordinator: tokens, replay, 410, 404, abandonment, cancellation.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use export_api::{NextUri, QueryStats};
use export_worker::ports::{
    Fate, Page, Phase, QueryError, QueryId, Registered, Starburst, StarburstError, Statement,
};
use tokio::time::sleep;

use super::{
    Replica,
    state::{Query, QueryState, State},
};

/// A query that runs no longer than this is followed at once, as the client says of a page.
const JUST_BEGUN: TimeDelta = TimeDelta::seconds(2);

fn lost() -> StarburstError {
    StarburstError::Unreachable {
        origin: "http://simulated".to_owned(),
        cause: "lost".to_owned(),
    }
}

fn query_error(name: &str) -> QueryError {
    let error_type = match name {
        "USER_CANCELED" | "ABANDONED_QUERY" | "SYNTAX_ERROR" => "USER_ERROR",
        "CLUSTER_OUT_OF_MEMORY" | "EXCEEDED_TIME_LIMIT" => "INSUFFICIENT_RESOURCES",
        _ => "INTERNAL_ERROR",
    };
    QueryError {
        name: name.to_owned(),
        error_type: error_type.to_owned(),
        code: 1,
        message: "simulated".to_owned(),
        location: None,
    }
}

fn uri(id: &str, token: u32) -> NextUri {
    NextUri::new(format!("http://simulated/{id}/{token}"))
}

fn register(state: &mut State, now: DateTime<Utc>, statement: &Statement) -> Registered {
    let number = state.queries.len() + 1;
    let id = format!("20261122_000000_{number:05}_aaaaa");
    let location = statement
        .sql
        .split("location => 'gs://")
        .nth(1)
        .and_then(|rest| rest.split('\'').next())
        .expect("an unload names its location")
        .to_owned();
    state.queries.push(Query {
        id: id.clone(),
        location,
        rows: 1000,
        state: QueryState::Registered,
        started: None,
        last_call: now,
        served: None,
    });
    Registered {
        next_uri: uri(&id, 0),
        query_id: QueryId::new(id),
    }
}

fn follow(
    state: &mut State,
    now: DateTime<Utc>,
    next_uri: &NextUri,
) -> Result<Page, StarburstError> {
    let mut parts = next_uri.expose().rsplit('/');
    let token: u32 = parts.next().unwrap().parse().unwrap();
    let id = parts.next().unwrap();
    let index = state
        .queries
        .iter()
        .position(|query| query.id == id)
        .ok_or(StarburstError::NotFound)?;
    match state.queries[index].served {
        Some(served) if token < served => return Err(StarburstError::Gone),
        Some(served) if token > served + 1 => return Err(StarburstError::NotFound),
        None if token > 0 => return Err(StarburstError::NotFound),
        _ => {}
    }
    if state.queries[index].state == QueryState::Registered {
        state.start(index, now);
    }
    let query = &mut state.queries[index];
    query.last_call = now;
    query.served = Some(token);
    let page = |next: Option<u32>, phase, error| Page {
        next_uri: next.map(|token| uri(id, token)),
        phase,
        state: export_worker::ports::QueryState::Unknown,
        has_data: false,
        error,
        stats: QueryStats::default(),
    };
    Ok(match &query.state {
        QueryState::Registered | QueryState::Running if token == 0 => {
            page(Some(1), Phase::HandOver, None)
        }
        QueryState::Registered | QueryState::Running => {
            let has_just_begun = query.started.is_some_and(|at| now - at < JUST_BEGUN);
            let phase = if has_just_begun {
                Phase::HandOver
            } else {
                Phase::Running
            };
            page(Some(token + 1), phase, None)
        }
        QueryState::Finished if token.is_multiple_of(3) => page(None, Phase::Draining, None),
        QueryState::Finished => page(Some(token + 1), Phase::Draining, None),
        QueryState::Failed(name) => page(None, Phase::Draining, Some(query_error(name))),
    })
}

fn fate(state: &State, id: &QueryId) -> Fate {
    match state.queries.iter().find(|query| query.id == id.as_str()) {
        None => Fate::Unknown,
        Some(query) => match &query.state {
            // Never started, never seen.
            QueryState::Registered => Fate::Unknown,
            QueryState::Running => Fate::Running,
            QueryState::Finished => Fate::Finished,
            QueryState::Failed(name) => Fate::Failed(query_error(name)),
        },
    }
}

#[async_trait]
impl Starburst for Replica {
    async fn register(&self, statement: &Statement) -> Result<Registered, StarburstError> {
        self.call(
            "register",
            |state, now| Ok(register(state, now, statement)),
            lost,
        )
        .await
    }

    async fn follow(&self, next_uri: &NextUri) -> Result<Page, StarburstError> {
        let page = self
            .call("follow", |state, now| follow(state, now, next_uri), lost)
            .await?;
        if matches!(page.phase, Phase::HandOver | Phase::Running) {
            // The long poll.
            sleep(Duration::from_secs(1)).await;
        }
        Ok(page)
    }

    async fn cancel(&self, query: &QueryId, _: Option<&NextUri>) -> Result<(), StarburstError> {
        let cancel = |state: &mut State, now| {
            state.cancel(query.as_str(), now);
            Ok(())
        };
        self.call("cancel", cancel, lost).await
    }

    async fn look_up(&self, query: &QueryId) -> Result<Fate, StarburstError> {
        self.call("look up", |state, _| Ok(fate(state, query)), lost)
            .await
    }

    async fn run(&self, _: &Statement) -> Result<Vec<Vec<serde_json::Value>>, StarburstError> {
        Ok(Vec::new())
    }
}
