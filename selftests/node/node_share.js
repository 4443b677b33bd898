// SPDX-License-Identifier: GPL-2.0-only
//
// Sockets of each kind change the process, and work on.

'use strict';

const assert = require('assert');
const { fork } = require('child_process');
const { once } = require('events');
const fs = require('fs');
const os = require('os');
const path = require('path');

const {
  Partner, cleanUp, connect, connection, datagramSocket, listen, packagePath, reads,
  share, sockdup, test,
} = require('./node_test.js');

// Run in the partner: what it takes over answers with its pid.
async function answerConnection(text) {
  const socket = sockdup.fromShare(sockdup.fromText(text));

  socket.on('data', (data) => socket.write(`${process.pid}: ${data}`));
  return socket.constructor.name;
}

async function answerConnections(text) {
  kept.server = sockdup.fromShare(sockdup.fromText(text));
  kept.server.on('connection', (socket) => socket.end(`${process.pid}`));
  await once(kept.server, 'listening');
  return [kept.server.constructor.name, kept.server.address()];
}

async function answerDatagrams(text) {
  const socket = sockdup.fromShare(sockdup.fromText(text));

  socket.on('message', (data, { address, port }) =>
    socket.send(`${process.pid}: ${data}`, port, address));
  return [socket.constructor.name, socket.address()];
}

async function connectionChangesProcess(at) {
  const partner = Partner.get();
  const { client, served } = await connection(at);
  const text = partner.share(served);

  served.destroy();
  assert.equal(await partner.run(answerConnection, text), 'Socket');
  client.write('hello');
  const wanted = `${partner.pid}: hello`;

  assert.equal(await reads(client, wanted.length), wanted);
}

async function whoAnswers(at) {
  const client = connect(at);
  let text = '';

  for await (const data of client)
    text += data;
  return Number(text);
}

async function whoAnswersHttp(client) {
  let text = '';

  client.write('GET / HTTP/1.1\r\nHost: sockdup\r\nConnection: close\r\n\r\n');
  for await (const data of client)
    text += data;
  assert(text.startsWith('HTTP/1.1 200 OK\r\n'), text);
  return Number(text.split('\r\n\r\n')[1]);
}

test('connection_changes_process', () => connectionChangesProcess());

test('connection_of_ipv6_changes_process', () => connectionChangesProcess({ port: 0, host: '::1' }));

test('connection_of_af_unix_changes_process', () => connectionChangesProcess({ path: '\0sockdup node' }));

test('listener_changes_process', async () => {
  const partner = Partner.get();
  const server = await listen();
  const address = server.address();
  const text = partner.share(server);

  server.close();
  assert.deepEqual(await partner.run(answerConnections, text), ['Server', address]);
  assert.equal(await whoAnswers(address), partner.pid);
});

// The partner learns no name of it, and the process that bound it removes its path.
test('listener_of_af_unix_changes_process', async () => {
  const partner = Partner.get();
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sockdup-'));
  const at = { path: path.join(directory, 'socket') };
  const server = await listen(undefined, at);

  cleanUp(() => fs.rmSync(directory, { recursive: true }));
  const [kind, address] = await partner.run(answerConnections, partner.share(server));

  assert.equal(kind, 'Server');
  assert(!address);
  fs.linkSync(at.path, `${at.path}.kept`);
  server.close();
  assert(!fs.existsSync(at.path));
  assert.equal(await whoAnswers(`${at.path}.kept`), partner.pid);
});

for (const [type, address] of [['udp4', '127.0.0.1'], ['udp6', '::1']])
  test(`datagram_socket_of_${type}_changes_process`, async () => {
    const partner = Partner.get();
    const [shared, client] = [await datagramSocket(type, address), await datagramSocket(type, address)];
    const at = shared.address();
    const text = partner.share(shared);

    shared.close();
    assert.deepEqual(await partner.run(answerDatagrams, text), ['Socket', at]);
    client.send('hello', at.port, at.address);
    const [data, from] = await once(client, 'message');

    assert.equal(String(data), `${partner.pid}: hello`);
    assert.equal(from.port, at.port);
  });

