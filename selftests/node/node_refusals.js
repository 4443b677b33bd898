// SPDX-License-Identifier: GPL-2.0-only
//
// What cannot be shared or taken over is refused with a reason, and leaves nothing behind.

'use strict';

const assert = require('assert');
const dgram = require('dgram');
const { once } = require('events');
const fs = require('fs');
const net = require('net');
const os = require('os');
const tls = require('tls');

const {
  Partner, cleanUp, connect, connection, datagramDescriptor, datagramSocket, descriptors, exported,
  failure, listen, otherSockets, share, sockdup, test,
} = require('./node_test.js');

// The error has the form of those of Node's system calls.
async function refuses(body, code, words, syscall = 'share') {
  const error = await failure(body);

  assert.equal(error.code, code, error.stack);
  assert.equal(error.errno, -os.constants.errno[code]);
  assert.equal(error.syscall, syscall);
  assert(error.message.startsWith(`${code}: `), error.message);
  assert(error.message.includes(words), error.message);
}

// No token has been made.
async function cannotShare(handle, code, words) {
  await refuses(() => sockdup.share(handle, process.pid), code, words);
  assert.deepEqual(sockdup.list({ source: process.pid }), []);
}

test('received_data_is_not_left_behind', async () => {
  const { client, served } = await connection();

  client.write('hello');
  await once(served, 'readable');
  await cannotShare(served, 'EBUSY', '5 bytes have been received and not read');
  served.read();
  sockdup.revoke(share(served, process.pid));
});

test('data_to_send_is_not_left_behind', async () => {
  const { client, served } = await connection();
  const sent = new Promise((done) => { served.write(Buffer.alloc(32 << 20), done); });

  await cannotShare(served, 'EBUSY', 'bytes are not sent yet');
  client.resume();
  await sent;
  sockdup.revoke(share(served, process.pid));
});

test('socket_that_connects_is_refused', async () => {
  const server = await listen();
  const client = connect(server.address());

  await cannotShare(client, 'ENOTCONN', "wait for 'connect'");
  await once(client, 'connect');
  sockdup.revoke(share(client, process.pid));
});

test('closed_ones_are_refused', async () => {
  const { served } = await connection();
  const datagrams = await datagramSocket();

  served.destroy();
  await cannotShare(served, 'EBADF', 'the socket is closed');
  datagrams.close();
  await cannotShare(datagrams, 'EBADF', 'the socket is closed');
  await cannotShare(net.createServer(), 'EBADF', 'the server does not listen');
  await cannotShare(new net.Socket(), 'EBADF', 'has not been connected');
});

test('datagram_socket_without_address_is_refused', async () => {
  const socket = dgram.createSocket('udp4');

  cleanUp(() => socket.close());
  await cannotShare(socket, 'EBADF', 'bind() it first');
});

test('connected_datagram_socket_is_refused', async () => {
  const [socket, other] = [await datagramSocket(), await datagramSocket()];

  socket.connect(other.address().port, '127.0.0.1');
  await once(socket, 'connect');
  await cannotShare(socket, 'EISCONN', 'disconnect() it first');
  socket.disconnect();
  sockdup.revoke(share(socket, process.pid));
});

test('tls_socket_is_refused', async () => {
  const { client, served } = await connection();
  const secured = new tls.TLSSocket(served, { isServer: true });

  cleanUp(() => secured.destroy());
  secured.on('error', () => {});
  await cannotShare(secured, 'EOPNOTSUPP', 'the keys of a TLS socket stay in this process');
  client.destroy();
});

// The primary process has the descriptor, and hands the worker connections.
test('listener_of_a_cluster_is_refused', async () => {
  const partner = Partner.inCluster();
  const error = await partner.run(async () => {
    const server = net.createServer().listen(0, '127.0.0.1');

    await once(server, 'listening');
    try {
      sockdup.share(server, process.pid);
    } catch ({ code, message }) {
      return { code, message };
    }
    return null;
  });

  assert.equal(error.code, 'EOPNOTSUPP');
  assert(error.message.includes('listen with exclusive: true'), error.message);
});

