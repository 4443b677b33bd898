// SPDX-License-Identifier: GPL-2.0-only
//
// What `make install-node` prints is how a program finds the package.

'use strict';

const assert = require('assert');
const { execFileSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');

const { build, cleanUp, test } = require('./node_test.js');

function directory() {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'sockdup-'));

  cleanUp(() => fs.rmSync(made, { recursive: true }));
  return made;
}

function install(...settings) {
  return execFileSync('make', ['-s', '-C', 'lib/node', `O=${build}`, `LIBDIR=${build}/lib`, ...settings,
    'install']).toString();
}

// Without the variables of this process, which could let it find another one.
function runs(work, name, program, env = {}) {
  const file = path.join(work, name);

  fs.writeFileSync(file, program);
  return execFileSync(process.execPath, [file], { env: { PATH: process.env.PATH, ...env } }).toString();
}

test('said_place_is_where_require_finds_it', () => {
  const [prefix, work] = [directory(), directory()];
  const [, NODE_PATH] = /NODE_PATH=(\S+)/.exec(install(`PREFIX=${prefix}`));
  const program = "console.log(require.resolve('sockdup'), typeof require('sockdup').share)";

  assert.equal(runs(work, 'program.js', program, { NODE_PATH }),
    `${path.join(NODE_PATH, 'sockdup', 'index.js')} function\n`);
  assert(NODE_PATH.startsWith(`${prefix}/`), NODE_PATH);
});

test('said_link_is_how_import_finds_it', () => {
  const [prefix, work] = [directory(), directory()];
  const [link] = /ln -s .*/.exec(install(`PREFIX=${prefix}`));

  fs.mkdirSync(path.join(work, 'node_modules'));
  execFileSync('sh', ['-ec', link], { cwd: work });
  assert.equal(runs(work, 'program.mjs',
    "import { share } from 'sockdup'; console.log(typeof share)"), 'function\n');
});

test('nothing_is_said_to_those_who_pack_it', () => {
  assert.equal(install(`DESTDIR=${directory()}`), '');
});
