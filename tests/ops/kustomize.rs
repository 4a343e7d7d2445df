//! The kustomize base and its overlays, built and validated.
