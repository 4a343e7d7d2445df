use std::time::Duration;

use export_api::NextUri;
use tokio::time::{Instant, sleep};

use super::{Verdict, statement};
use crate::ports::{Phase, QueryError, Remedy, Starburst, StarburstError};

/// Needs a worker node: a coordinator that just started answers `SELECT 1` without one.
const OF_TPCH: &str = "SELECT count(*) FROM tpch.tiny.region";
/// The same for clusters without the catalog `tpch`. What is random is not
/// computed while planning, so a node must be found for it.
const OF_NO_CATALOG: &str =
    "SELECT count(*) FROM UNNEST(sequence(1, 100)) AS t (n) WHERE random() < 2";

/// A count that waits in its resource group for so long is taken back. The
/// cluster is there and busy; running exports must be polled all the same.
const TURN: Duration = Duration::from_secs(5);
/// A count of five rows that takes longer than this does not end.
const LONGEST: Duration = Duration::from_secs(60);
/// Between two pages where nothing is new; coordinators hold each for about a second besides.
const PAUSE: Duration = Duration::from_millis(20);

/// How a count went.
enum Count {
    Answered,
    WithoutARow,
    Waits,
    Hangs,
}

/// Runs a query that needs a worker node. A cluster that is full passes: it is
/// there, takes our credentials, and whoever holds its queries must go on polling.
pub async fn starburst(port: &dyn Starburst) -> Verdict {
    let mut answer = count(port, OF_TPCH).await;
    if let Err(StarburstError::Query(error)) = &answer
        && is_missing_or_hidden(error)
    {
        answer = count(port, OF_NO_CATALOG).await;
    }
    match answer {
        Ok(Count::Answered) => {
            Ok("takes our credentials, and a worker node ran a query".to_owned())
        }
        Ok(Count::Waits) => Ok(
            "takes our credentials, and has queries waiting: one of ours did not get its turn"
                .to_owned(),
        ),
        Ok(Count::WithoutARow) => Err(
            "a count came back without a row; is STARBURST_URL a Starburst coordinator".to_owned(),
        ),
        Ok(Count::Hangs) => Err(format!(
            "takes our credentials, but a count of a few rows did not end within {} s; does the cluster have worker nodes",
            LONGEST.as_secs()
        )),
        Err(StarburstError::Query(error)) if is_full(&error) => {
            Ok(format!("takes our credentials, but is full: {error}"))
        }
        Err(error) => Err(error.to_string()),
    }
}

async fn count(port: &dyn Starburst, sql: &str) -> Result<Count, StarburstError> {
    let registered = port.register(&statement(sql.to_owned())).await?;
    let mut at = registered.next_uri;
    let counted = follow(port, &mut at).await;
    let is_over = matches!(
        counted,
        Ok(Count::Answered | Count::WithoutARow) | Err(StarburstError::Query(_))
    );
    if !is_over {
        // It writes nothing, so nothing is lost; left alone it would stay for minutes,
        // and whoever asks again and again would fill its resource group.
        let _ = port.cancel(&registered.query_id, Some(&at)).await;
    }
    counted
}

/// Follows a count from `at` on, which is where it was last; gives up on one that lasts.
async fn follow(port: &dyn Starburst, at: &mut NextUri) -> Result<Count, StarburstError> {
    let begun = Instant::now();
    let mut has_rows = false;
    loop {
        let page = port.follow(at).await?;
        let at_once = page.follow_at_once();
        if let Some(error) = page.error {
            return Err(StarburstError::Query(error));
        }
        has_rows |= page.has_data;
        *at = match page.next_uri {
            Some(next) => next,
            None if has_rows => return Ok(Count::Answered),
            None => return Ok(Count::WithoutARow),
        };
        match (page.phase, begun.elapsed()) {
            (Phase::Waiting, waited) if waited >= TURN => return Ok(Count::Waits),
            (_, waited) if waited >= LONGEST => return Ok(Count::Hangs),
            _ => {}
        }
        if !at_once {
            sleep(PAUSE).await;
        }
    }
}

/// Whether it says that others are served first. A cluster that waited for worker nodes
/// and got none says so in a word of its own, which is no sign of being busy.
fn is_full(error: &QueryError) -> bool {
    error.remedy() == Remedy::RetryLater && error.name != "GENERIC_INSUFFICIENT_RESOURCES"
}

fn is_missing_or_hidden(error: &QueryError) -> bool {
    matches!(
        error.name.as_str(),
        "CATALOG_NOT_FOUND" | "SCHEMA_NOT_FOUND" | "TABLE_NOT_FOUND" | "PERMISSION_DENIED"
    )
}
