use prometheus::{
    GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    core::Collector,
};

/// How the values of several replicas are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Across {
    /// Each replica tells of itself: add them up.
    Sum,
    /// Each replica reads the same store: any is right, the greatest is the newest alarm.
    Max,
    /// Each replica tells how it stands with the store: the least says whether one has lost it.
    Min,
    /// Says something of each replica by itself.
    Each,
}

impl Across {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Max => "max",
            Self::Min => "min",
            Self::Each => "each by itself",
        }
    }
}

/// What Prometheus calls a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// One metric as it is declared: its doc comment is its HELP text and its row in the
/// documentation, so the three cannot disagree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) labels: &'static [&'static str],
    pub(super) across: Across,
    pub(super) help: &'static str,
}

type Made<T> = Result<T, prometheus::Error>;

impl Family {
    fn opts(&self) -> Opts {
        Opts::new(self.name, self.help)
    }

    pub(super) fn counter(&self, registry: &Registry) -> Made<IntCounter> {
        register(registry, IntCounter::with_opts(self.opts())?)
    }

    pub(super) fn counters(&self, registry: &Registry) -> Made<IntCounterVec> {
        register(registry, IntCounterVec::new(self.opts(), self.labels)?)
    }

    pub(super) fn gauge(&self, registry: &Registry) -> Made<IntGauge> {
        register(registry, IntGauge::with_opts(self.opts())?)
    }

    pub(super) fn histogram(&self, registry: &Registry, buckets: &[f64]) -> Made<HistogramVec> {
        let options = HistogramOpts::new(self.name, self.help).buckets(buckets.to_vec());
        register(registry, HistogramVec::new(options, self.labels)?)
    }

    /// A gauge that always shows 1; its label says something.
    pub(super) fn info(&self, registry: &Registry, value: &str) -> Made<()> {
        let info = register(registry, self.loose()?)?;
        info.get_metric_with_label_values(&[value])?.set(1.0);
        Ok(())
    }

    /// A gauge of no registry.
    pub(super) fn loose(&self) -> Made<GaugeVec> {
        GaugeVec::new(self.opts(), self.labels)
    }
}

fn register<C: Collector + Clone + 'static>(registry: &Registry, collector: C) -> Made<C> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

/// Declares metrics, each with its labels, its name and what to do with those of several replicas.
macro_rules! declare {
    ($(
        #[doc = $help:literal]
        $family:ident: $kind:ident($($label:literal),*) = $name:literal, $across:ident;
    )+) => {
        $(
            #[doc = $help]
            const $family: Family = Family {
                name: concat!("export_control_plane_", $name),
                kind: Kind::$kind,
                labels: &[$($label),*],
                across: Across::$across,
                help: $help.trim_ascii(),
            };
        )+

        /// Every metric, in the order of the documentation.
        const DECLARED: &[Family] = &[$($family),+];
    };
}
pub(super) use declare;
