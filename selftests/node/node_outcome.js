// SPDX-License-Identifier: GPL-2.0-only
//
// shareWithOutcome(): how a token ended.

'use strict';

const assert = require('assert');
const { execFileSync } = require('child_process');
const { once } = require('events');
const { Worker } = require('worker_threads');

const {
  Partner, connection, datagramSocket, packagePath, sockdup, test,
} = require('./node_test.js');

const ttl = 3600000;

async function reported(target = process.pid, options = {}) {
  const socket = await datagramSocket();

  return sockdup.shareWithOutcome(socket, target, { ttl, ...options });
}

// Of a token that nobody has imported.
async function endsAs(kind, { id, outcome }) {
  const { when, ...rest } = await outcome;

  assert.deepEqual(rest, { id, kind });
  assert(when > 0);
}

// What a program of its own prints, which must end by itself.
function printed(program) {
  return execFileSync(process.execPath, ['-e', `
    const dgram = require('dgram');
    const sockdup = require(${JSON.stringify(packagePath)});
    const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1', () => {
      ${program}
    });
  `], { timeout: 600000 }).toString();
}

test('import_is_told', async () => {
  const partner = Partner.get();
  const { served } = await connection();
  const { info, id, outcome } = sockdup.shareWithOutcome(served, partner.pid, { ttl });

  await partner.run((text) => {
    sockdup.fromShare(sockdup.fromText(text)).destroy();
  }, sockdup.toText(info));
  const { when, ...rest } = await outcome;

  assert.deepEqual(rest, { id, kind: 'imported', pid: partner.pid, uid: process.getuid() });
  const uptime = Number(execFileSync('cut', ['-d', ' ', '-f1', '/proc/uptime'])) * 1000;

  assert(when <= uptime + 10 && when > uptime - 600000, `${when} ${uptime}`);
});

test('revocation_is_told', async () => {
  const token = await reported();

  sockdup.revoke(token.info);
  await endsAs('revoked', token);
});

test('revocation_by_the_target_is_told', async () => {
  const partner = Partner.get();
  const token = await reported(partner.pid);

  await partner.run((text) => sockdup.revoke(sockdup.fromText(text)), sockdup.toText(token.info));
  await endsAs('declined', token);
});

test('deadline_is_told', async () => {
  await endsAs('expired', await reported(process.pid, { ttl: 100 }));
});

test('death_of_the_target_is_told', async () => {
  const partner = Partner.own();
  const token = await reported(partner.pid);

  partner.child.kill('SIGKILL');
  await endsAs('target-died', token);
});

test('each_token_has_its_own', async () => {
  const tokens = [];

  for (let i = 0; i < 20; i++)
    tokens.push(await reported());
  assert.equal(new Set(tokens.map(({ id }) => id)).size, 20);
  for (const number of [...tokens.keys()].reverse())
    sockdup.revoke(tokens[number].id);
  for (const token of tokens)
    await endsAs('revoked', token);
});

test('only_those_that_ask_have_one', async () => {
  const socket = await datagramSocket();
  const token = await reported();

  sockdup.revoke(sockdup.share(socket, process.pid));
  sockdup.revoke(token.info);
  await endsAs('revoked', token);
});

test('waiting_lets_the_loop_go_on', async () => {
  const token = await reported();
  let waits = true;

  token.outcome.then(() => { waits = false; });
  for (let turns = 0; turns < 100; turns++)
    await new Promise(setImmediate);
  assert(waits);
  sockdup.revoke(token.info);
  await endsAs('revoked', token);
});

test('token_can_be_given_again', async () => {
  const partner = Partner.get();
  const { client, served } = await connection();
  const first = sockdup.shareWithOutcome(served, process.pid, { ttl: 100 });

  await endsAs('expired', first);
  const { info, outcome } = sockdup.shareWithOutcome(served, partner.pid, { ttl });

  await partner.run((text) => {
    sockdup.fromShare(sockdup.fromText(text)).end('hello');
  }, sockdup.toText(info));
  assert.equal((await outcome).kind, 'imported');
  served.destroy();
  client.setEncoding('utf8');
  assert.deepEqual(await once(client, 'data'), ['hello']);
});

