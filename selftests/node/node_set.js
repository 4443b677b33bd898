// SPDX-License-Identifier: GPL-2.0-only
//
// shareSet() and fromShareSet(): several sockets, their names, and a payload.

'use strict';

const assert = require('assert');
const { execFileSync } = require('child_process');
const { once } = require('events');
const fs = require('fs');
const net = require('net');
const os = require('os');

const {
  Partner, cleanUp, connect, connection, datagramDescriptor, datagramSocket, descriptors, exported,
  failure, listen, otherSockets, packagePath, reads, share, sockdup, test,
} = require('./node_test.js');

const MOST = 1024;
const ttl = 3600000;

function shareSet(sockets, target = process.pid, options = {}) {
  return sockdup.shareSet(sockets, target, { ttl, ...options });
}

function close(socket) {
  if (socket instanceof net.Socket)
    socket.destroy();
  else
    socket.close();
}

// Takes over here, until the end of the test.
function taken(info, options) {
  const shared = sockdup.fromShareSet(info, options);

  for (const { socket } of shared.sockets)
    if (socket)
      cleanUp(() => close(socket));
  return shared;
}

const names = (sockets) => sockets.map(({ name }) => name);
const inodeOf = (fd) => Number(/^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`/proc/self/fd/${fd}`))[1]);

async function fails(body, code, syscall) {
  const error = await failure(body);

  assert.equal(error.code, code, error.stack);
  assert.equal(error.errno, -os.constants.errno[code]);
  assert.equal(error.syscall, syscall);
  assert(error.message.startsWith(`${code}: `), error.message);
  return error.message;
}

test('all_sockets_change_process_with_names_and_payload', async () => {
  const partner = Partner.get();
  const server = await listen();
  const { client, served } = await connection();
  const datagrams = await datagramSocket();
  const [address, at] = [server.address(), datagrams.address()];
  const info = shareSet({ web: server, request: served, dns: datagrams }, partner.pid,
    { payload: Buffer.from('ahead\0') });

  for (const socket of [server, served, datagrams])
    close(socket);
  const got = await partner.run((text) => {
    const { sockets, payload, source } = sockdup.fromShareSet(sockdup.fromText(text));
    const [web, request, dns] = sockets.map(({ socket }) => socket);

    Object.assign(kept, { web, request, dns });
    web.on('connection', (socket) => socket.end('web'));
    request.write('request');
    dns.on('message', (data, { address, port }) => dns.send('dns', port, address));
    return [sockets.map(({ name, socket }) => [name, socket.constructor.name]), String(payload), source];
  }, sockdup.toText(info));

  assert.deepEqual(got, [
    [['web', 'Server'], ['request', 'Socket'], ['dns', 'Socket']], 'ahead\0',
    { pid: process.pid, uid: process.getuid(), gid: process.getgid() },
  ]);
  assert.equal(await reads(client, 7), 'request');
  assert.equal(await reads(connect(address), 3), 'web');
  const asking = await datagramSocket();

  asking.send('?', at.port, at.address);
  assert.equal(String((await once(asking, 'message'))[0]), 'dns');
});

test('servers_get_the_sockets_of_their_names', async () => {
  const partner = Partner.get();
  const server = await listen();
  const { client, served } = await connection();
  const address = server.address();
  const info = shareSet({ web: server, request: served, constructor: await datagramSocket() }, partner.pid);

  server.close();
  served.destroy();
  const same = await partner.run(async (text) => {
    const [web, request, unused] = ['web', 'request', 'unused'].map((name) =>
      http.createServer((asked, response) => response.end(name)));
    const shared = sockdup.fromShareSet(sockdup.fromText(text), { servers: { web, request, unused } });

    Object.assign(kept, { web, request });
    await once(web, 'listening');
    return [shared.sockets[0].socket === web, request.listening, unused.listening];
  }, sockdup.toText(info));

  assert.deepEqual(same, [true, false, false]);
  for (const [asking, name] of [[client, 'request'], [connect(address), 'web']]) {
    asking.write('GET / HTTP/1.1\r\nHost: sockdup\r\nConnection: close\r\n\r\n');
    let text = '';

    for await (const data of asking)
      text += data;
    assert(text.endsWith(`\r\n\r\n${name}`), text);
  }
});

