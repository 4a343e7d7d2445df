// The resource definitions of the Prometheus operator, in the version that go.sum holds to. Nothing is built from it.
module export-worker/tools/kubernetes/crds

go 1.26.0

require github.com/prometheus-operator/prometheus-operator v0.85.0
