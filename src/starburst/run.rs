use std::time::Duration;

use serde_json::Value;

use super::{StarburstClient, page, wire::Results};
use crate::ports::{Phase, Starburst, StarburstError, Statement};

/// The most rows a statement may answer with.
const MOST_ROWS: usize = 10_000;
/// Between two pages of a query that waits or runs. The coordinator holds each
/// GET for about a second as it is; this is for those that do not.
const PAUSE: Duration = Duration::from_millis(100);

impl StarburstClient {
    /// Runs a statement and keeps its rows. As long as the statement takes:
    /// whoever cannot wait puts a time-out around it.
    pub(super) async fn run_to_the_end(
        &self,
        statement: &Statement,
    ) -> Result<Vec<Vec<Value>>, StarburstError> {
        let registered = self.register(statement).await?;
        let mut next = Some(registered.next_uri);
        let mut rows = Vec::new();
        while let Some(next_uri) = next {
            let results: Results<Vec<Vec<Value>>> = self
                .settings
                .follow_retry
                .run(&self.shutdown, || self.page_once(&next_uri))
                .await?;
            if let Some(error) = results.error {
                return Err(StarburstError::Query(self.advised(error.into())));
            }
            let stats = results.stats.unwrap_or_default();
            let phase = page::phase(&stats, results.next_uri.as_deref());
            next = results.next_uri.map(export_api::NextUri::new);
            let data = results.data.unwrap_or_default();
            let is_idle = data.is_empty() && matches!(phase, Phase::Waiting | Phase::Running);
            rows.extend(data);
            if rows.len() > MOST_ROWS {
                // It writes nothing, so nothing is lost; unread it would stay open for minutes.
                let _ = self.cancel(&registered.query_id, next.as_ref()).await;
                return Err(StarburstError::TooManyRows { limit: MOST_ROWS });
            }
            if is_idle && next.is_some() {
                tokio::select! {
                    () = self.shutdown.cancelled() => return Err(StarburstError::Interrupted),
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
        }
        Ok(rows)
    }
}