// The source has read the first of two messages.
test('payload_is_read_first_where_it_is_put_back', async () => {
  const partner = Partner.get();
  const { client, served } = await connection();

  client.write('ahead');
  const [payload] = await once(served, 'data');

  served.pause();
  const text = sockdup.toText(shareSet({ served }, partner.pid, { payload }));

  served.destroy();
  client.write(' and rest');
  await partner.run((given) => {
    const { sockets: [{ socket }], payload } = sockdup.fromShareSet(sockdup.fromText(given));

    socket.unshift(payload);
    Object.assign(kept, { socket });
    socket.on('data', (data) => socket.write(data));
  }, text);
  assert.equal(await reads(client, 14), 'ahead and rest');
});

test('pairs_may_have_names_alike_and_none', async () => {
  const datagrams = await datagramSocket();
  const fd = datagramDescriptor(datagrams);
  const pairs = [['a', datagrams], ['a', fd], ['', fd], ['\u2603'.repeat(21), fd]];

  assert.deepEqual(names(taken(shareSet(pairs)).sockets), pairs.map(([name]) => name));
  assert.deepEqual(names(taken(shareSet(new Map(pairs))).sockets), ['a', '', '\u2603'.repeat(21)]);
});

test('single_token_is_a_set_of_one', async () => {
  const server = await listen();
  const { sockets, payload } = taken(share(server, process.pid));

  assert.deepEqual(names(sockets), ['']);
  assert.deepEqual(sockets[0].socket.address(), server.address());
  assert.equal(payload.length, 0);
});

test('set_is_no_single_token', async () => {
  const datagrams = await datagramSocket();

  for (const info of [
    shareSet({ a: datagrams, b: datagrams }),
    shareSet({ a: datagrams }, process.pid, { payload: Buffer.from('ahead') }),
  ]) {
    const words = await fails(() => sockdup.fromShare(info), 'EMSGSIZE', 'sockdup_import');

    assert(words.includes('fromShareSet() imports it'), words);
    assert.equal(taken(info).sockets[0].name, 'a');
  }
});

test('largest_set_arrives_whole', async () => {
  const fd = datagramDescriptor(await datagramSocket());
  const payload = Buffer.from(Array.from({ length: 65536 }, (unused, at) => at % 251));
  const info = shareSet(Array.from({ length: MOST }, (unused, at) => [`s${at}`, fd]), process.pid, { payload });
  const shared = taken(info);

  assert.deepEqual(names(shared.sockets), Array.from({ length: MOST }, (unused, at) => `s${at}`));
  assert(shared.sockets.every(({ socket }) => inodeOf(datagramDescriptor(socket)) === inodeOf(fd)));
  assert(shared.payload.equals(payload));
});

test('without_room_for_all_the_token_lives_on', () => {
  const said = execFileSync('sh', ['-c', 'ulimit -n 100; exec "$0" -e "$1"', process.execPath, `
    const dgram = require('dgram');
    const fs = require('fs');
    const sockdup = require(${JSON.stringify(packagePath)});
    const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1', () => {
      const state = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol');
      const { fd } = socket[state].handle;
      const count = () => fs.readdirSync('/proc/self/fd').length;
      const info = sockdup.shareSet(Array.from({ length: 99 }, () => ['', fd]), process.pid);
      const before = count();

      try {
        sockdup.fromShareSet(info);
      } catch ({ code, syscall }) {
        console.log(code, syscall, count() - before, sockdup.querySet(info).length);
      }
      sockdup.revoke(info);
      socket.close();
    });
  `]).toString();

  assert.equal(said, 'EMFILE sockdup_import_set 0 99\n');
});

