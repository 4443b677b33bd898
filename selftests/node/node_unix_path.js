// SPDX-License-Identifier: GPL-2.0-only
//
// takePath(): the name of an AF_UNIX socket, when the old server unlinks it.

'use strict';

const assert = require('assert');
const { execFileSync } = require('child_process');
const { once } = require('events');
const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const { Worker } = require('worker_threads');

const {
  Partner, cleanUp, connect, connection, failure, listen, packagePath, reads, sockdup, test,
} = require('./node_test.js');

function directory() {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'sockdup-'));

  cleanUp(() => fs.rmSync(made, { recursive: true }));
  return made;
}

// A server that answers, and its path.
async function served(at = path.join(directory(), 'server')) {
  const server = await listen(net.createServer((socket) => socket.end('hello')), { path: at });

  return { server, at };
}

function taken(server) {
  const kept = sockdup.takePath(server);

  cleanUp(() => kept.release());
  return kept;
}

const filesBeside = (at) => fs.readdirSync(path.dirname(at)).sort();

function removeSpare(at) {
  const [spare] = filesBeside(at).filter((name) => name.includes('.sockdup-'));

  fs.unlinkSync(path.join(path.dirname(at), spare));
}

async function fails(body, code, syscall) {
  const error = await failure(body);

  assert.equal(error.code, code, error.stack);
  assert.equal(error.errno, -os.constants.errno[code]);
  assert.equal(error.syscall, syscall);
  assert(error.message.startsWith(`${code}: `) && error.message.endsWith(`, ${syscall}`), error.message);
}

test('clients_reach_a_server_whose_path_the_source_has_unlinked', async () => {
  const partner = Partner.get();
  const { server, at } = await served();
  const first = await partner.run((text) => {
    kept.server = sockdup.fromShare(sockdup.fromText(text));
    kept.server.on('connection', (socket) => socket.end('partner'));
    kept.path = sockdup.takePath(kept.server);
    return kept.path.restore();
  }, partner.share(server));

  server.close();
  assert(!fs.existsSync(at));
  assert.deepEqual([first, await partner.run(() => kept.path.restore())], [false, true]);
  assert.equal(await reads(connect(at), 7), 'partner');
  await partner.run(() => kept.path.release());
  assert.deepEqual(filesBeside(at), ['server']);
  await partner.run(() => { kept.server.close(); });
});

test('loop_restores_the_path_until_it_is_released', async () => {
  const { server, at } = await served();
  const kept = taken(server);
  const again = [];
  const loop = (async () => {
    while (await kept.changed())
      if (kept.restore())
        again.push(fs.existsSync(at));
  })();

  for (let times = 1; times <= 3; times++) {
    execFileSync('rm', [at]);
    while (again.length < times)
      await new Promise(setImmediate);
  }
  kept.release();
  await loop;
  assert.deepEqual(again, [true, true, true]);
  assert.equal(await reads(connect(at), 5), 'hello');
});

test('change_is_told_to_all_who_wait_and_to_none_before', async () => {
  const { server, at } = await served();
  const kept = taken(server);

  assert.equal(await kept.changed(), true);
  assert.equal(kept.restore(), false);
  let told = 0;
  const waits = [kept.changed(), kept.changed()].map(async (change) => {
    const changed = await change;

    told++;
    return changed;
  });

  for (let turns = 0; turns < 100; turns++)
    await new Promise(setImmediate);
  assert.equal(told, 0);
  fs.unlinkSync(at);
  assert.deepEqual(await Promise.all(waits), [true, true]);
  assert.equal(kept.restore(), true);
});

test('release_ends_the_waits_and_leaves_the_name', async () => {
  const { server, at } = await served();
  const kept = sockdup.takePath(server);

  assert.equal(filesBeside(at).length, 2);
  await kept.changed();
  kept.restore();
  const waits = [kept.changed(), kept.changed()];

  await new Promise(setImmediate);
  kept.release();
  kept.release();
  assert.deepEqual(await Promise.all(waits), [false, false]);
  assert.equal(await kept.changed(), false);
  assert.deepEqual(filesBeside(at), ['server']);
  assert.equal(await reads(connect(at), 5), 'hello');
  await fails(() => kept.restore(), 'EBADF', 'sockdup_unix_path_restore');
});

test('descriptor_will_do', async () => {
  const { server, at } = await served();
  const kept = taken(server._handle.fd);

  fs.unlinkSync(at);
  assert.equal(kept.restore(), true);
});

test('abstract_name_needs_nothing', async () => {
  const { server } = await served('\0sockdup node path');

  assert.equal(sockdup.takePath(server), null);
});

