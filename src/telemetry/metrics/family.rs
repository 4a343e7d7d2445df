//! Metrics whose labels are types: a series that was not declared cannot be written.

use std::{fmt, marker::PhantomData};

use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, core::Collector,
};

use super::labels::Label;

/// The labels of one metric: none, one or two.
pub trait Labels: Copy + 'static {
    /// Their names, in order.
    fn names() -> Vec<&'static str>;
    /// Every combination of their values.
    fn every() -> Vec<Self>;
    /// The values of this combination, in order.
    fn values(self) -> Vec<&'static str>;
}

impl Labels for () {
    fn names() -> Vec<&'static str> {
        Vec::new()
    }

    fn every() -> Vec<Self> {
        vec![()]
    }

    fn values(self) -> Vec<&'static str> {
        Vec::new()
    }
}

impl<A: Label> Labels for (A,) {
    fn names() -> Vec<&'static str> {
        vec![A::NAME]
    }

    fn every() -> Vec<Self> {
        A::VALUES.iter().map(|value| (*value,)).collect()
    }

    fn values(self) -> Vec<&'static str> {
        vec![self.0.value()]
    }
}

impl<A: Label, B: Label> Labels for (A, B) {
    fn names() -> Vec<&'static str> {
        vec![A::NAME, B::NAME]
    }

    fn every() -> Vec<Self> {
        let with = |a: A| B::VALUES.iter().map(move |b| (a, *b));
        A::VALUES.iter().flat_map(|a| with(*a)).collect()
    }

    fn values(self) -> Vec<&'static str> {
        vec![self.0.value(), self.1.value()]
    }
}

/// One metric with all its series.
pub(super) trait Family: Sized {
    /// What Prometheus calls it.
    const TYPE: &'static str;

    /// Declares it, every series at 0.
    fn declare(
        registry: &Registry,
        name: &str,
        help: &str,
        buckets: &[f64],
    ) -> Result<Self, prometheus::Error>;

    /// The names of its labels.
    fn label_names() -> Vec<&'static str>;
}

fn register<C: Collector + Clone + 'static>(
    registry: &Registry,
    collector: &C,
) -> Result<(), prometheus::Error> {
    registry.register(Box::new(collector.clone()))
}

macro_rules! family {
    ($(#[$doc:meta])* $name:ident($vec:ty), $kind:literal, $options:expr) => {
        $(#[$doc])*
        pub struct $name<L> {
            series: $vec,
            labels: PhantomData<fn(L)>,
        }

        impl<L: Labels> Family for $name<L> {
            const TYPE: &'static str = $kind;

            fn declare(
                registry: &Registry,
                name: &str,
                help: &str,
                buckets: &[f64],
            ) -> Result<Self, prometheus::Error> {
                let options = $options(name, help, buckets);
                let series = <$vec>::new(options, &L::names())?;
                register(registry, &series)?;
                for labels in L::every() {
                    series.get_metric_with_label_values(&labels.values())?;
                }
                Ok(Self { series, labels: PhantomData })
            }

            fn label_names() -> Vec<&'static str> {
                L::names()
            }
        }

        impl<L> fmt::Debug for $name<L> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}

family!(
    /// Counts up.
    CounterBy(IntCounterVec),
    "counter",
    |name: &str, help: &str, _: &[f64]| Opts::new(name, help)
);
family!(
    /// Goes up and down.
    GaugeBy(IntGaugeVec),
    "gauge",
    |name: &str, help: &str, _: &[f64]| Opts::new(name, help)
);
family!(
    /// Sorts what it is shown into buckets.
    HistogramBy(HistogramVec),
    "histogram",
    |name: &str, help: &str, buckets: &[f64]| {
        HistogramOpts::new(name, help).buckets(buckets.to_vec())
    }
);

impl<L: Labels> CounterBy<L> {
    /// Counts one.
    pub fn count(&self, labels: L) {
        self.add(labels, 1);
    }

    /// Counts many.
    pub fn add(&self, labels: L, many: u64) {
        self.series.with_label_values(&labels.values()).inc_by(many);
    }

    /// How many were counted.
    pub fn get(&self, labels: L) -> u64 {
        self.series.with_label_values(&labels.values()).get()
    }
}

impl<L: Labels> GaugeBy<L> {
    /// Adds one.
    pub fn up(&self, labels: L) {
        self.series.with_label_values(&labels.values()).inc();
    }

    /// Takes one away.
    pub fn down(&self, labels: L) {
        self.series.with_label_values(&labels.values()).dec();
    }

    /// Says whether something is so: 1 or 0.
    pub fn set(&self, labels: L, is_so: bool) {
        self.series
            .with_label_values(&labels.values())
            .set(is_so.into());
    }

    /// Where it stands.
    pub fn get(&self, labels: L) -> i64 {
        self.series.with_label_values(&labels.values()).get()
    }
}

impl<L: Labels> HistogramBy<L> {
    /// Shows it one value.
    pub fn observe(&self, labels: L, value: f64) {
        self.series
            .with_label_values(&labels.values())
            .observe(value);
    }

    /// How many values it was shown.
    pub fn count(&self, labels: L) -> u64 {
        self.series
            .with_label_values(&labels.values())
            .get_sample_count()
    }
}