test('arguments_are_checked', async () => {
  const { served } = await connection();
  const info = share(served, process.pid);
  const wrong = [
    () => sockdup.share(),
    () => sockdup.share({}, process.pid),
    () => sockdup.share(-1, process.pid),
    () => sockdup.share(1.5, process.pid),
    () => sockdup.share(served),
    () => sockdup.share(served, '1'),
    () => sockdup.share(served, NaN),
    () => sockdup.share(served, 2 ** 32 + process.pid),
    () => sockdup.share(served, { uid: -1 }),
    () => sockdup.share(served, { uid: 2 ** 32 }),
    () => sockdup.share(served, { uid: 'root' }),
    () => sockdup.share(served, { user: 1 }),
    () => sockdup.share(served, {}),
    () => sockdup.share(served, process.pid, null),
    () => sockdup.share(served, process.pid, { ttl: -1 }),
    () => sockdup.share(served, process.pid, { ttl: 2 ** 32 }),
    () => sockdup.shareWithOutcome(served, process.pid, { tll: 5 }),
    () => sockdup.shareWithOutcome({}, process.pid),
    () => sockdup.fromShare(),
    () => sockdup.fromShare('sockdup1:'),
    () => sockdup.fromShare(info.subarray(1)),
    () => sockdup.fromShare(Buffer.concat([info, info])),
    () => sockdup.fromShare(info, null),
    () => sockdup.fromShare(info, { server: {} }),
    () => sockdup.query(),
    () => sockdup.revoke(1),
    () => sockdup.revoke('0123'),
    () => sockdup.list({ uid: -1 }),
    () => sockdup.list({ target: 'all' }),
    () => sockdup.list({ taget: 5 }),
    () => sockdup.share(served, process.pid, { tll: 5 }),
    () => sockdup.share(served, 0),
    () => sockdup.fromShare(info, { servr: {} }),
    () => sockdup.tokenId(1),
    () => sockdup.tokenId(info.subarray(1)),
    () => sockdup.tokenId(Buffer.alloc(128)),
    () => sockdup.toText('text'),
    () => sockdup.fromText(info),
  ];

  for (const body of wrong)
    assert.equal((await failure(body)).code, 'ERR_INVALID_ARG_VALUE', String(body));
  sockdup.revoke(info);
});

// Whether one socket or a set is exported: the kernel has one errno for several causes.
async function blames(served, target, code, words, options = {}) {
  const syscall = 'sockdup_export';
  const both = target.uid !== undefined && target.cgroup !== undefined;

  await refuses(() => sockdup.share(served, target, options), code, words, both ? `${syscall}_set` : syscall);
  await refuses(() => sockdup.shareSet({ served }, target, options), code, words, `${syscall}_set`);
}

test('errors_name_each_kind_of_target', async () => {
  const { served } = await connection();
  const cgroup = `/sys/fs/cgroup/sockdup-node-${process.pid}`;
  const tooLong = 'a ttl above the default needs a target of the same user, one that has opened the device, ' +
    'a control group whose directory this user may write to';

  fs.mkdirSync(cgroup);
  const removed = fs.openSync(cgroup);

  cleanUp(() => fs.closeSync(removed));
  await blames(served, { cgroup: '/tmp' }, 'EBADF', 'cgroup is not a directory of control groups of version 2');
  await blames(served, { cgroup: '/sys/fs/cgroup' }, 'EINVAL', 'cgroup is the root of all control groups');
  await blames(served, { uid: 2 ** 32 - 1 }, 'EINVAL', 'uid is no user of this user namespace');
  await blames(served, { uid: 1 }, 'EINVAL', 'ttl is above info().maxTtl', { ttl: 2 ** 32 - 1 });
  await blames(served, served, 'EINVAL', 'the socket that names the target is not one of AF_UNIX');
  process.seteuid(65534);
  try {
    for (const target of [{ uid: 1 }, { cgroup }, { uid: 1, cgroup }])
      await blames(served, target, 'EPERM', tooLong, { ttl: 120000 });
  } finally {
    process.seteuid(0);
    fs.rmdirSync(cgroup);
  }
  await blames(served, { cgroup: removed }, 'ESRCH', 'the control group has been removed');
  await blames(served, 2 ** 22 - 1, 'ESRCH', 'there is no such process');
  await refuses(() => sockdup.shareSet({}, 1), 'EINVAL', 'no socket, or more than 1024', 'sockdup_export_set');
  assert.deepEqual(sockdup.list({ source: process.pid }), []);
});

test('socket_that_node_has_no_class_for_stays_in_its_token', async () => {
  const info = exported((await otherSockets()).netlink);

  await refuses(() => sockdup.fromShare(info), 'EOPNOTSUPP', 'Node has no class for a socket of family 16',
    'fromShare');
  assert.equal(sockdup.query(info).family, 16);
  sockdup.revoke(info);
});

test('failed_take_over_leaves_no_descriptor', async () => {
  const [connected, other] = [await datagramSocket(), await datagramSocket()];

  connected.connect(other.address().port, '127.0.0.1');
  await once(connected, 'connect');
  const server = await listen();
  const infos = [
    share(datagramDescriptor(connected), process.pid),
    share(server, process.pid),
  ];
  const before = descriptors();

  await refuses(() => sockdup.fromShare(infos[0]), 'EISCONN', 'connected datagram socket', 'fromShare');
  await refuses(() => sockdup.fromShare(infos[1], { server }), 'EALREADY', 'listens already', 'fromShare');
  assert.equal(descriptors(), before);
  assert.deepEqual(sockdup.list({ source: process.pid }), []);
});

test('socket_that_lost_its_peer_is_refused', async () => {
  const { client, served } = await connection();
  const before = descriptors();
  const info = share(served, process.pid);

  client.resetAndDestroy();
  await once(served, 'error');
  await new Promise(setImmediate);
  await refuses(() => sockdup.fromShare(info), 'ENOTCONN', 'neither listens nor has a peer', 'fromShare');
  assert(descriptors() < before);
});
