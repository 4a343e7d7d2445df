//! Upper bounds of histogram buckets.

/// Seconds a request takes.
pub(super) const REQUEST: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];
/// Seconds a step takes: from one fast request to the settling of a dead query.
pub(super) const STEP: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0,
];
/// Seconds an export takes: up to twelve hours.
pub(super) const EXPORT: &[f64] = &[
    1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 14400.0, 43200.0,
];
/// Seconds a query waits in its resource group: not at all to a whole night.
pub(super) const QUEUED: &[f64] = &[
    0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14400.0, 43200.0,
];
/// Scheduled polls one query took: 90 s lie between two late ones.
pub(super) const POLLS: &[f64] = &[
    0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0, 55.0, 89.0, 144.0, 233.0,
];