test('numbers_of_standard_streams_are_left_free', async () => {
  const partner = Partner.own();
  const datagrams = await datagramSocket();
  const taken = await partner.run((text) => {
    fs.closeSync(2);
    kept.shared = sockdup.fromShareSet(sockdup.fromText(text));
    return [fs.existsSync('/proc/self/fd/2'), kept.shared.sockets.map(({ socket }) => socket.address().port)];
  }, sockdup.toText(shareSet({ a: datagrams, b: datagrams }, partner.pid)));
  const { port } = datagrams.address();

  assert.deepEqual(taken, [false, [port, port]]);
});

test('list_and_queries_tell_of_all', async () => {
  const server = await listen();
  const datagrams = await datagramSocket();
  const info = shareSet({ web: server, dns: datagrams }, 1, { payload: Buffer.from('12345') });
  const [token] = sockdup.list({ source: process.pid });

  assert.deepEqual([token.name, token.sockets, token.payloadSize, token.type], ['web', 2, 5, 1]);
  assert.deepEqual(sockdup.querySet(info), [
    { name: 'web', family: 2, type: 1, protocol: 'TCP' },
    { name: 'dns', family: 2, type: 2, protocol: 'UDP' },
  ]);
  const { family, type, protocol, sockets, payloadSize } = sockdup.query(info);

  assert.deepEqual([family, type, protocol, sockets, payloadSize], [2, 1, 'TCP', 2, 5]);
  const [web, dns] = sockdup.listSockets(sockdup.tokenId(info));

  assert.deepEqual([web.name, web.local], ['web', server.address()]);
  assert.deepEqual([dns.name, dns.local, dns.protocol], ['dns', datagrams.address(), 'UDP']);
  assert.deepEqual([web.inode, dns.inode],
    [server._handle.fd, datagramDescriptor(datagrams)].map(inodeOf));
  assert(!('id' in web) && !('target' in web));
  sockdup.revoke(info);
  await fails(() => sockdup.listSockets(sockdup.tokenId(info)), 'ENOENT', 'sockdup_list_sockets');
  await fails(() => sockdup.querySet(info), 'ENOENT', 'sockdup_query_set');
  await fails(() => sockdup.fromShareSet(info), 'ENOENT', 'sockdup_query_set');
});

test('outcome_of_a_set_is_told', async () => {
  const datagrams = await datagramSocket();
  const { info, id, outcome } = sockdup.shareSetWithOutcome({ a: datagrams, b: datagrams }, process.pid,
    { ttl, payload: Buffer.from('ahead') });

  assert.equal(id, sockdup.tokenId(info));
  taken(info);
  const { kind, pid } = await outcome;

  assert.deepEqual([kind, pid], ['imported', process.pid]);
});

// Its connection ended meanwhile, or Node would not know that it is connected.
test('socket_that_cannot_be_taken_over_costs_no_other', async () => {
  const { client, served } = await connection();
  const [connected, other] = [await datagramSocket(), await datagramSocket()];
  const server = await listen();

  connected.connect(other.address().port, '127.0.0.1');
  await once(connected, 'connect');
  const info = shareSet([
    ['gone', served], ['connected', datagramDescriptor(connected)], ['again', server], ['whole', server],
  ]);

  client.resetAndDestroy();
  await once(served, 'error');
  await new Promise(setImmediate);
  const before = descriptors();
  const { sockets } = taken(info, { servers: { again: server } });

  assert.deepEqual(sockets.map(({ name, socket, error }) => [name, socket?.constructor.name, error?.code]), [
    ['gone', undefined, 'ENOTCONN'], ['connected', undefined, 'EISCONN'],
    ['again', undefined, 'EALREADY'], ['whole', 'Server', undefined],
  ]);
  for (const { name, error } of sockets)
    assert(!error || error.message.endsWith(`, fromShare '${name}'`), error?.message);
  assert.deepEqual(sockets[3].socket.address(), server.address());
  assert.equal(descriptors(), before + 1);
});