test('both_processes_keep_the_socket', async () => {
  const partner = Partner.get();
  const { client, served } = await connection();

  await partner.run((text) => {
    kept.socket = sockdup.fromShare(sockdup.fromText(text));
  }, partner.share(served));
  await partner.run(() => new Promise((done) => { kept.socket.write('one', done); }));
  assert.equal(await reads(client, 3), 'one');
  served.write('two');
  client.resume();
  assert.equal(await reads(client, 3), 'two');
});

test('a_descriptor_is_shared_by_its_number', async () => {
  const partner = Partner.get();
  const server = await listen();
  const [, address] = await partner.run(answerConnections, partner.share(server._handle.fd));

  assert.deepEqual(address, server.address());
});

test('target_is_the_peer_of_a_connection', async () => {
  const partner = Partner.get();
  const rendezvous = await listen(undefined, { path: '\0sockdup node peer' });
  const { served } = await connection();
  const [[peer]] = await Promise.all([
    once(rendezvous, 'connection'),
    partner.run(() => { kept.rendezvous = net.connect('\0sockdup node peer'); }),
  ]);

  cleanUp(() => peer.destroy());
  const info = share(served, peer);

  assert.equal(sockdup.query(info).target, partner.pid);
  assert.equal(await partner.run(answerConnection, sockdup.toText(info)), 'Socket');
});

test('target_is_a_user', async () => {
  const partner = Partner.get();
  const { served } = await connection();
  const info = share(served, { uid: process.getuid() });
  const { target, targetUid } = sockdup.query(info);

  assert.deepEqual([target, targetUid], [0, process.getuid()]);
  assert(sockdup.list().some((token) => token.targetUid === process.getuid()));
  assert.equal(await partner.run(answerConnection, sockdup.toText(info)), 'Socket');
});

test('target_is_a_user_of_any_number', async () => {
  const { served } = await connection();

  for (const uid of [1, 2 ** 31, 2 ** 32 - 2]) {
    const info = share(served, { uid });

    assert.equal(sockdup.query(info).targetUid, uid);
    assert.throws(() => sockdup.fromShare(info), { code: 'EPERM' });
    sockdup.revoke(info);
  }
});

test('target_is_a_control_group', async () => {
  const partner = Partner.get();
  const { served } = await connection();
  const cgroup = `/sys/fs/cgroup/sockdup-node-${process.pid}`;

  fs.mkdirSync(cgroup);
  const group = fs.openSync(cgroup);
  const number = fs.statSync(cgroup).ino;

  for (const target of [{ cgroup }, { cgroup: group }, { cgroup, uid: process.getuid() }]) {
    const info = share(served, target);
    const { target: pid, targetUid, targetCgroup } = sockdup.query(info);

    assert.deepEqual([pid, targetUid, targetCgroup], [0, target.uid, number]);
    assert(sockdup.list().some((token) => token.targetCgroup === number));
    assert.throws(() => sockdup.fromShare(info), { code: 'EPERM' });
    sockdup.revoke(info);
  }
  const info = sockdup.shareSet({ served }, { cgroup });

  assert.equal(sockdup.query(info).targetCgroup, number);
  sockdup.revoke(info);
  assert.throws(() => share(served, { cgroup: '/tmp' }), { code: 'EBADF' });
  assert.throws(() => share(served, { cgroup: '/none' }), { code: 'ENOENT' });
  assert.throws(() => share(served, { cgroup: -1 }), { name: 'TypeError' });
  fs.writeFileSync(`${cgroup}/cgroup.procs`, `${partner.pid}`);
  assert.equal(await partner.run(answerConnection, sockdup.toText(share(served, { cgroup }))),
    'Socket');
  fs.writeFileSync('/sys/fs/cgroup/cgroup.procs', `${partner.pid}`);
  fs.closeSync(group);
  fs.rmdirSync(cgroup);
});

// Its channel has JSON, as a rule, in which a Buffer is an object of numbers.
test('child_of_fork_gets_a_token_as_text', async () => {
  const { client, served } = await connection();
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sockdup-'));
  const program = path.join(directory, 'worker.js');

  cleanUp(() => fs.rmSync(directory, { recursive: true }));
  fs.writeFileSync(program, `
    const sockdup = require(${JSON.stringify(path.resolve(packagePath))});

    process.once('message', (text) => sockdup.fromShare(sockdup.fromText(text)).end('taken'));
  `);
  const worker = fork(program);

  cleanUp(() => worker.kill());
  worker.send(sockdup.toText(share(served, worker.pid)));
  served.destroy();
  assert.equal(await reads(client, 5), 'taken');
});

