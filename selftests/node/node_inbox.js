// SPDX-License-Identifier: GPL-2.0-only
//
// Inboxes: what is posted through a binding is accepted in the process that has the inbox.

'use strict';

const assert = require('assert');
const { execFileSync } = require('child_process');
const { once } = require('events');
const net = require('net');
const os = require('os');
const { Worker } = require('worker_threads');

const {
  Partner, cleanUp, connect, connection, datagramDescriptor, datagramSocket, descriptors,
  failure, listen, packagePath, reads, sockdup, test,
} = require('./node_test.js');

const PER_TURN = 16;
const IOC_ACCEPT = 0xc048de0e;
const turn = () => new Promise(setImmediate);

async function turns(count) {
  for (let i = 0; i < count; i++)
    await turn();
}

function close(socket) {
  if (socket instanceof net.Socket)
    socket.destroy();
  else
    socket.close();
}

function closeAll({ sockets }) {
  for (const { socket } of sockets)
    if (socket)
      close(socket);
}

function opened(options) {
  const inbox = sockdup.openInbox(options);

  cleanUp(() => inbox.close());
  return inbox;
}

function bound(target = process.pid) {
  const binding = sockdup.bind(target);

  cleanUp(() => binding.close());
  return binding;
}

// The test is receiver and sender.
function both(options) {
  return { inbox: opened(options), binding: bound() };
}

// What comes is kept, until the end of the test.
function accepting(inbox) {
  const posts = [];

  inbox.on('socket', (socket, post) => {
    assert.equal(socket, post.socket);
    posts.push(post);
  });
  cleanUp(() => posts.forEach(closeAll));
  return posts;
}

async function comes(posts, count) {
  while (posts.length < count)
    await turn();
  return posts;
}

// Posts that can be told apart, of one socket.
async function postAll(binding, count, fd) {
  const ids = [];

  for (let cookie = 0; cookie < count; cookie++)
    ids.push(await binding.post(fd, { cookie }));
  return ids;
}

async function someDescriptor() {
  return datagramDescriptor(await datagramSocket());
}

const cookies = (posts) => posts.map(({ cookie }) => Number(cookie));

async function fails(body, code, syscall) {
  const error = await failure(body);

  assert.equal(error.code, code, error.stack);
  assert.equal(error.errno, -os.constants.errno[code]);
  assert.equal(error.syscall, syscall);
  assert(error.message.startsWith(`${code}: `), error.message);
  return error.message;
}

// What a program of its own prints, which must end by itself.
function printed(program, ...shell) {
  const [command, ...given] = [...shell, process.execPath, '--expose-gc', '-e', `
    const dgram = require('dgram');
    const fs = require('fs');
    const net = require('net');
    const sockdup = require(${JSON.stringify(packagePath)});
    const count = () => fs.readdirSync('/proc/self/fd').length;

    (async () => { ${program} })();
  `];

  return execFileSync(command, given, { timeout: 600000 }).toString();
}

// In such a program: a connection of which it has both ends.
const PAIR = `
  const server = net.createServer({ pauseOnConnect: true });
  const connected = async () => {
    const client = net.connect(server.address().port, '127.0.0.1');
    const [[served]] = await Promise.all([require('events').once(server, 'connection'),
      require('events').once(client, 'connect')]);
    return [client, served];
  };
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
`;

// Run in the partner: what it accepts answers with its pid.
function answerPosts() {
  kept.inbox = sockdup.openInbox({ messageSize: 64 });
  kept.inbox.on('socket', (socket, { message, cookie, source }) => {
    socket.on('data', (data) =>
      socket.write(`${process.pid}: ${data} ${message} ${cookie} ${source.pid}`));
  });
}

test('posted_connection_changes_process', async () => {
  const partner = Partner.own();
  const { client, served } = await connection();

  await partner.run(answerPosts);
  const binding = bound(partner.pid);

  assert.deepEqual(binding.limits, { slots: 64, messageSize: 64, maxSockets: 1 });
  await binding.post(served, { message: Buffer.from('ahead'), cookie: 7, close: true });
  assert(served.destroyed);
  client.write('hello');
  const wanted = `${partner.pid}: hello ahead 7 ${process.pid}`;

  assert.equal(await reads(client, wanted.length), wanted);
});

