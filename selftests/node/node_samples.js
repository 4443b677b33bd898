// SPDX-License-Identifier: GPL-2.0-only
//
// The samples do what they say.

'use strict';

const assert = require('assert');
const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');

const { build, packagePath, test } = require('./node_test.js');

function sourceRoot() {
  const above = path.dirname(build);

  return fs.existsSync(path.join(above, 'lib', 'node')) ? above : process.cwd();
}

test('a_live_http_connection_changes_process', () => {
  const demo = path.join(sourceRoot(), 'lib', 'node', 'samples', 'demo');
  const said = execFileSync(demo, [packagePath]).toString();
  const [, source] = /^source: process (\d+)$/m.exec(said);
  const [, target] = /^target: process (\d+)$/m.exec(said);

  assert.equal(said, [
    `source: process ${source}`,
    `target: process ${target}`,
    `process ${source} answers /one`,
    `process ${target} answers /two`,
    `process ${target} answers /three`,
    'connections: 1',
    '',
  ].join('\n'));
});
