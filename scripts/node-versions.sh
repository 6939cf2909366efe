#!/usr/bin/env bash
# Runs the test suite on other versions of Node: scripts/node-versions.sh [--install] [version...], by default 22 24 26.
# With --install it only gets them, for the benchmarks.
# Each Node is an npm package (node-<os>-<cpu>), kept in .cache/node/<version>. Everything is run, then the
# exit code says whether something failed. With VITEST_JSON_DIR set, each run leaves its report there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

install=no
if [ "${1:-}" = --install ]; then
  install=yes
  shift
fi
versions=("$@")
if [ ${#versions[@]} -eq 0 ]; then versions=(22 24 26); fi

package="node-$(node -p '(process.platform === "win32" ? "win" : process.platform) + "-" + process.arch')"
status=0

for version in "${versions[@]}"; do
  prefix=".cache/node/$version"
  mkdir -p "$prefix"
  if ! npm install --no-save --no-package-lock --prefix "$prefix" "$package@$version"; then
    echo "node-versions: Node $version could not be installed" >&2
    status=1
    continue
  fi
  node="$PWD/$prefix/node_modules/$package/bin/node"
  if [ "$install" = yes ]; then continue; fi
  echo "== the tests on Node $("$node" --version)"
  report=()
  if [ -n "${VITEST_JSON_DIR:-}" ]; then
    report=(--reporter=default --reporter=json "--outputFile.json=$VITEST_JSON_DIR/node-$version.json")
  fi
  # The folder of that Node comes first in PATH, so that what the tests start by name is that Node too.
  PATH="$(dirname "$node"):$PATH" "$node" node_modules/vitest/vitest.mjs run "${report[@]}" || status=1
done

exit "$status"
