// SPDX-License-Identifier: GPL-2.0-only
//
// What Node tells of tokens: query, list, monitor, info and the errors.

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
  Partner, cleanUp, connection, datagramSocket, failure, listen, packagePath, share, sockdup, test,
} = require('./node_test.js');

const ID = /^[0-9a-f]{16}$/;

async function fails(body, code, syscall) {
  const error = await failure(body);

  assert(error instanceof Error);
  assert.equal(error.code, code, error.stack);
  assert.equal(error.errno, -os.constants.errno[code]);
  assert.equal(error.syscall, syscall);
  assert(error.message.startsWith(`${code}: `) && error.message.endsWith(`, ${syscall}`), error.message);
}

async function udpToken(target = process.pid, options = undefined) {
  return share(await datagramSocket(), target, options);
}

test('query_tells_of_a_token', async () => {
  const info = await udpToken(1, { ttl: 600000 });
  const { age, left, ...rest } = sockdup.query(info);

  assert.deepEqual(rest, {
    family: 2, type: 2, protocol: 'UDP', sockets: 1, payloadSize: 0, target: 1,
    source: { pid: process.pid, uid: process.getuid(), gid: process.getgid() },
  });
  assert(age >= 0 && left > 0 && age + left <= 600001);
  sockdup.revoke(info);
});

test('list_tells_of_tokens', async () => {
  const { client, served } = await connection();
  const info = share(served, 1);
  const [{ id, age, left, inode, netns, ...rest }, ...others] =
    sockdup.list({ source: process.pid });

  assert.deepEqual(others, []);
  assert.match(id, ID);
  assert.equal(fs.readlinkSync(`/proc/self/fd/${served._handle.fd}`), `socket:[${inode}]`);
  assert.equal(fs.readlinkSync('/proc/self/ns/net'), `net:[${netns}]`);
  assert.deepEqual(rest, {
    target: 1, source: process.pid, uid: 0, gid: 0, sockets: 1, payloadSize: 0,
    name: '', family: 2, type: 1, protocol: 'TCP',
    ipv6Only: false, state: 1,
    local: served.address(),
    remote: client.address(),
  });
  assert.equal(sockdup.list({ target: 1, uid: 0 }).length, 1);
  assert.deepEqual(sockdup.list({ uid: 65534 }), []);
  assert.deepEqual(sockdup.list({ target: process.pid }), []);
  sockdup.revoke(info);
});

test('list_has_addresses_of_each_family', async () => {
  const servers = [
    await listen(undefined, { port: 0, host: '::1' }),
    await listen(undefined, { path: '\0sockdup list' }),
    await listen(undefined, { path: `${os.tmpdir()}/sockdup-list-${process.pid}` }),
  ];
  const infos = servers.map((server) => share(server, process.pid));
  const locals = sockdup.list({ source: process.pid }).map(({ local }) => local);

  // Node 18 makes an abstract name of NULs alone, and later ones fill it up with them.
  const known = ({ path: name, ...rest }) => (name?.startsWith('\0') ? 'abstract' : name ?? rest);

  assert.deepEqual(new Set(locals.map(known)), new Set([
    servers[0].address(), 'abstract', servers[2].address(),
  ]));
  infos.forEach(sockdup.revoke);
});

test('revoke_takes_bytes_and_ids', async () => {
  const infos = [await udpToken(), await udpToken()];

  sockdup.revoke(infos[0]);
  const [{ id }] = sockdup.list({ source: process.pid });

  sockdup.revoke(id);
  assert.deepEqual(sockdup.list({ source: process.pid }), []);
  await fails(() => sockdup.revoke(infos[0]), 'ENOENT', 'sockdup_revoke');
  await fails(() => sockdup.revoke(id), 'ENOENT', 'sockdup_revoke_id');
});

test('text_form_names_the_same_token', async () => {
  const info = await udpToken();
  const text = sockdup.toText(info);

  assert.match(text, /^sockdup1:/);
  sockdup.revoke(sockdup.fromText(text));
  await fails(() => sockdup.query(info), 'ENOENT', 'sockdup_query');
  await fails(() => sockdup.fromText(`${text}.`), 'EINVAL', 'sockdup_info_from_text');
  await fails(() => sockdup.fromText(`${text}\0`), 'EINVAL', 'sockdup_info_from_text');
  const other = text[12] === 'a' ? 'b' : 'a';

  await fails(() => sockdup.fromText(text.slice(0, 12) + other + text.slice(13)), 'EBADMSG',
    'sockdup_info_from_text');
  await fails(() => sockdup.toText(Buffer.alloc(128)), 'EINVAL', 'sockdup_info_to_text');
});

