use async_trait::async_trait;
use export_api::NextUri;
use http::StatusCode;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    SettingsError, StarburstSettings, page, session,
    transport::{Answer, Call, Transport},
    verdict::{self, Asked},
    wire::{Presence, Results},
};
use crate::{
    http::HttpClient,
    ports::{Fate, Page, QueryError, QueryId, Registered, Starburst, StarburstError, Statement},
};

/// The coordinator, over its statement protocol.
#[derive(Clone, Debug)]
pub struct StarburstClient {
    pub(super) settings: StarburstSettings,
    pub(super) transport: Transport,
    pub(super) shutdown: CancellationToken,
}

impl StarburstClient {
    /// A client over the process's HTTP client. A cancelled `shutdown` cuts
    /// what it is doing, but for [`Starburst::cancel`].
    pub fn new(
        settings: StarburstSettings,
        http: &HttpClient,
        shutdown: CancellationToken,
    ) -> Result<Self, SettingsError> {
        if let Some(problem) = settings.problems().into_iter().next() {
            return Err(problem);
        }
        Ok(Self {
            transport: Transport::new(&settings, http),
            settings,
            shutdown,
        })
    }

    async fn register_once(&self, statement: &Statement) -> Result<Registered, StarburstError> {
        let call = Call::post(
            self.transport.endpoint.statement(),
            session::of_statement(&self.settings, statement)?,
            statement.sql.clone(),
        );
        let answer = self.granted(call, Asked::Statement).await?;
        let results: Results<Presence> = page::parse(&answer)?;
        if let Some(error) = results.error {
            return Err(StarburstError::Query(self.advised(error.into())));
        }
        let next_uri = results.next_uri.ok_or(StarburstError::Unreadable {
            status: answer.status.as_u16(),
            problem: "it registers a query but names no nextUri".to_owned(),
        })?;
        // Before anybody relies on it: a wrong proxy shows here, and nothing runs yet.
        self.transport.endpoint.admit(&next_uri, None)?;
        Ok(Registered {
            query_id: QueryId::new(results.id),
            next_uri: NextUri::new(next_uri),
        })
    }

    /// GETs one page; `D` is what is made of its rows.
    pub(super) async fn page_once<D: serde::de::DeserializeOwned>(
        &self,
        next_uri: &NextUri,
    ) -> Result<Results<D>, StarburstError> {
        let url = self.transport.endpoint.admit(next_uri.expose(), None)?;
        let answer = self.granted(Call::get(url), Asked::Page).await?;
        page::parse(&answer)
    }

    /// Sends a request; any answer but a 200 is an error.
    async fn granted(&self, call: Call, asked: Asked) -> Result<Answer, StarburstError> {
        let answer = self.transport.send(call).await?;
        if answer.status == StatusCode::OK {
            Ok(answer)
        } else {
            Err(self.verdict(&answer, asked))
        }
    }

    pub(super) fn verdict(&self, answer: &Answer, asked: Asked) -> StarburstError {
        verdict::error(answer, asked, self.transport.is_insecure())
    }

    pub(super) fn advised(&self, error: QueryError) -> QueryError {
        error.advise_on_unload(self.settings.unload_function.as_str())
    }
}

#[async_trait]
impl Starburst for StarburstClient {
    async fn register(&self, statement: &Statement) -> Result<Registered, StarburstError> {
        self.settings
            .submission_retry
            .run(&self.shutdown, || self.register_once(statement))
            .await
    }

    async fn follow(&self, next_uri: &NextUri) -> Result<Page, StarburstError> {
        let results = self
            .settings
            .follow_retry
            .run(&self.shutdown, || self.page_once::<Presence>(next_uri))
            .await?;
        Ok(page::read(results, &self.settings.unload_function))
    }

    async fn cancel(
        &self,
        query: &QueryId,
        next_uri: Option<&NextUri>,
    ) -> Result<(), StarburstError> {
        self.cancel_query(query, next_uri).await
    }

    async fn look_up(&self, query: &QueryId) -> Result<Fate, StarburstError> {
        self.look_up_query(query).await
    }

    async fn run(&self, statement: &Statement) -> Result<Vec<Vec<Value>>, StarburstError> {
        self.run_to_the_end(statement).await
    }
}