test('post_has_what_its_sender_says', async () => {
  const { inbox, binding } = both({ messageSize: 16 });
  const posts = accepting(inbox);
  const { served } = await connection();
  const cookie = 0xfedcba9876543210n;
  const id = await binding.post(served, { cookie, message: Buffer.from('1234567890123456') });

  assert(/^[0-9a-f]{16}$/.test(id), id);
  const [post] = await comes(posts, 1);

  assert.deepEqual({ ...post, socket: null, sockets: null }, {
    socket: null, sockets: null, cookie, id, message: Buffer.from('1234567890123456'),
    source: { pid: process.pid, uid: process.getuid(), gid: process.getgid() },
  });
  assert.equal(post.socket.remotePort, served.remotePort);
  assert.deepEqual(post.sockets, [{ socket: post.socket }]);
  await binding.post(served);
  await comes(posts, 2);
  assert.deepEqual([posts[1].cookie, posts[1].message], [0n, Buffer.alloc(0)]);
});

test('each_kind_of_socket_has_its_class', async () => {
  const { inbox, binding } = both({ maxSockets: 3 });
  const posts = accepting(inbox);
  const server = await listen();
  const { served } = await connection();
  const datagrams = await datagramSocket();

  await binding.post([server, served, datagrams]);
  const [{ socket, sockets }] = await comes(posts, 1);

  assert.deepEqual(sockets.map(({ socket: one }) => one.constructor.name), ['Server', 'Socket', 'Socket']);
  assert.equal(socket, sockets[0].socket);
  assert.deepEqual(socket.address(), server.address());
  assert.deepEqual(sockets[2].socket.address(), datagrams.address());
});

test('largest_post_arrives_whole', async () => {
  const { inbox, binding } = both({ slots: 2, maxSockets: 1024, messageSize: 4096 });
  const posts = accepting(inbox);
  const datagrams = await datagramSocket();
  const message = Buffer.from(Array.from({ length: 4096 }, (unused, at) => at % 251));

  await binding.post(Array.from({ length: 1024 }, () => datagramDescriptor(datagrams)), { message });
  const [{ sockets, message: got }] = await comes(posts, 1);

  assert.equal(sockets.length, 1024);
  assert(sockets.every(({ socket }) => socket.address().port === datagrams.address().port));
  assert(got.equals(message));
});

test('posts_keep_their_order', async () => {
  const { inbox, binding } = both({ slots: 4 });
  const fd = await someDescriptor();
  const all = Array.from({ length: 100 }, (unused, cookie) => binding.post(fd, { cookie }));
  const posts = accepting(inbox);
  const ids = await Promise.all(all);

  await comes(posts, 100);
  assert.deepEqual(cookies(posts), [...all.keys()]);
  assert.deepEqual(posts.map(({ id }) => id), ids);
});

test('nothing_is_accepted_while_nobody_listens', async () => {
  const { inbox, binding } = both();
  const fd = await someDescriptor();
  const [first] = await postAll(binding, 3, fd);

  inbox.on('error', () => {});
  await turns(20);
  inbox.decline(first);
  const posts = accepting(inbox);

  await comes(posts, 2);
  assert.deepEqual(cookies(posts), [1, 2]);
  inbox.removeAllListeners();
  const [id] = await postAll(binding, 1, fd);

  await turns(20);
  binding.revoke(id);
  inbox.once('socket', (socket, post) => { posts.push(post); });
  const [, last] = await postAll(binding, 2, fd);

  await comes(posts, 3);
  await turns(20);
  binding.revoke(last);
  assert.equal(posts.length, 3);
});

