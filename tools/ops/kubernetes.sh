#!/usr/bin/env bash
# Installs what reads the chart and the kustomize folders, and the schemas they are validated
# against: all pinned and check-summed by tools/go, built from the Go module proxy, a few minutes
# from an empty cache.
#
# usage: kubernetes.sh FOLDER
#   FOLDER/bin        helm, helm-docs, helm-unittest, kubeconform, kustomize
#   FOLDER/schemas    of Kubernetes' own objects, by version; of KEDA's and the Prometheus operator's
set -euo pipefail

folder="${1:?usage: kubernetes.sh FOLDER}"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
modules="$here/../go"

# The oldest version that the chart takes, and the newest one that helm is told it speaks to.
oldest=1.27
newest=1.36
schemas_package=kubernetes-validate==1.37.0
yaml_package=pyyaml==6.0.3

wanted="$(cat "$here/kubernetes.sh" "$here"/kubernetes_schemas.py "$modules"/{,crds/}go.{mod,sum} | sha256sum | cut -d' ' -f1)"
stamp="$folder/kubernetes-installed"
if [[ "$(cat "$stamp" 2>/dev/null)" == "$wanted" ]]; then exit 0; fi
rm -f "$stamp"

echo "building helm, helm-docs, helm-unittest, kubeconform and kustomize into $folder" >&2
# helm learns from its build which Kubernetes it speaks to where there is no cluster to ask.
flags=(-s -w -X helm.sh/helm/v3/internal/version.version=v3.22.0)
for package in chartutil lint/rules; do
    flags+=(-X "helm.sh/helm/v3/pkg/$package.k8sVersionMajor=${newest%.*}")
    flags+=(-X "helm.sh/helm/v3/pkg/$package.k8sVersionMinor=${newest#*.}")
done
mkdir -p "$folder/bin"
# Without its line for each of a hundred modules.
GOFLAGS=-mod=readonly go -C "$modules" build -buildvcs=false -trimpath -ldflags "${flags[*]}" -o "$folder/bin/" tool \
    2> >(grep -v '^go: downloading' >&2)

echo "installing the schemas of Kubernetes $oldest and $newest, KEDA and the Prometheus operator" >&2
packages="$(mktemp -d)"
trap 'rm -rf "$packages"' EXIT
# As tools/install.sh leaves it: a virtual environment, or the machine's own pip.
python="$folder/python/bin/python"
[[ -x "$python" ]] || python=python3
"$python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: --no-deps \
    --root-user-action ignore --target "$packages" "$schemas_package" "$yaml_package"
(cd "$modules/crds" && GOFLAGS=-mod=readonly go mod download)
folder_of() { (cd "$modules/crds" && GOFLAGS=-mod=readonly go list -m -f '{{.Dir}}' "$1"); }
keda="$(folder_of github.com/kedacore/keda/v2)/config/crd/bases"
operator="$(folder_of github.com/prometheus-operator/prometheus-operator)/example/prometheus-operator-crd"
rm -rf "$folder/schemas"
PYTHONPATH="$packages" "$python" -B "$here/kubernetes_schemas.py" \
    --package "$packages/kubernetes_validate" --version "$oldest" --version "$newest" "$folder/schemas" \
    "$keda"/keda.sh_{scaledobjects,triggerauthentications}.yaml \
    "$operator"/monitoring.coreos.com_{podmonitors,servicemonitors,prometheusrules}.yaml

"$folder/bin/helm" version --short >/dev/null
"$folder/bin/kubeconform" -v >/dev/null
echo "$wanted" >"$stamp"