test('server_gets_the_connection', async () => {
  const partner = Partner.get();
  const { client, served } = await connection();
  const text = partner.share(served);

  served.destroy();
  await partner.run((given) => {
    kept.server = http.createServer((request, response) => response.end(`${process.pid}`));
    sockdup.fromShare(sockdup.fromText(given), { server: kept.server });
  }, text);
  assert.equal(await whoAnswersHttp(client), partner.pid);
});

test('server_gets_the_listening_socket', async () => {
  const partner = Partner.get();
  const server = await listen();
  const same = await partner.run(async (text) => {
    kept.server = http.createServer((request, response) => response.end(`${process.pid}`));
    const got = sockdup.fromShare(sockdup.fromText(text), { server: kept.server });

    await once(kept.server, 'listening');
    return got === kept.server;
  }, partner.share(server));
  const client = connect(server.address());

  server.close();
  assert(same);
  assert.equal(await whoAnswersHttp(client), partner.pid);
});

test('half_open_is_as_the_server_has_it', async () => {
  const partner = Partner.get();
  const { client, served } = await connection();

  await partner.run((text) => {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.resume().on('end', () => setImmediate(() => socket.end('after the end')));
    });

    sockdup.fromShare(sockdup.fromText(text), { server });
  }, partner.share(served));
  served.destroy();
  client.end('all');
  assert.equal(await reads(client, 13), 'after the end');
});

test('taking_over_sets_O_NONBLOCK_for_all_processes', async () => {
  const partner = Partner.get();
  const { served } = await connection();
  const { fd } = served._handle;
  const flags = () => parseInt(/flags:\s*(\d+)/.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`))[1], 8);

  served._handle.setBlocking(true);
  assert.equal(flags() & fs.constants.O_NONBLOCK, 0);
  await partner.run(answerConnection, partner.share(served));
  assert.notEqual(flags() & fs.constants.O_NONBLOCK, 0);
});

// Node does otherwise with some of these numbers than with others.
test('numbers_of_standard_streams_are_left_free', async () => {
  const partner = Partner.own();
  const taken = await partner.run((text) => {
    fs.closeSync(2);
    kept.socket = sockdup.fromShare(sockdup.fromText(text));
    return fs.existsSync('/proc/self/fd/2');
  }, partner.share(await datagramSocket()));

  assert(!taken);
});

test('thread_takes_over', async () => {
  const partner = Partner.get();
  const server = await listen();

  await partner.run(async (text, packagePath) => {
    const { Worker } = require('worker_threads');

    kept.worker = new Worker(`
      const { workerData, parentPort } = require('worker_threads');
      const sockdup = require(workerData.packagePath);
      const server = sockdup.fromShare(sockdup.fromText(workerData.text));

      server.on('connection', (socket) => socket.end(String(process.pid)));
      server.on('listening', () => parentPort.postMessage('listening'));
    `, { eval: true, workerData: { text, packagePath } });
    await once(kept.worker, 'message');
  }, partner.share(server), packagePath);
  const address = server.address();

  server.close();
  assert.equal(await whoAnswers(address), partner.pid);
});

// Where listen() may take the number for one of the primary process.
test('worker_of_a_cluster_takes_over_a_listener', async () => {
  const partner = Partner.inCluster();
  const server = await listen();
  const text = partner.share(server);
  const [, address] = await partner.run(answerConnections, text);

  assert.deepEqual(address, server.address());
  server.close();
  assert.equal(await whoAnswers(address), partner.pid);
});

test('worker_of_a_cluster_takes_over_a_datagram_socket', async () => {
  const partner = Partner.inCluster();
  const [shared, client] = [await datagramSocket(), await datagramSocket()];
  const [, at] = await partner.run(answerDatagrams, partner.share(shared));

  assert.deepEqual(at, shared.address());
  shared.close();
  client.send('hello', at.port, at.address);
  const [data] = await once(client, 'message');

  assert.equal(String(data), `${partner.pid}: hello`);
});