test('pause_leaves_posts_in_the_kernel', async () => {
  const { inbox, binding } = both();
  const posts = [];
  const fd = await someDescriptor();

  inbox.on('socket', (socket, post) => {
    posts.push(post);
    close(socket);
    inbox.pause();
  });
  assert.equal(inbox.isPaused(), false);
  const ids = await postAll(binding, 3, fd);

  await comes(posts, 1);
  await turns(20);
  assert.equal(inbox.isPaused(), true);
  binding.revoke(ids[1]);
  inbox.resume();
  await comes(posts, 2);
  assert.deepEqual(cookies(posts), [0, 2]);
});

test('post_waits_for_room_and_the_loop_goes_on', async () => {
  const { inbox, binding } = both({ slots: 2 });
  const fd = await someDescriptor();
  let waits = true;

  await postAll(binding, 2, fd);
  const third = binding.post(fd, { cookie: 2 }).then((id) => {
    waits = false;
    return id;
  });
  const fourth = binding.post(fd, { cookie: 3 });

  await turns(100);
  assert(waits);
  const posts = accepting(inbox);

  await Promise.all([third, fourth]);
  await comes(posts, 4);
  assert.deepEqual(cookies(posts), [0, 1, 2, 3]);
});

test('room_in_another_process_ends_a_wait', async () => {
  const partner = Partner.own();
  const fd = await someDescriptor();

  await partner.run(() => { kept.inbox = sockdup.openInbox({ slots: 1 }); });
  const binding = bound(partner.pid);

  await binding.post(fd);
  const second = binding.post(fd);

  await partner.run(() => { kept.inbox.on('socket', (socket) => socket.close()); });
  await second;
});

test('socket_that_changes_while_its_post_waits_is_refused', async () => {
  const { inbox, binding } = both({ slots: 1 });
  const { client, served } = await connection();
  const { served: closed } = await connection();

  await binding.post(served);
  const waiting = [binding.post(served), binding.post(closed)];
  const refusals = Promise.allSettled(waiting);

  client.write('hello');
  await once(served, 'readable');
  closed.destroy();
  const posts = accepting(inbox);

  assert.deepEqual((await refusals).map(({ reason }) => reason?.code), ['EBUSY', 'EBADF']);
  assert.equal((await comes(posts, 1)).length, 1);
});

test('a_turn_accepts_a_bounded_number', async () => {
  const { inbox, binding } = both();
  const fd = await someDescriptor();
  const inTurn = [0];

  await postAll(binding, 60, fd);
  let count = 0;

  inbox.on('socket', (socket) => {
    close(socket);
    inTurn[inTurn.length - 1]++;
    count++;
  });
  while (count < 60) {
    await turn();
    inTurn.push(0);
  }
  assert(Math.max(...inTurn) <= PER_TURN, inTurn.join());
});

test('listener_that_throws_leaks_no_descriptor', async () => {
  const said = printed(`
    ${PAIR}
    const thrown = [];

    process.on('uncaughtException', ({ message }) => thrown.push(message));
    const inbox = sockdup.openInbox({ maxSockets: 2 });
    const binding = sockdup.bind(process.pid);
    const ends = [];
    const before = count();

    for (let i = 0; i < 5; i++) {
      const [[client, served], [other, servedToo]] = [await connected(), await connected()];

      await binding.post([served, servedToo], { close: true });
      for (const one of [client, other])
        ends.push(new Promise((done) => one.resume().on('close', done)));
    }
    let posts = 0;

    inbox.on('socket', () => { throw new Error(String(posts++)); });
    await Promise.all(ends);
    console.log(thrown.join(), count() - before);
    inbox.close();
    server.close();
  `);

  assert.equal(said, '0,1,2,3,4 0\n');
});

test('revoked_and_declined_posts_are_let_go_of', async () => {
  const { inbox, binding } = both();

  for (const [who, what] of [[binding, 'revoke'], [inbox, 'decline']]) {
    const { client, served } = await connection();
    const ended = once(client.resume(), 'end');
    const id = await binding.post(served, { close: true });

    who[what](id);
    await ended;
    const words = await fails(() => who[what](id), 'ENOENT', 'sockdup_post_revoke');

    assert(words.includes('no such post waits'), words);
  }
});

