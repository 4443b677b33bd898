// SPDX-License-Identifier: GPL-2.0-only
//
// What compiles with the package's types, and what must not.

import * as dgram from 'dgram';
import * as http from 'http';
import * as net from 'net';

import * as sockdup from 'sockdup';

declare const socket: net.Socket;
declare const datagrams: dgram.Socket;

const info: Buffer = sockdup.share(socket, 1);
sockdup.share(http.createServer(), 1, { ttl: 1000, endOnClose: true });
sockdup.share(datagrams, socket, {});
sockdup.share(3, 1);
sockdup.share(3, { uid: 1000 });
sockdup.share(3, { cgroup: '/sys/fs/cgroup/a' });
sockdup.share(3, { uid: 1000, cgroup: 4 });

const taken: net.Socket | net.Server | dgram.Socket = sockdup.fromShare(info);
if (taken instanceof net.Socket)
  taken.write('hello');
else if (taken instanceof net.Server)
  taken.close();
else
  taken.setTTL(1);
sockdup.fromShare(new Uint8Array(128), { server: http.createServer(), allowHalfOpen: true });

const web = http.createServer();
const set: Buffer = sockdup.shareSet({ web, dns: datagrams, log: 3 }, 1, { payload: info, ttl: 1000 });
sockdup.shareSet([['a', socket], ['a', 3]], { uid: 1000 });
sockdup.shareSet(new Map([['a', socket]]), socket);
const { sockets, payload, source } = sockdup.fromShareSet(set, { servers: { web }, allowHalfOpen: true });
for (const { name, socket: one, error } of sockets)
  if (one)
    one.unref();
  else
    error.code?.concat(name);
payload.subarray(source.pid);
sockdup.querySet(set).map(({ name, protocol }) => name + protocol);
sockdup.listSockets('0123456789abcdef').map(({ local, inode }) => [local, inode]);
const bytes: number = sockdup.query(set).payloadSize;

const uid: number = sockdup.query(info).source.uid;
const target: number | undefined = sockdup.query(info).targetUid;
sockdup.revoke(info);
sockdup.revoke('0123456789abcdef');
for (const { id, local, targetUid } of sockdup.list({ uid })) {
  if (targetUid === target || bytes)
    continue;
  if (local && 'port' in local)
    local.port.toFixed();
  else if (local)
    local.path.length;
  sockdup.revoke(id);
}
const text: string = sockdup.toText(info);
sockdup.fromText(text).length;
sockdup.info().maxTtl.toFixed();

export async function settleSet(): Promise<void> {
  const { id, outcome } = sockdup.shareSetWithOutcome({ socket }, 1, { payload, endOnClose: true });

  if ((await outcome).kind !== 'imported')
    sockdup.revoke(id);
}

export async function settle(): Promise<void> {
  const { info: bytes, id, outcome } = sockdup.shareWithOutcome(socket, 1, { ttl: 1000 });
  const ended = await outcome;

  if (ended.kind === 'imported')
    ended.pid.toFixed();
  else if (ended.kind === 'target-died' && ended.when > 0)
    sockdup.shareWithOutcome(socket, { uid });
  // @ts-expect-error nobody may have imported
  ended.pid.toFixed();
  // @ts-expect-error there is no such kind
  if (ended.kind === 'handle-closed')
    sockdup.revoke(id);
  if (sockdup.tokenId(bytes) === ended.id)
    sockdup.revoke(ended.id);
}

const inbox: sockdup.Inbox = sockdup.openInbox({ slots: 8, messageSize: 16, maxSockets: 2, users: [uid] });
sockdup.openInbox({ users: 'anybody' }).unref().close();
inbox.on('socket', (one, { cookie, message, source: { pid }, sockets: all }) => {
  if (one instanceof net.Socket)
    one.end(message.subarray(pid + Number(cookie + 1n) + all.length));
});
inbox.once('socketError', ({ code }, post) => code?.concat(post?.id ?? ''));
inbox.on('error', ({ syscall }) => syscall?.length).on('close', () => inbox.limits.slots);
const invited: 'post' | 'accept' | undefined = sockdup.query(info).invitation ?? sockdup.list()[0].invitation;
sockdup.joinInbox(inbox.invite({ uid }, { to: invited ?? 'accept', ttl: 1000 })).pause().resume();

export async function accept(): Promise<void> {
  for await (const { socket: one, id } of inbox) {
    one.unref();
    inbox.decline(id);
  }
}

export async function post(): Promise<void> {
  const binding: sockdup.Binding = sockdup.bind(1);
  const id: string = await binding.post(socket, { cookie: 1n, message: payload, ttl: 1000, close: true });

  await binding.post([web, datagrams, 3], { cookie: 1 });
  binding.revoke(id);
  sockdup.bind({ pidfd: 3 }).close();
  sockdup.bind({ invitation: info }).limits.maxSockets.toFixed();
  sockdup.bind(socket);
  // @ts-expect-error an id is text
  binding.revoke(1n);
  // @ts-expect-error there is no such option
  await binding.post(socket, { wait: false });
}

// @ts-expect-error there is no such event
inbox.on('post', () => {});
// @ts-expect-error to post, or to accept
inbox.invite(1, {});
// @ts-expect-error a process is needed
sockdup.bind({ uid });

export async function keep(): Promise<void> {
  const path: sockdup.UnixPath | null = sockdup.takePath(web);

  while (await path?.changed())
    if (path?.restore())
      path.release();
  sockdup.takePath(3)?.release();
}

// @ts-expect-error may be abstract
sockdup.takePath(web).restore();
// @ts-expect-error not a server
sockdup.takePath(socket);

export async function watch(): Promise<void> {
  const monitor = sockdup.monitor();

  for await (const { event, id } of monitor) {
    if (event === 'lost')
      monitor.close();
    else if (event === 'exported')
      id?.length;
  }
}

// @ts-expect-error a process is needed
sockdup.share(socket);
// @ts-expect-error a user has a number
sockdup.share(socket, { uid: 'root' });
// @ts-expect-error a user or a control group is needed
sockdup.share(socket, {});
// @ts-expect-error not a socket
sockdup.share('socket', 1);
// @ts-expect-error there is no such option
sockdup.share(socket, 1, { life: 1 });
// @ts-expect-error a socket has a name
sockdup.shareSet([socket], 1);
// @ts-expect-error text is not bytes
sockdup.shareSet({ socket }, 1, { payload: 'ahead' });
// @ts-expect-error may be an error
sockets[0].socket.unref();
// @ts-expect-error each server has a name
sockdup.fromShareSet(set, { server: web });
// @ts-expect-error text is not bytes
sockdup.fromShare('sockdup1:');
// @ts-expect-error may be a server
sockdup.fromShare(info).write('hello');
// @ts-expect-error not a server
sockdup.fromShare(info, { server: socket });
export async function never(): Promise<void> {
  for await (const { event } of sockdup.monitor())
    // @ts-expect-error there is no such event
    if (event === 'closed')
      break;
}
