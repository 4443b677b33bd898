// SPDX-License-Identifier: GPL-2.0-only
//
// The samples do what they say.

'use strict';

const assert = require('assert');
const { execFileSync, spawn } = require('child_process');
const { once } = require('events');
const fs = require('fs');
const http = require('http');
const os = require('os');
const path = require('path');
const readline = require('readline');

const { build, cleanUp, packagePath, test } = require('./node_test.js');

function sourceRoot() {
  const above = path.dirname(build);

  return fs.existsSync(path.join(above, 'lib', 'node')) ? above : process.cwd();
}

const samples = path.join(sourceRoot(), 'lib', 'node', 'samples');

test('a_live_http_connection_changes_process', () => {
  const said = execFileSync(path.join(samples, 'demo'), [packagePath]).toString();
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

// A directory in which require() finds the package.
function nodePath() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sockdup-'));

  cleanUp(() => fs.rmSync(directory, { recursive: true }));
  fs.symlinkSync(path.resolve(packagePath), path.join(directory, 'sockdup'));
  return directory;
}

function start(sample, ...args) {
  const child = spawn(process.execPath, [path.join(samples, sample), ...args],
    { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, NODE_PATH: nodePath() } });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  cleanUp(() => child.kill());
  return { child, line: async () => (await lines.next()).value };
}

// The answer, and the client's own port.
async function ask(agent, port) {
  const request = http.get({ agent, host: '127.0.0.1', port });
  const [response] = await once(request, 'response');
  const { localPort } = request.socket;
  let text = '';

  for await (const data of response)
    text += data;
  await new Promise(setImmediate);
  return [text, localPort];
}

test('a_server_is_replaced_with_its_port_its_connections_and_its_count', async () => {
  const [old, next] = [start('restart.js'), start('restart.js', 'take')];
  const port = await old.line();
  const target = await next.line();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

  cleanUp(() => agent.destroy());
  const [first, from] = await ask(agent, port);

  assert.equal(first, `process ${old.child.pid}, answer 1\n`);
  old.child.stdin.write(`${target}\n`);
  const ended = once(old.child, 'exit');

  next.child.stdin.write(`${await old.line()}\n`);
  assert.deepEqual(await ended, [0, null]);
  assert.deepEqual(await ask(agent, port), [`process ${target}, answer 2\n`, from]);
  const other = new http.Agent();
  const [third] = await ask(other, port);

  assert.equal(third, `process ${target}, answer 3\n`);
});

test('workers_take_turns_and_one_that_has_ended_has_none', async () => {
  const workers = [start('pool.js'), start('pool.js')];
  const pids = [];

  for (const worker of workers)
    pids.push(await worker.line());
  const port = await start('pool.js', ...pids).line();
  const answers = async () => {
    const texts = [];

    for (let i = 0; i < 4; i++)
      texts.push((await ask(new http.Agent(), port))[0]);
    return texts.sort();
  };
  const [one, other] = pids.map((pid) => `process ${pid} answers /\n`).sort();

  assert.deepEqual(await answers(), [one, one, other, other]);
  const [killed, left] = workers;
  const ended = once(killed.child, 'exit');

  killed.child.kill('SIGKILL');
  await ended;
  const rest = `process ${left.child.pid} answers /\n`;

  assert.deepEqual(await answers(), [rest, rest, rest, rest]);
});