test('post_ends_when_its_time_is_over', async () => {
  const { inbox, binding } = both();
  const { client, served } = await connection();
  const ended = once(client.resume(), 'end');

  await binding.post(served, { close: true, ttl: 100 });
  await ended;
  const posts = accepting(inbox);

  await turns(20);
  assert.equal(posts.length, 0);
});

test('without_descriptors_the_post_stays', () => {
  const said = printed(`
    const inbox = sockdup.openInbox();
    const binding = sockdup.bind(process.pid);
    const socket = dgram.createSocket('udp4');

    await new Promise((done) => socket.bind(0, '127.0.0.1', done));
    await binding.post(socket, { cookie: 5 });
    const files = [];
    const open = () => { files.push(fs.openSync('/dev/null')); };

    try { for (;;) open(); } catch {}
    inbox.on('error', ({ code, syscall }) => {
      console.log(code, syscall);
      files.forEach((fd) => fs.closeSync(fd));
    });
    inbox.on('socket', (got, { cookie }) => {
      console.log(String(cookie));
      got.close();
      inbox.close();
      socket.close();
    });
  `, 'sh', '-c', 'ulimit -n 100; exec "$0" "$@"');

  assert.equal(said, 'EMFILE sockdup_accept_set\n5\n');
});

// Runs Node with an answer of a security module, or another, to each accept.
const refusingAccepts = (number) => ['python3', '-c', `
import ctypes, os, struct, sys
ACCEPT = ${IOC_ACCEPT}
steps = [(0x20, 0, 0, 0), (0x15, 0, 3, 16), (0x20, 0, 0, 24), (0x15, 0, 1, ACCEPT),
         (0x06, 0, 0, 0x50000 | ${number}), (0x06, 0, 0, 0x7fff0000)]
program = b''.join(struct.pack('HBBI', *step) for step in steps)
memory = ctypes.create_string_buffer(program)
filter = struct.pack('HxxxxxxP', len(steps), ctypes.addressof(memory))
libc = ctypes.CDLL(None, use_errno=True)
assert not libc.prctl(38, 1, 0, 0, 0)
assert not libc.prctl(22, 2, ctypes.c_char_p(filter), 0, 0), ctypes.get_errno()
os.execv(sys.argv[1], sys.argv[1:])
`];

// What the inbox tells in two seconds, while a post waits; and how much the process works.
const TELLS = `
  const inbox = sockdup.openInbox();
  const socket = dgram.createSocket('udp4');
  const told = [];

  await new Promise((done) => socket.bind(0, '127.0.0.1', done));
  await sockdup.bind(process.pid).post(socket);
  for (const event of ['error', 'socketError'])
    inbox.on(event, ({ message }) => {
      told.push(event + ' ' + message);
      if (event === 'socketError')
        inbox.close();
    });
  inbox.on('socket', () => {});
  setTimeout(() => {
    inbox.close();
    socket.close();
    console.log(told.length <= 3, told[0]);
  }, 2000);
`;

test('post_that_a_security_module_refuses_has_ended', () => {
  const said = printed(TELLS, ...refusingAccepts(os.constants.errno.EACCES));

  assert.equal(said, 'true socketError EACCES: a security module refused, and the post has ended, sockdup_accept_set\n');
});

test('accept_that_fails_again_and_again_is_tried_later', () => {
  for (const code of ['EIO', 'EPERM', 'ENOMEM']) {
    const said = printed(TELLS, ...refusingAccepts(os.constants.errno[code]));

    assert(said.startsWith(`true error ${code}: `), said);
  }
});

