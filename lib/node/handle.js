// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From Node's objects to descriptors, and back.

'use strict';

const cluster = require('cluster');
const dgram = require('dgram');
const fs = require('fs');
const net = require('net');

const { invalid, refused } = require('./error.js');
const native = require('./sockdup.node');

const { AF_UNIX, AF_INET, AF_INET6, SOCK_STREAM, SOCK_DGRAM } = native;
const BACKLOG = 511; // Node's default

const cannotShare = (code, message) => refused(code, message, 'share');
const cannotAdopt = (code, message) => refused(code, message, 'fromShare');

// dgram has no public way to its descriptor that does not warn.
function datagramHandle(socket) {
  const state = Object.getOwnPropertySymbols(socket)
    .find((symbol) => symbol.description === 'state symbol');

  return socket[state]?.handle;
}

function handleOf(object) {
  return object instanceof dgram.Socket ? datagramHandle(object) : object._handle;
}

function isConnected(datagramSocket) {
  try {
    datagramSocket.remoteAddress();
    return true;
  } catch {
    return false;
  }
}

function checkSocket(socket) {
  if (socket.encrypted)
    throw cannotShare('EOPNOTSUPP',
      'the keys of a TLS socket stay in this process; share the connection before TLS begins');
  if (socket.connecting)
    throw cannotShare('ENOTCONN', "the socket is still connecting; wait for 'connect'");
  if (socket.readableLength > 0)
    throw cannotShare('EBUSY',
      `${socket.readableLength} bytes have been received and not read; read() them first`);
  if (socket.writableLength > 0)
    throw cannotShare('EBUSY',
      `${socket.writableLength} bytes are not sent yet; wait for the callback of write()`);
}

// What a worker of a cluster has in place of a handle.
function checkServer(server, handle) {
  if (!('fd' in handle))
    throw cannotShare('EOPNOTSUPP',
      "the cluster's primary process has the listening socket; listen with exclusive: true");
}

function checkDatagramSocket(socket) {
  if (isConnected(socket))
    throw cannotShare('EISCONN',
      'Node cannot take over a connected datagram socket; disconnect() it first');
  if (socket.getSendQueueCount() > 0)
    throw cannotShare('EBUSY', 'datagrams are not sent yet; wait for the callback of send()');
}

// What must hold of each, and what it means that there is no descriptor.
const kinds = [
  [net.Socket, checkSocket, 'the socket is closed, or has not been connected'],
  [net.Server, checkServer, "the server does not listen; wait for 'listening'"],
  [dgram.Socket, checkDatagramSocket, 'the socket is closed, or has no address; bind() it first'],
];

function isDescriptor(object) {
  return Number.isInteger(object) && object >= 0 && object <= 0x7fffffff;
}

function descriptorOf(object) {
  if (isDescriptor(object))
    return object;
  const kind = kinds.find(([type]) => object instanceof type);

  if (!kind)
    throw invalid('handle', 'a net.Socket, net.Server, dgram.Socket or descriptor', object);
  const [, check, noDescriptor] = kind;
  const handle = handleOf(object);

  if (!handle)
    throw cannotShare('EBADF', noDescriptor);
  check(object, handle);
  if (!(handle.fd >= 0))
    throw cannotShare('EBADF', noDescriptor);
  return handle.fd;
}

// Of a connection that only names a process.
function peerDescriptorOf(socket) {
  const fd = socket._handle?.fd;

  if (!(fd >= 0))
    throw cannotShare('ENOTCONN', 'the socket that names the target is not connected');
  return fd;
}

// Of a server whose path is to be kept.
function listenerDescriptorOf(server) {
  if (isDescriptor(server))
    return server;
  if (!(server instanceof net.Server))
    throw invalid('server', 'a net.Server or descriptor', server);
  const fd = server._handle?.fd;

  if (!(fd >= 0))
    throw refused('EBADF', "the server does not listen here; wait for 'listening'", 'takePath');
  return fd;
}

function isInternet(family) {
  return family === AF_INET || family === AF_INET6;
}

function hasClass({ family, type }) {
  return type === SOCK_STREAM && (isInternet(family) || family === AF_UNIX) ||
    type === SOCK_DGRAM && isInternet(family);
}

function checkClass({ family, type }) {
  if (!hasClass({ family, type }))
    throw cannotAdopt('EOPNOTSUPP',
      `Node has no class for a socket of family ${family} and type ${type}`);
}

// What can be told before the import.
function checkAdoptable(description, { server }) {
  if (server !== undefined && !(server instanceof net.Server))
    throw invalid('options.server', 'a net.Server', server);
  if (description.invitation)
    throw cannotAdopt('EINVAL', 'the token is an invitation, which bind() or joinInbox() spends');
  checkClass(description);
}

// In a worker of a cluster, listen() asks the primary process for what has this number
// there, even if told to be exclusive.
function listen(server, fd) {
  if (cluster.isWorker)
    server._listen2(null, null, null, BACKLOG, fd);
  else
    server.listen({ fd, exclusive: true });
}

function adoptListener(fd, { server, allowHalfOpen }) {
  const listener = server ?? new net.Server({ allowHalfOpen });

  if (listener._handle)
    throw cannotAdopt('EALREADY', 'options.server listens already');
  listen(listener, fd);
  return listener;
}

// Events follow in a later turn, as Node's own do.
function adoptConnection(fd, { server, allowHalfOpen, readable, writable }) {
  const socket = new net.Socket({
    fd,
    allowHalfOpen: allowHalfOpen ?? server?.allowHalfOpen,
    pauseOnCreate: server?.pauseOnConnect,
    readable,
    writable,
  });

  if (server)
    process.nextTick(() => server.emit('connection', socket));
  return socket;
}

function adoptDatagramSocket(fd, family) {
  return dgram.createSocket(family === AF_INET ? 'udp4' : 'udp6').bind({ fd, exclusive: true });
}

function adoptAny(fd, options) {
  const { family, type, listening, connected } = native.describe(fd);

  checkClass({ family, type });
  if (listening)
    return adoptListener(fd, options);
  if (type === SOCK_STREAM && connected)
    return adoptConnection(fd, options);
  if (type === SOCK_STREAM)
    throw cannotAdopt('ENOTCONN', 'the socket neither listens nor has a peer');
  if (connected)
    throw cannotAdopt('EISCONN', 'Node cannot take over a connected datagram socket');
  return adoptDatagramSocket(fd, family);
}

// No option that is passed on makes Node throw after it has opened the descriptor, so a
// descriptor for which something was thrown is still ours to close.
function adopt(fd, options) {
  try {
    return adoptAny(fd, options);
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

// In this process alone, at once.
function closeHandle(object) {
  if (isDescriptor(object))
    fs.closeSync(object);
  else if (object instanceof net.Socket)
    object.destroy();
  else
    object.close();
}

module.exports = {
  adopt, checkAdoptable, closeHandle, descriptorOf, listenerDescriptorOf, peerDescriptorOf,
};
