#!/usr/bin/env bash
# Builds a Kubernetes control plane and KEDA from the Go module proxy, pinned and check-summed
# by the go.mod and go.sum files of kubernetes/. 20 to 30 minutes on two cores the first time;
# each part returns at once where it is there already.
#
# usage: install-kubernetes.sh FOLDER
#   FOLDER/kubernetes/bin    etcd, kube-apiserver, kube-controller-manager, kubectl, keda-operator, keda-adapter
#   FOLDER/kubernetes/crds   the resource definitions of KEDA and the Prometheus operator
set -euo pipefail

folder="${1:?usage: install-kubernetes.sh FOLDER}/kubernetes"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
mkdir -p "$folder/bin" "$folder/crds"
folder="$(cd "$folder" && pwd)"

# Two compilers at a time: the linker of kube-apiserver alone takes 2 GiB.
export GOFLAGS="-mod=readonly -buildvcs=false -trimpath -p=${GO_JOBS:-2}" GOWORK=off CGO_ENABLED=0

# The version that a module's go.mod pins.
version() { (cd "$here/$1" && go list -m -f '{{.Version}}' "$2"); }
# Where a module's files are; fetches them.
source_of() { (cd "$here/$1" && go mod download -json "$2@$(version "$1" "$2")" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'); }

# build MODULE-FOLDER PROGRAM PACKAGE [LINKER FLAGS]
build() {
    local part="$1" program="$2" package="$3" flags="-s -w ${4:-}" wanted started=$SECONDS
    local stamp="$folder/bin/.$program"
    wanted="$(cat "$here/$part/go.mod" "$here/$part/go.sum" <(echo "$package $flags"; go version) | sha256sum)"
    if [[ -x "$folder/bin/$program" && "$(cat "$stamp" 2>/dev/null)" == "$wanted" ]]; then return; fi
    echo "building $program into $folder/bin" >&2
    (cd "$here/$part" && nice -n 15 go build -ldflags "$flags" -o "$folder/bin/$program" "$package")
    echo "$wanted" >"$stamp"
    echo "built $program in $((SECONDS - started)) s" >&2
}

# What a release's own build writes into its binaries: helm and kubectl ask the server for its version.
kubernetes="$(version kubernetes/cluster k8s.io/kubernetes)"
stamped=""
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    stamped+=" -X $package.gitVersion=$kubernetes -X $package.gitMajor=1"
    stamped+=" -X $package.gitMinor=$(cut -d. -f2 <<<"$kubernetes") -X $package.gitTreeState=clean"
done

build kubernetes/cluster etcd go.etcd.io/etcd/server/v3
build kubernetes/cluster kubectl k8s.io/kubernetes/cmd/kubectl "$stamped"
build kubernetes/cluster kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver "$stamped"
build kubernetes/cluster kube-controller-manager k8s.io/kubernetes/cmd/kube-controller-manager "$stamped"
build kubernetes/keda keda-operator github.com/kedacore/keda/v2/cmd/operator
build kubernetes/keda keda-adapter github.com/kedacore/keda/v2/cmd/adapter

# Copied anew each time: it takes no time, and a file that a release dropped goes.
rm -rf "$folder/crds"
mkdir -p "$folder/crds"
keda="$(source_of kubernetes/keda github.com/kedacore/keda/v2)/config/crd/bases"
operator="$(source_of go/crds github.com/prometheus-operator/prometheus-operator)/example/prometheus-operator-crd"
install -m 644 "$keda"/keda.sh_*.yaml "$operator"/monitoring.coreos.com_{podmonitors,prometheusrules,servicemonitors}.yaml "$folder/crds"