// Its connection ended meanwhile.
test('socket_that_cannot_be_taken_over_costs_no_other', async () => {
  const { inbox, binding } = both({ maxSockets: 2 });
  const { client, served } = await connection();
  const server = await listen();
  const posts = [];

  await binding.post([served, server]);
  await binding.post(served, { cookie: 9, close: true });
  client.resetAndDestroy();
  await turns(20);
  const before = descriptors();

  inbox.on('socketError', (error, post) => posts.push([error.code, Number(post.cookie)]));
  inbox.on('socket', (socket, { sockets }) => {
    posts.push([socket.constructor.name, ...sockets.map(({ error }) => error?.code)]);
    close(socket);
  });
  await comes(posts, 2);
  assert.deepEqual(posts, [['Server', 'ENOTCONN', undefined], ['ENOTCONN', 9]]);
  assert.equal(descriptors(), before);
});

test('socket_that_node_has_no_class_for_is_closed', () => {
  const said = printed(`
    const inbox = sockdup.openInbox();
    const before = count();

    await sockdup.bind(process.pid).post(9, { cookie: 4 });
    inbox.on('socketError', ({ code }, { cookie }) => {
      console.log(code, String(cookie), count() - before);
      inbox.close();
    });
    inbox.on('socket', () => {});
  `, 'python3', '-c', `
import os, socket, sys
datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
os.dup2(datagrams.fileno(), 9, inheritable=True)
os.execv(sys.argv[1], sys.argv[1:])
`);

  assert.equal(said, 'EOPNOTSUPP 4 1\n');
});

test('iterator_takes_one_at_a_time', async () => {
  const { inbox, binding } = both();
  const fd = await someDescriptor();
  const ids = await postAll(binding, 4, fd);
  const got = [];

  for await (const { socket, cookie } of inbox) {
    got.push(Number(cookie));
    close(socket);
    await turns(5);
    if (got.length === 1)
      binding.revoke(ids[1]);
    if (cookie === 3n)
      break;
  }
  assert.deepEqual(got, [0, 2, 3]);
  await fails(() => binding.post(fd), 'EPIPE', 'sockdup_post_set');
});

test('iterator_ends_with_the_inbox', async () => {
  const { inbox } = both();
  const iterator = inbox[Symbol.asyncIterator]();
  const waits = [iterator.next(), iterator.next()];

  await turns(5);
  inbox.close();
  assert.deepEqual(await Promise.all(waits), [{ value: undefined, done: true }, { value: undefined, done: true }]);
  assert.equal((await iterator.next()).done, true);
});

test('inbox_that_closes_lets_go_of_its_posts', async () => {
  const { inbox, binding } = both({ slots: 1 });
  const { client, served } = await connection();
  const ended = once(client.resume(), 'end');

  await binding.post(served, { close: true });
  const waiting = binding.post(await someDescriptor());
  const refusal = fails(() => waiting, 'EPIPE', 'sockdup_post_set');

  inbox.close();
  inbox.close();
  await once(inbox, 'close');
  await refusal;
  await ended;
  const again = opened();

  assert.deepEqual(again.limits, { slots: 64, messageSize: 0, maxSockets: 1 });
});

test('closed_ones_refuse', async () => {
  const { inbox, binding } = both({ slots: 1 });
  const fd = await someDescriptor();
  const id = await binding.post(fd);
  const waiting = fails(() => binding.post(fd), 'EBADF', 'post');

  await turns(5);
  binding.close();
  binding.close();
  await waiting;
  await fails(() => binding.post(fd), 'EBADF', 'post');
  await fails(() => binding.revoke(id), 'EBADF', 'sockdup_post_revoke');
  inbox.close();
  await fails(() => inbox.decline(id), 'EBADF', 'sockdup_post_revoke');
  await fails(() => inbox.invite(process.pid, { to: 'post' }), 'EBADF', 'sockdup_inbox_invite');
  inbox.on('socket', () => {}).pause().resume().ref().unref();
});