test('info_tells_of_the_module', () => {
  const { abiVersion, features, defaultTtl, maxTtl, maxSockets } = sockdup.info();

  assert.equal(abiVersion, 1);
  assert(features & 1);
  assert(defaultTtl > 0 && defaultTtl <= maxTtl && maxSockets >= 1);
});

test('token_ends_with_the_handle_if_asked_to', async () => {
  const partner = Partner.own();
  const texts = await partner.run(async (target) => {
    const server = net.createServer().listen(0, '127.0.0.1');

    await once(server, 'listening');
    return [true, false].map((endOnClose) =>
      sockdup.toText(sockdup.share(server, target, { endOnClose, ttl: 3600000 })));
  }, process.pid);
  const [ending, staying] = texts.map(sockdup.fromText);

  partner.child.kill();
  await once(partner.child, 'exit');
  await fails(() => sockdup.query(ending), 'ENOENT', 'sockdup_query');
  sockdup.revoke(staying);
});

test('errors_are_as_those_of_system_calls', async () => {
  const partner = Partner.get();
  const socket = await datagramSocket();
  const info = share(socket, partner.pid);

  await fails(() => sockdup.fromShare(info), 'EPERM', 'sockdup_import');
  sockdup.revoke(info);
  await fails(() => sockdup.fromShare(info), 'ENOENT', 'sockdup_query');
  await fails(() => sockdup.fromShare(Buffer.alloc(128)), 'EINVAL', 'sockdup_query');
  await fails(() => sockdup.share(socket, 0x7fffffff), 'ESRCH', 'sockdup_export');
  await fails(() => sockdup.share(socket, 1, { ttl: 0xffffffff }), 'EINVAL', 'sockdup_export');
  await fails(() => sockdup.share(0, 1), 'ENOTSOCK', 'sockdup_export');
  await fails(() => sockdup.share(0x7fffffff, 1), 'EBADF', 'sockdup_export');
  await fails(() => sockdup.share(socket, new net.Socket()), 'ENOTCONN', 'share');
});

// The process has no descriptor left: the token lives on.
test('failed_import_keeps_the_token', async () => {
  const partner = Partner.own();
  const info = await udpToken(partner.pid);
  const error = await partner.run(async (text) => {
    const { execFileSync } = require('child_process');
    const limit = (files) => execFileSync('prlimit', ['--pid', process.pid, `--nofile=${files}:`]);
    const taken = fs.readdirSync('/proc/self/fd').length;

    sockdup.info();
    limit(taken - 4);
    try {
      sockdup.fromShare(sockdup.fromText(text));
    } catch ({ code, syscall }) {
      return { code, syscall };
    }
    return null;
  }, sockdup.toText(info));

  assert.deepEqual(error, { code: 'EMFILE', syscall: 'sockdup_import' });
  assert.equal(sockdup.query(info).target, partner.pid);
  sockdup.revoke(info);
});

test('without_the_device_the_error_says_so', () => {
  const said = execFileSync('unshare', ['--mount', '--propagation', 'unchanged', 'sh', '-c', 'mount -t tmpfs none /dev && exec "$@"', 'sh',
    process.execPath, '-e', `
      try {
        require(${JSON.stringify(packagePath)}).info();
      } catch ({ code, message }) {
        console.log(code, message);
      }
    `]).toString();

  assert.match(said, /^ENODEV ENODEV: the sockdup module is not loaded/);
});

// Notifications of earlier tests may still be on their way.
async function nextOf(monitor, id) {
  for (;;) {
    const { value, done } = await monitor.next();

    if (done || value.id === id)
      return value;
  }
}

function idOf(info) {
  const before = sockdup.list({ source: process.pid });

  assert.equal(before.length, 1);
  return [before[0].id, info];
}

test('monitor_tells_what_happens', async () => {
  const monitor = sockdup.monitor();
  const [id, info] = idOf(await udpToken());

  assert.deepEqual(await nextOf(monitor, id), { event: 'exported', id, uid: 0 });
  sockdup.revoke(info);
  assert.deepEqual(await nextOf(monitor, id), { event: 'revoked', id, uid: 0 });
  monitor.close();
  assert.deepEqual(await monitor.next(), { value: undefined, done: true });
});

