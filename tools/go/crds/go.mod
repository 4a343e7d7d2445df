// Resource definitions that the chart's objects are validated against, in the versions that go.sum
// holds to. Nothing is built from them.
module export-worker/tools/crds

go 1.26.0

require (
	github.com/kedacore/keda/v2 v2.21.0
	github.com/prometheus-operator/prometheus-operator v0.85.0
)