test('what_cannot_be_posted_is_refused', async () => {
  const { binding } = both({ messageSize: 4 });
  const fd = await someDescriptor();

  await fails(() => binding.post([fd, fd]), 'EMSGSIZE', 'sockdup_post_set');
  await fails(() => binding.post(fd, { message: Buffer.alloc(5) }), 'EMSGSIZE', 'sockdup_post_set');
  await fails(() => binding.post([]), 'EINVAL', 'sockdup_post_set');
  await fails(() => binding.post(fd, { ttl: 0xffffffff }), 'EINVAL', 'sockdup_post_set');
  await fails(() => binding.post(999), 'EBADF', 'sockdup_post_set');
  await fails(() => binding.post(1), 'ENOTSOCK', 'sockdup_post_set');
  await fails(() => binding.post(net.createServer()), 'EBADF', 'share');
  await fails(() => binding.revoke('0123456789abcdef'), 'ENOENT', 'sockdup_post_revoke');
});

test('there_is_one_inbox_a_process', async () => {
  await fails(() => sockdup.bind(process.pid), 'ECONNREFUSED', 'sockdup_inbox_bind');
  await fails(() => sockdup.bind(4194303), 'ESRCH', 'sockdup_inbox_bind');
  opened();
  const words = await fails(() => sockdup.openInbox(), 'EBUSY', 'sockdup_inbox_open');

  assert(words.includes('this process has an inbox'), words);
});

test('users_are_who_may_post', async () => {
  const uid = process.getuid();

  opened({ users: [uid, 4711] });
  bound().close();
  await fails(() => sockdup.openInbox({ users: [uid, uid] }), 'EINVAL', 'sockdup_inbox_open');
  assert.throws(() => sockdup.openInbox({ users: [] }), { code: 'ERR_INVALID_ARG_VALUE' });
});

test('anybody_may_post', async () => {
  const { inbox, binding } = both({ users: 'anybody' });
  const posts = accepting(inbox);

  await binding.post(await someDescriptor());
  await comes(posts, 1);
});

test('peer_of_a_connection_has_the_inbox', async () => {
  opened();
  const at = `\0sockdup-${process.pid}`;
  const { client } = await connection({ path: at });
  const binding = bound(client);

  assert.equal(binding.limits.slots, 64);
  const { client: tcp } = await connection();

  await fails(() => sockdup.bind(tcp), 'EINVAL', 'sockdup_inbox_bind');
});

// Node makes no pidfd.
test('pidfd_names_the_process', async () => {
  opened({ slots: 3 });
  const said = printed(`
    console.log(sockdup.bind({ pidfd: 9 }).limits.slots);
    try { sockdup.bind({ pidfd: 0 }); } catch ({ code }) { console.log(code); }
  `, 'python3', '-c', `
import os, sys
os.dup2(os.pidfd_open(${process.pid}), 9, inheritable=True)
os.execv(sys.argv[1], sys.argv[1:])
`);

  assert.equal(said, '3\nEBADF\n');
});

test('process_ends_unless_it_accepts', () => {
  const start = 'const inbox = sockdup.openInbox(); const binding = sockdup.bind(process.pid);';

  printed(start);
  printed(`${start} inbox.on('socket', () => {}).pause();`);
  printed(`${start} inbox.on('socket', () => {}).unref();`);
  printed(`${start} inbox.unref().on('socket', () => {}).removeAllListeners('socket').ref();`);
  assert.equal(printed(`
    ${start}
    inbox.on('socket', (socket) => { console.log('accepts'); socket.close(); inbox.close(); });
    setTimeout(() => {
      const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1', () => {
        socket.unref();
        binding.post(socket);
      });
    }, 500).unref();
  `), 'accepts\n');
});

test('forgotten_ones_are_closed', () => {
  assert.equal(printed(`
    const devices = () => fs.readdirSync('/proc/self/fd')
      .filter((fd) => fs.existsSync('/proc/self/fd/' + fd))
      .filter((fd) => fs.readlinkSync('/proc/self/fd/' + fd) === '/dev/sockdup').length;

    (() => {
      sockdup.openInbox();
      for (let i = 0; i < 10; i++)
        sockdup.bind(process.pid);
    })();
    console.log(devices());
    while (devices()) {
      gc();
      await new Promise(setImmediate);
    }
  `), '11\n');
});