test('monitor_ends_with_its_loop', async () => {
  const info = await udpToken();
  const monitor = sockdup.monitor();

  sockdup.revoke(info);
  for await (const { event } of monitor)
    if (event === 'revoked')
      break;
  assert.equal((await monitor.next()).done, true);
});

test('monitor_that_waits_lets_the_loop_go_on', async () => {
  const monitor = sockdup.monitor();
  let waiting = true;
  const [id, info] = idOf(await udpToken());
  const revoked = (async () => {
    await nextOf(monitor, id);
    const { event } = await nextOf(monitor, id);

    waiting = false;
    return event;
  })();

  for (let turns = 0; turns < 100; turns++)
    await new Promise(setImmediate);
  assert(waiting);
  sockdup.revoke(info);
  assert.equal(await revoked, 'revoked');
  monitor.close();
});

test('closing_a_monitor_ends_its_waits', async () => {
  const monitor = sockdup.monitor();
  const waits = [monitor.next(), monitor.next()];

  await new Promise(setImmediate);
  monitor.close();
  monitor.close();
  for (const { done } of await Promise.all(waits))
    assert(done);
});

// The buffer of its socket is small, and full before anybody reads.
test('monitor_tells_of_lost_notifications', async () => {
  const setting = '/proc/sys/net/core/rmem_default';
  const usual = fs.readFileSync(setting);

  fs.writeFileSync(setting, '4096');
  const monitor = sockdup.monitor();

  fs.writeFileSync(setting, usual);
  const socket = await datagramSocket();

  for (let round = 0; round < 100; round++)
    sockdup.revoke(share(socket, process.pid));
  let event;

  do
    ({ value: { event } } = await monitor.next());
  while (event !== 'lost');
  monitor.close();
});

test('thread_ends_while_its_monitor_waits', async () => {
  const worker = new Worker(`
    const { parentPort, workerData } = require('worker_threads');
    const monitor = require(workerData).monitor();

    (async () => {
      for await (const event of monitor);
    })();
    setImmediate(() => parentPort.postMessage('waits'));
  `, { eval: true, workerData: packagePath });

  await once(worker, 'message');
  assert.equal(await worker.terminate(), 1);
});

// Nothing else keeps the process alive, or does.
test('process_ends_while_its_monitor_waits', () => {
  const status = execFileSync(process.execPath, ['-e', `
    const monitor = require(${JSON.stringify(packagePath)}).monitor();

    monitor.next();
    setImmediate(() => { console.log('exits'); process.exit(); });
  `]).toString();

  assert.equal(status, 'exits\n');
});

test('unused_monitors_are_collected', () => {
  const left = execFileSync(process.execPath, ['--expose-gc', '-e', `
    const fs = require('fs');
    const sockdup = require(${JSON.stringify(packagePath)});
    const count = () => fs.readdirSync('/proc/self/fd').length;
    const before = count();

    (() => { for (let i = 0; i < 50; i++) sockdup.monitor(); })();
    const until = () => {
      gc();
      if (count() > before + 1)
        setImmediate(until);
    };
    until();
  `], { timeout: 600000 }).toString();

  assert.equal(left, '');
});

test('monitor_takes_a_capability', async () => {
  // That user may not be able to read the package.
  const said = execFileSync(process.execPath, ['-e', `
    const sockdup = require(${JSON.stringify(packagePath)});

    process.setgroups([]);
    process.setuid(65534);
    try {
      sockdup.monitor();
    } catch ({ code, message }) {
      console.log(code, message);
    }
  `]).toString();

  assert.match(said, /^EPERM EPERM: notifications need CAP_NET_ADMIN, sockdup_subscribe/);
});

test('modules_import_it_as_well', () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sockdup-'));
  const program = path.join(directory, 'program.mjs');

  cleanUp(() => fs.rmSync(directory, { recursive: true }));
  fs.mkdirSync(path.join(directory, 'node_modules'));
  fs.symlinkSync(path.resolve(packagePath), path.join(directory, 'node_modules', 'sockdup'));
  fs.writeFileSync(program, `
    import sockdup, * as all from 'sockdup';

    console.log(Object.keys(sockdup).every((name) => all[name] === sockdup[name]));
  `);
  assert.equal(execFileSync(process.execPath, [program]).toString(), 'true\n');
});
