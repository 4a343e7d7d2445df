//! Batches of spans, bounded: what has no room, or does not reach the collector, is
//! dropped and counted. Work never waits for it.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use opentelemetry::Context;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor},
};

/// Spans that wait for the collector, at most.
const ROOM: usize = 4096;
/// Spans per request, at most: some 300 KiB.
const BATCH: usize = 512;
/// How long a span waits for others to go with.
const DELAY: Duration = Duration::from_secs(1);

/// Told how many spans were dropped.
pub(crate) type OnDropped = Arc<dyn Fn(u64) + Send + Sync>;

/// What processor and exporter both know.
struct Account {
    waiting: AtomicUsize,
    is_failing: AtomicBool,
    on_dropped: OnDropped,
}

impl Account {
    fn drop_spans(&self, spans: usize) {
        (self.on_dropped)(spans as u64);
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").finish_non_exhaustive()
    }
}

/// Batches spans for `exporter`.
pub(crate) fn batched(
    exporter: impl SpanExporter + 'static,
    on_dropped: OnDropped,
) -> impl SpanProcessor + 'static {
    let account = Arc::new(Account {
        waiting: AtomicUsize::new(0),
        is_failing: AtomicBool::new(false),
        on_dropped,
    });
    let counted = Counted {
        exporter,
        account: Arc::clone(&account),
    };
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(ROOM)
        .with_max_export_batch_size(BATCH)
        .with_scheduled_delay(DELAY)
        .build();
    Bounded {
        batches: BatchSpanProcessor::builder(counted)
            .with_batch_config(config)
            .build(),
        account,
    }
}

/// Keeps the queue of the batches from ever being full, for what they drop they do
/// not count where anybody could read it.
#[derive(Debug)]
struct Bounded {
    batches: BatchSpanProcessor,
    account: Arc<Account>,
}

impl SpanProcessor for Bounded {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.batches.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        if self.account.waiting.fetch_add(1, Ordering::Relaxed) < ROOM {
            self.batches.on_end(span);
        } else {
            self.account.waiting.fetch_sub(1, Ordering::Relaxed);
            self.account.drop_spans(1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.batches.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.batches.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.batches.set_resource(resource);
    }
}

/// Counts what leaves the queue, and tells once when the collector fails, and once
/// when it is back.
#[derive(Debug)]
struct Counted<E> {
    exporter: E,
    account: Arc<Account>,
}

impl<E: SpanExporter> SpanExporter for Counted<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let result = self.exporter.export(batch).await;
        let account = &self.account;
        account.waiting.fetch_sub(spans, Ordering::Relaxed);
        match &result {
            Ok(()) => {
                if account.is_failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("spans reach the collector again");
                }
            }
            Err(error) => {
                account.drop_spans(spans);
                if !account.is_failing.swap(true, Ordering::Relaxed) {
                    let error: String = error.to_string().chars().take(300).collect();
                    tracing::warn!(
                        error,
                        "spans do not reach the collector, and are dropped until they do; check OTEL_EXPORTER_OTLP_ENDPOINT"
                    );
                }
            }
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