test('thread_ends_while_it_waits', async () => {
  const fd = await someDescriptor();

  for (let round = 0; round < 2; round++) {
    const thread = new Worker(`
      const { parentPort, workerData } = require('worker_threads');
      const sockdup = require(workerData.packagePath);
      const inbox = sockdup.openInbox({ slots: 1 });
      const binding = sockdup.bind(process.pid);

      binding.post(workerData.fd);
      binding.post(workerData.fd);
      setImmediate(() => parentPort.postMessage('waits'));
    `, { eval: true, workerData: { packagePath, fd } });

    await once(thread, 'message');
    assert.equal(await thread.terminate(), 1);
  }
  opened();
});

// Run in the partner.
function joinAndAnswer(text) {
  kept.inbox = sockdup.joinInbox(sockdup.fromText(text));
  kept.inbox.on('socket', (socket) => socket.end(`${process.pid}`));
  return kept.inbox.limits;
}

function invite(inbox, target, to) {
  return inbox.invite(target, { to, ttl: 3600000 });
}

test('invitation_to_post_lets_in', async () => {
  const partner = Partner.own();
  const inbox = opened({ slots: 3, messageSize: 8, users: [4711, 4712] });
  const posts = accepting(inbox);

  await fails(() => sockdup.bind(process.pid), 'ECONNREFUSED', 'sockdup_inbox_bind');
  const limits = await partner.run(async (text) => {
    const invitation = sockdup.fromText(text);

    kept.binding = sockdup.bind({ invitation });
    kept.socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
    await once(kept.socket, 'listening');
    await kept.binding.post(kept.socket, { message: Buffer.from('let in') });
    return kept.binding.limits;
  }, sockdup.toText(invite(inbox, partner.pid, 'post')));

  assert.deepEqual(limits, { slots: 3, messageSize: 8, maxSockets: 1 });
  const [{ message, source }] = await comes(posts, 1);

  assert.deepEqual([String(message), source.pid], ['let in', partner.pid]);
});

test('invitation_lets_nobody_in_where_listed_users_have_all_slots', async () => {
  const partner = Partner.own();
  const inbox = opened({ slots: 2, users: [4711, 4712] });
  const words = await partner.run(async (text) => {
    try {
      sockdup.bind({ invitation: sockdup.fromText(text) });
    } catch ({ message }) {
      return message;
    }
    return 'bound';
  }, sockdup.toText(invite(inbox, partner.pid, 'post')));

  assert.equal(words, 'ECONNREFUSED: the inbox has ended, or listed users are sure to have all its slots, sockdup_inbox_bind_invited');
});

test('invitation_to_accept_makes_a_pool', async () => {
  const partner = Partner.own();
  const { inbox, binding } = both({ slots: 5 });
  const text = sockdup.toText(invite(inbox, { uid: process.getuid() }, 'accept'));

  assert.deepEqual(await partner.run(joinAndAnswer, text), { slots: 5, messageSize: 0, maxSockets: 1 });
  for (const ending of [() => inbox.close(), () => {}]) {
    const { client, served } = await connection();

    await binding.post(served, { close: true });
    assert.equal(await reads(client, String(partner.pid).length), String(partner.pid));
    ending();
  }
  await partner.run(() => { kept.inbox.close(); });
  const fd = await someDescriptor();

  await fails(() => binding.post(fd), 'EPIPE', 'sockdup_post_set');
});

test('each_post_goes_to_one_of_a_pool', async () => {
  const partner = Partner.own();
  const { inbox, binding } = both();
  const fd = await someDescriptor();
  const posts = accepting(inbox);

  await partner.run((text) => {
    kept.cookies = [];
    kept.inbox = sockdup.joinInbox(sockdup.fromText(text)).on('socket', (socket, { cookie }) => {
      kept.cookies.push(Number(cookie));
      socket.close();
    });
  }, sockdup.toText(invite(inbox, partner.pid, 'accept')));
  await postAll(binding, 200, fd);
  let others = [];

  while (posts.length + others.length < 200)
    others = await partner.run(() => kept.cookies);
  assert.deepEqual([...cookies(posts), ...others].sort((one, other) => one - other), [...Array(200).keys()]);
});

