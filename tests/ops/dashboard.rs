//! The Grafana dashboard, its expressions asked of a real Prometheus.
