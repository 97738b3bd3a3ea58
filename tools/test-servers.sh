#!/usr/bin/env bash
# Builds the servers that the tests start: minio, fake-gcs-server, toxiproxy, with the word "long" go-cacher's two
# servers, too; and a Python of their own (a venv, python/) with moto, boto3, google-auth and prometheus_client.
#
# They go into ${GOPOUCH_TEST_BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/gopouch-test/bin} and stay there between runs.
# Where the pinned versions are there already it does nothing and needs no network. The first run takes minutes:
# MinIO is large. Prints the folder. Tests that need a server skip where it is missing.
set -euo pipefail

# NAME PACKAGE VERSION, one a line. A binary says its version itself (go version -m).
servers=(
  "minio github.com/minio/minio v0.0.0-20260212201848-7aac2a2c5b7c"
  "fake-gcs-server github.com/fsouza/fake-gcs-server v1.56.1"
  "toxiproxy-server github.com/Shopify/toxiproxy/v2/cmd/server v2.5.0"
  "toxiproxy-cli github.com/Shopify/toxiproxy/v2/cmd/cli v2.5.0"
)
[[ ${1:-} != long ]] || servers+=(
  "go-cacher-server github.com/bradfitz/go-tool-cache/cmd/go-cacher-server v0.0.0-20260722201841-0bb331e19f64"
  "gocached github.com/bradfitz/go-tool-cache/cmd/gocached v0.0.0-20260722201841-0bb331e19f64"
)

bin=${GOPOUCH_TEST_BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/gopouch-test/bin}
mkdir -p "$bin"
bin=$(cd "$bin" && pwd)

command -v go >/dev/null || { echo "test-servers: no go command in PATH to build them with" >&2; exit 1; }

# installed NAME VERSION: whether that very version is there.
installed() {
  [[ -x $bin/$1 ]] && [[ $(go version -m "$bin/$1" 2>/dev/null | awk '$1 == "mod" { print $3 }') == "$2" ]]
}

# The module cache is the user's; their flags, workspace and cache program are not for these builds.
unset GOFLAGS GOWORK GOCACHEPROG GOOS GOARCH
export GOFLAGS='' GOTOOLCHAIN=auto GOWORK=off CGO_ENABLED=0

exec 9>"$bin/.lock"
flock 9
for server in "${servers[@]}"; do
  read -r name package version <<<"$server"
  ! installed "$name" "$version" || continue
  echo "test-servers: building $name $version" >&2
  work=$(mktemp -d "$bin/.build-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  GOBIN=$work go install -trimpath -ldflags='-s -w' "$package@$version"
  mv "$work/${package##*/}" "$bin/$name"
  rm -rf "$work"
done

moto=5.2.1
python=$bin/python
if [[ $("$python/bin/python" -c 'import moto, boto3; print(moto.__version__)' 2>/dev/null) != "$moto" ]]; then
  echo "test-servers: installing moto $moto" >&2
  rm -rf "$python"
  python3 -m venv "$python"
  "$python/bin/pip" install -q --disable-pip-version-check "moto[server]==$moto" boto3 >&2
fi
google=2.43.0
if [[ $("$python/bin/python" -c 'import google.auth; print(google.auth.__version__)' 2>/dev/null) != "$google" ]]; then
  echo "test-servers: installing google-auth $google" >&2
  "$python/bin/pip" install -q --disable-pip-version-check "google-auth==$google" >&2
fi
prometheus=0.26.0
if [[ $("$python/bin/python" -m pip show prometheus_client 2>/dev/null | awk '$1 == "Version:" { print $2 }') != "$prometheus" ]]; then
  echo "test-servers: installing prometheus_client $prometheus" >&2
  "$python/bin/pip" install -q --disable-pip-version-check "prometheus_client==$prometheus" >&2
fi
echo "$bin"