test('invitation_says_what_it_is', async () => {
  const inbox = opened();

  for (const to of ['post', 'accept']) {
    const info = invite(inbox, process.pid, to);
    const { invitation, sockets } = sockdup.query(info);

    assert.deepEqual([invitation, sockets], [to, 0]);
    assert.deepEqual(sockdup.list({ source: process.pid }).map((token) => token.invitation), [to]);
    assert.deepEqual(sockdup.querySet(info), []);
    await fails(() => sockdup.fromShare(info), 'EINVAL', 'fromShare');
    await fails(() => sockdup.fromShareSet(info), 'EINVAL', 'sockdup_import_set');
    sockdup.revoke(info);
  }
});

test('invitation_that_does_not_fit_is_refused', async () => {
  const partner = Partner.get();
  const inbox = opened();
  const toPost = invite(inbox, process.pid, 'post');
  const toAccept = invite(inbox, process.pid, 'accept');
  const ofAnother = invite(inbox, partner.pid, 'post');

  await fails(() => sockdup.bind({ invitation: toAccept }), 'EINVAL', 'sockdup_inbox_bind_invited');
  await fails(() => sockdup.bind({ invitation: ofAnother }), 'EPERM', 'sockdup_inbox_bind_invited');
  await fails(() => sockdup.joinInbox(toAccept), 'EBUSY', 'sockdup_inbox_join');
  bound({ invitation: toPost });
  await fails(() => sockdup.bind({ invitation: toPost }), 'ENOENT', 'sockdup_inbox_bind_invited');
  const late = invite(inbox, process.pid, 'post');

  inbox.close();
  await fails(() => sockdup.joinInbox(late), 'EINVAL', 'sockdup_inbox_join');
  await fails(() => sockdup.joinInbox(toAccept), 'ECONNREFUSED', 'sockdup_inbox_join');
  await fails(() => sockdup.bind({ invitation: late }), 'ECONNREFUSED', 'sockdup_inbox_bind_invited');
});

test('arguments_are_checked', async () => {
  const { inbox, binding } = both();
  const fd = await someDescriptor();
  const wrong = [
    () => sockdup.openInbox(null),
    () => sockdup.openInbox({ slots: 0 }),
    () => sockdup.openInbox({ slots: 65537 }),
    () => sockdup.openInbox({ messageSize: 4097 }),
    () => sockdup.openInbox({ maxSockets: 1025 }),
    () => sockdup.openInbox({ users: 0 }),
    () => sockdup.openInbox({ users: [-1] }),
    () => sockdup.openInbox({ user: [0] }),
    () => sockdup.joinInbox(),
    () => sockdup.joinInbox(Buffer.alloc(127)),
    () => sockdup.bind(),
    () => sockdup.bind(0),
    () => sockdup.bind('1'),
    () => sockdup.bind({}),
    () => sockdup.bind({ pidfd: -1 }),
    () => sockdup.bind({ invitation: 'text' }),
    () => sockdup.bind({ pidfd: 3, invitation: Buffer.alloc(128) }),
    () => binding.post(),
    () => binding.post({}),
    () => binding.post([fd, 'a']),
    () => binding.post(fd, null),
    () => binding.post(fd, { cookie: -1 }),
    () => binding.post(fd, { cookie: 1n << 64n }),
    () => binding.post(fd, { cookie: 1.5 }),
    () => binding.post(fd, { message: 'text' }),
    () => binding.post(fd, { ttl: -1 }),
    () => binding.post(fd, { wait: true }),
    () => binding.revoke(1),
    () => inbox.decline(1n),
    () => inbox.invite(process.pid),
    () => inbox.invite(process.pid, {}),
    () => inbox.invite(process.pid, { to: 'both' }),
    () => inbox.invite(0, { to: 'post' }),
    () => inbox.invite({ uid: 0, cgroup: '/' }, { to: 'post' }),
  ];

  for (const body of wrong)
    assert.equal((await failure(body)).code, 'ERR_INVALID_ARG_VALUE', String(body));
});