test('socket_that_node_has_no_class_for_stays_with_the_others', async () => {
  const { connection: tcp, netlink } = await otherSockets();
  const info = exported(`tcp=${tcp}`, `odd=${netlink}`);
  const before = descriptors();
  const words = await fails(() => sockdup.fromShareSet(info), 'EOPNOTSUPP', 'fromShare');

  assert(words.endsWith(", fromShare 'odd'"), words);
  assert.equal(descriptors(), before);
  assert.deepEqual(names(sockdup.querySet(info)), ['tcp', 'odd']);
  sockdup.revoke(info);
});

test('refusal_names_the_socket_and_makes_no_token', async () => {
  const datagrams = await datagramSocket();
  const words = await fails(() => shareSet({ dns: datagrams, web: net.createServer() }), 'EBADF', 'share');

  assert(words.endsWith(", share 'web'"), words);
  for (const [sockets, code, options] of [
    [{}, 'EINVAL'],
    [Array.from({ length: MOST + 1 }, () => ['', datagrams]), 'EINVAL'],
    [{ a: datagrams, b: 999 }, 'EBADF'],
    [{ a: datagrams, b: 1 }, 'ENOTSOCK'],
    [{ a: datagrams }, 'EMSGSIZE', { payload: new Uint8Array(65537) }],
  ])
    await fails(() => shareSet(sockets, process.pid, options), code, 'sockdup_export_set');
  assert.deepEqual(sockdup.list({ source: process.pid }), []);
});

test('arguments_are_checked', async () => {
  const datagrams = await datagramSocket();
  const a = { a: datagrams };
  const info = shareSet(a);
  const wrong = [
    () => sockdup.shareSet(),
    () => sockdup.shareSet('a', process.pid),
    () => sockdup.shareSet([datagrams], process.pid),
    () => sockdup.shareSet([['a', datagrams, 1]], process.pid),
    () => sockdup.shareSet([[1, datagrams]], process.pid),
    () => sockdup.shareSet({ a: {} }, process.pid),
    () => sockdup.shareSet({ ['n'.repeat(64)]: datagrams }, process.pid),
    () => sockdup.shareSet({ ['\u2603'.repeat(22)]: datagrams }, process.pid),
    () => sockdup.shareSet({ 'a\0b': datagrams }, process.pid),
    () => sockdup.shareSet({ '\ud800': datagrams }, process.pid),
    () => sockdup.shareSet(a),
    () => sockdup.shareSet(a, { uid: -1 }),
    () => sockdup.shareSet(a, process.pid, null),
    () => sockdup.shareSet(a, process.pid, { payload: 'text' }),
    () => sockdup.shareSet(a, process.pid, { ttl: -1 }),
    () => sockdup.shareSet(a, process.pid, { paylod: Buffer.alloc(1) }),
    () => sockdup.shareSetWithOutcome(a, process.pid, { paylod: Buffer.alloc(1) }),
    () => sockdup.fromShareSet(),
    () => sockdup.fromShareSet(info.subarray(1)),
    () => sockdup.fromShareSet(info, null),
    () => sockdup.fromShareSet(info, { server: net.createServer() }),
    () => sockdup.fromShareSet(info, { servers: null }),
    () => sockdup.fromShareSet(info, { servers: { a: {} } }),
    () => sockdup.querySet('text'),
    () => sockdup.listSockets(info),
    () => sockdup.listSockets('0123'),
  ];

  for (const body of wrong)
    assert.equal((await failure(body)).code, 'ERR_INVALID_ARG_VALUE', String(body));
  assert.deepEqual(names(taken(info).sockets), ['a']);
});
