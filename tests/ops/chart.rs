//! The Helm chart, as helm, helm-unittest and the Kubernetes schemas read it.