test('process_goes_on_until_the_outcome_and_then_ends', () => {
  assert.equal(printed(`
    const { outcome } = sockdup.shareWithOutcome(socket, process.pid, { ttl: 500 });

    socket.close();
    outcome.then(({ kind }) => console.log(kind));
  `), 'expired\n');
});

test('what_is_thrown_after_an_outcome_is_uncaught', () => {
  assert.equal(printed(`
    process.on('uncaughtException', ({ message }) => console.log(message));
    const { outcome } = sockdup.shareWithOutcome(socket, process.pid, { ttl: 500 });

    outcome.then(() => {
      process.nextTick(() => { throw new Error('thrown'); });
      setImmediate(() => {
        sockdup.revoke(sockdup.share(socket, process.pid));
        console.log('goes on');
        socket.close();
      });
    });
  `), 'thrown\ngoes on\n');
});

test('process_ends_after_a_refusal', () => {
  assert.equal(printed(`
    socket.close();
    try {
      sockdup.shareWithOutcome(socket, process.pid);
    } catch ({ code }) {
      console.log(code);
    }
  `), 'EBADF\n');
});

test('process_can_exit_while_it_waits', () => {
  assert.equal(printed(`
    sockdup.shareWithOutcome(socket, process.pid, { endOnClose: true });
    setImmediate(() => { console.log('exits'); process.exit(); });
  `), 'exits\n');
});

test('refusal_is_that_of_share', () => {
  const said = printed(`
    try {
      sockdup.shareWithOutcome(socket, 4194303);
    } catch ({ code, syscall }) {
      console.log(code, syscall);
    }
    socket.close();
  `);

  assert.equal(said, 'ESRCH sockdup_export\n');
});

// Both threads wait on one handle, and either may read the other's outcome.
test('threads_have_their_own', async () => {
  const thread = new Worker(`
    const { parentPort, workerData } = require('worker_threads');
    const sockdup = require(workerData.packagePath);

    parentPort.on('message', async () => {
      const { info, id, outcome } = sockdup.shareWithOutcome(workerData.fd, process.pid);

      parentPort.postMessage({ id });
      parentPort.postMessage(await outcome);
    });
  `, { eval: true, workerData: { packagePath, fd: (await connection()).served._handle.fd } });
  const messages = [];
  let wake = () => {};

  thread.on('message', (message) => { messages.push(message); wake(); });
  const next = async () => {
    while (!messages.length)
      await new Promise((resolve) => { wake = resolve; });
    return messages.shift();
  };

  for (let round = 0; round < 50; round++) {
    const mine = await reported();

    thread.postMessage('share');
    const { id } = await next();

    sockdup.revoke(id);
    const { kind, id: told } = await next();

    assert.deepEqual([kind, told], ['revoked', id]);
    sockdup.revoke(mine.info);
    await endsAs('revoked', mine);
  }
  await thread.terminate();
});

test('thread_ends_while_it_waits', async () => {
  const thread = new Worker(`
    const { parentPort, workerData } = require('worker_threads');
    const sockdup = require(workerData.packagePath);

    const { id } = sockdup.shareWithOutcome(workerData.fd, process.pid);
    parentPort.postMessage(id);
  `, { eval: true, workerData: { packagePath, fd: (await connection()).served._handle.fd } });
  const [id] = await once(thread, 'message');

  assert.equal(await thread.terminate(), 1);
  sockdup.revoke(id);
  const token = await reported();

  sockdup.revoke(token.info);
  await endsAs('revoked', token);
});

test('id_is_that_of_lists', async () => {
  const { info, id } = await reported();

  assert.deepEqual(sockdup.list({ source: process.pid }).map((token) => token.id), [id]);
  assert.equal(sockdup.tokenId(info), id);
  sockdup.revoke(info);
  assert.equal(sockdup.tokenId(info), id);
});
