/// Declares a struct of metrics: the doc comment of a field is its HELP text and
/// its row in the documentation, so the three cannot disagree.
macro_rules! metrics {
    ($(
        #[doc = $help:literal]
        $field:ident: $family:ty = $name:literal $(, $buckets:expr)?;
    )+) => {
        /// Everything the worker counts and times. One per process.
        #[derive(Debug)]
        pub struct Metrics {
            registry: Registry,
            $(#[doc = $help] pub $field: $family,)+
        }

        impl Metrics {
            /// Declares every metric, every series at 0.
            pub fn new() -> Result<Arc<Self>, prometheus::Error> {
                let registry = Registry::new();
                $(let $field = <$family as Family>::declare(
                    &registry,
                    $name,
                    $help.trim(),
                    &<[&[f64]]>::concat(&[$($buckets)?]),
                )?;)+
                #[cfg(target_os = "linux")]
                registry.register(Box::new(
                    prometheus::process_collector::ProcessCollector::for_self(),
                ))?;
                Ok(Arc::new(Self { registry, $($field,)+ }))
            }
        }

        /// What is declared, for the documentation.
        fn declared() -> Vec<Declared> {
            vec![$(Declared {
                name: $name,
                kind: <$family as Family>::TYPE,
                labels: <$family as Family>::label_names(),
                help: $help.trim(),
            },)+]
        }
    };
}
pub(super) use metrics;
