//! Finding and ending a query by its id, where its nextUri is lost.
//!
//! `/v1/query/{id}` tells and cancels; where a gateway or access control hides
//! it, SQL does: `system.runtime.queries` and `system.runtime.kill_query`.

use std::time::Duration;

use export_api::NextUri;
use http::StatusCode;
use serde_json::Value;
use tokio::time::timeout;

use super::{
    StarburstClient, page,
    transport::{Answer, Call},
    unload::Literal,
    verdict::{self, Asked},
    wire::QueryInfo,
};
use crate::ports::{ErrorKind, Fate, QueryError, QueryId, Starburst, StarburstError, Statement};

/// How long SQL about a query may take.
const LONGEST_ANSWER: Duration = Duration::from_secs(60);

impl StarburstClient {
    pub(super) async fn look_up_query(&self, query: &QueryId) -> Result<Fate, StarburstError> {
        let seen = self
            .settings
            .follow_retry
            .run(&self.shutdown, || self.query_info(query))
            .await?;
        match seen {
            Some(fate) => Ok(fate),
            None => self.fate_by_sql(query).await,
        }
    }

    /// `None`: the endpoint is hidden from us.
    async fn query_info(&self, query: &QueryId) -> Result<Option<Fate>, StarburstError> {
        let url = self.transport.endpoint.query_info(query);
        let answer = self.transport.send(Call::get(url)).await?;
        if answer.status == StatusCode::GONE {
            return Ok(Some(Fate::Unknown));
        }
        if is_hidden(&answer) {
            return Ok(None);
        }
        if answer.status != StatusCode::OK {
            return Err(self.verdict(&answer, Asked::Query));
        }
        let info: QueryInfo = page::parse(&answer)?;
        Ok(Some(match fate(&info.state) {
            Some(fate) => fate,
            None => Fate::Failed(self.advised(info.into())),
        }))
    }

    async fn fate_by_sql(&self, query: &QueryId) -> Result<Fate, StarburstError> {
        let sql = format!(
            "SELECT state, error_code FROM system.runtime.queries WHERE query_id = {}",
            Literal(query.as_str())
        );
        let rows = self
            .ask_beside(query, sql)
            .await
            .map_err(|error| about_the_look_up(error, query))?;
        let Some(row) = rows.first() else {
            return Ok(Fate::Unknown);
        };
        let state = row.first().and_then(Value::as_str).unwrap_or_default();
        Ok(fate(state).unwrap_or_else(|| Fate::Failed(by_code(row.get(1)))))
    }

    pub(super) async fn cancel_query(
        &self,
        query: &QueryId,
        next_uri: Option<&NextUri>,
    ) -> Result<(), StarburstError> {
        // An address we do not go to cannot be asked; the id can.
        let page = next_uri
            .and_then(|next_uri| self.transport.endpoint.admit(next_uri.expose(), None).ok());
        if let Some(url) = page {
            let answer = self.transport.send(Call::delete(url)).await?;
            if !is_gone(&answer) && !is_hidden(&answer) {
                return self.taken(&answer, Asked::Page);
            }
        }
        let url = self.transport.endpoint.query(query);
        let answer = self.transport.send(Call::delete(url)).await?;
        if is_hidden(&answer) {
            return self.kill_by_sql(query).await;
        }
        // 410: it is forgotten. 409: it is over.
        if is_gone(&answer) || answer.status == StatusCode::CONFLICT {
            return Ok(());
        }
        self.taken(&answer, Asked::Query)
    }

    fn taken(&self, answer: &Answer, asked: Asked) -> Result<(), StarburstError> {
        if answer.status.is_success() {
            Ok(())
        } else {
            Err(self.verdict(answer, asked))
        }
    }

    /// Runs SQL about a query. It may queue behind the very queries it is about,
    /// so it is not waited for without end.
    async fn ask_beside(
        &self,
        query: &QueryId,
        sql: String,
    ) -> Result<Vec<Vec<Value>>, StarburstError> {
        let statement = beside(query, sql);
        timeout(LONGEST_ANSWER, self.run(&statement))
            .await
            .unwrap_or_else(|_| {
                Err(StarburstError::ServerError {
                    status: 200,
                    message: format!("seeing about query {query}: no answer in time"),
                })
            })
    }

    async fn kill_by_sql(&self, query: &QueryId) -> Result<(), StarburstError> {
        let sql = format!(
            "CALL system.runtime.kill_query(query_id => {}, message => 'cancelled by export-worker')",
            Literal(query.as_str())
        );
        match self.ask_beside(query, sql).await {
            Ok(_) => Ok(()),
            Err(StarburstError::Query(error)) if is_over(&error) => Ok(()),
            Err(error) => Err(about_the_look_up(error, query)),
        }
    }
}

fn beside(query: &QueryId, sql: String) -> Statement {
    Statement {
        sql,
        catalog: None,
        role: None,
        trace_token: format!("about-{query}"),
    }
}

/// The words of `kill_query` for a query that it does not know or that has ended.
fn is_over(error: &QueryError) -> bool {
    error.name == "NOT_FOUND"
        || error.name == "NOT_SUPPORTED" && error.message.contains("is not running")
}

/// The error of asking about a query must not pass for that query's own.
fn about_the_look_up(error: StarburstError, query: &QueryId) -> StarburstError {
    let StarburstError::Query(error) = error else {
        return error;
    };
    match error.remedy().kind() {
        ErrorKind::Permanent => StarburstError::Refused {
            status: 200,
            message: format!(
                "neither /v1/query nor system.runtime may be used to see about query {query}: {error}; grant the user one of them"
            ),
        },
        ErrorKind::Transient | ErrorKind::LeaseLost | ErrorKind::Interrupted => {
            StarburstError::ServerError {
                status: 200,
                message: format!("seeing about query {query}: {error}"),
            }
        }
    }
}

fn is_gone(answer: &Answer) -> bool {
    answer.status == StatusCode::GONE
}

/// Whether somebody other than the coordinator's own endpoint answered, or one
/// we may not use. The coordinator itself says 410 of a query it does not know.
fn is_hidden(answer: &Answer) -> bool {
    match answer.status.as_u16() {
        300..=399 | 403 | 404 | 405 => true,
        200..=299 => answer
            .body
            .as_ref()
            .is_ok_and(|body| verdict::is_html(body)),
        _ => false,
    }
}

/// `None`: it failed, and there is an error to be told.
fn fate(state: &str) -> Option<Fate> {
    match state {
        "FAILED" => None,
        "FINISHED" => Some(Fate::Finished),
        "FINISHING" => Some(Fate::Finishing),
        // QUEUED to RUNNING, and states there are none of today: it is not over.
        _ => Some(Fate::Running),
    }
}

/// `error_code` of `system.runtime.queries`: the error's name.
fn by_code(code: Option<&Value>) -> QueryError {
    let (name, number) = match code {
        Some(Value::String(name)) => (name.as_str(), 0),
        Some(Value::Number(number)) => ("UNKNOWN", number.as_i64().unwrap_or_default()),
        _ => ("UNKNOWN", 0),
    };
    QueryError {
        name: name.to_owned(),
        error_type: "UNKNOWN".to_owned(),
        code: number,
        message: "looked up by its id, there is no more to say".to_owned(),
        location: None,
    }
}