test('name_of_another_server_stays', async () => {
  const { server, at } = await served();
  const kept = taken(server);

  fs.unlinkSync(at);
  await listen(net.createServer((socket) => socket.end('other')), { path: at });
  await fails(() => kept.restore(), 'EEXIST', 'sockdup_unix_path_restore');
  assert.equal(await reads(connect(at), 5), 'other');
});

test('without_its_second_link_the_name_is_lost', async () => {
  const { server, at } = await served();
  const kept = taken(server);

  removeSpare(at);
  assert.equal(kept.restore(), false);
  fs.unlinkSync(at);
  await fails(() => kept.restore(), 'ESTALE', 'sockdup_unix_path_restore');
});

test('what_has_no_path_is_refused', async () => {
  const { server, at } = await served();
  const { served: accepted } = await connection({ path: path.join(directory(), 'other') });
  const wrong = [undefined, null, at, accepted, -1, 1.5];
  const take = (what) => () => sockdup.takePath(what);

  for (const what of wrong)
    assert.equal((await failure(take(what))).code, 'ERR_INVALID_ARG_VALUE', String(what));
  await fails(take(net.createServer()), 'EBADF', 'takePath');
  await fails(take(999), 'EBADF', 'sockdup_unix_path_take');
  await fails(take(await listen()), 'EAFNOSUPPORT', 'sockdup_unix_path_take');
  await fails(take(accepted._handle.fd), 'EISCONN', 'sockdup_unix_path_take');
  fs.unlinkSync(at);
  await fails(take(server), 'ENOENT', 'sockdup_unix_path_take');
  fs.writeFileSync(at, '');
  await fails(take(server), 'ESTALE', 'sockdup_unix_path_take');
  assert.deepEqual(filesBeside(at), ['server']);
});

// What runs there has the path of a server of its own in at, and keeps it.
const keeper = (program) => `
  const fs = require('fs');
  const net = require('net');
  const sockdup = require(${JSON.stringify(packagePath)});
  const server = net.createServer().listen(at, async () => { ${program} });
`;

test('unused_ones_end', () => {
  const at = path.join(directory(), 'server');
  const said = execFileSync(process.execPath, ['--expose-gc', '-e', `
    const at = ${JSON.stringify(at)};
    ${keeper(`
      const count = () => fs.readdirSync(require('path').dirname(at)).length;

      (() => { for (let i = 0; i < 10; i++) sockdup.takePath(server); })();
      console.log(count());
      const until = () => {
        gc();
        if (count() > 1)
          setImmediate(until);
        else
          server.close();
      };
      until();
    `)}
  `], { timeout: 600000 }).toString();

  assert.equal(said, '11\n');
});

test('thread_that_ends_while_it_waits_leaves_no_second_link', async () => {
  for (const wait of ['', 'await kept.changed(); kept.restore(); kept.changed();']) {
    const at = path.join(directory(), 'server');
    const worker = new Worker(`
      const { parentPort, workerData: at } = require('worker_threads');
      ${keeper(`
        globalThis.kept = sockdup.takePath(server);
        ${wait}
        setImmediate(() => parentPort.postMessage('waits'));
      `)}
    `, { eval: true, workerData: at });

    await once(worker, 'message');
    assert.equal(filesBeside(at).length, 2);
    await worker.terminate();
    assert(!filesBeside(at).some((name) => name.includes('.sockdup-')), filesBeside(at).join());
  }
});

test('wait_keeps_the_process_until_the_release', () => {
  const at = path.join(directory(), 'server');
  const said = execFileSync(process.execPath, ['-e', `
    const at = ${JSON.stringify(at)};
    ${keeper(`
      const kept = sockdup.takePath(server);

      server.unref();
      await kept.changed();
      kept.restore();
      setTimeout(() => kept.release(), 200).unref();
      console.log(await kept.changed());
    `)}
  `], { timeout: 600000 }).toString();

  assert.equal(said, 'false\n');
});

test('what_is_thrown_after_a_change_is_uncaught', () => {
  const at = path.join(directory(), 'server');
  const said = execFileSync(process.execPath, ['-e', `
    const at = ${JSON.stringify(at)};
    process.on('uncaughtException', ({ message }) => console.log(message));
    ${keeper(`
      const kept = sockdup.takePath(server);

      await kept.changed();
      kept.restore();
      fs.unlinkSync(at);
      await kept.changed();
      process.nextTick(() => { throw new Error('thrown'); });
      setImmediate(() => {
        console.log(kept.restore());
        kept.release();
        server.close();
      });
    `)}
  `], { timeout: 600000 }).toString();

  assert.equal(said, 'thrown\ntrue\n');
});
