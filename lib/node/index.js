// SPDX-License-Identifier: LGPL-2.1-or-later
//
// sockdup for Node: share a socket with another process as plain bytes.
// index.d.ts explains each function.

'use strict';

const net = require('net');

const { adopt, checkAdoptable, descriptorOf, peerDescriptorOf } = require('./handle.js');
const { invalid } = require('./error.js');
const { Monitor } = require('./monitor.js');
const native = require('./sockdup.node');

const INT_MAX = 0x7fffffff;
const UINT_MAX = 0xffffffff;
const INFO_SIZE = 128;

function number(name, value, max) {
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw invalid(name, `an integer between 0 and ${max}`, value);
  return value;
}

function protocolInfo(value) {
  if (!(value instanceof Uint8Array) || value.length !== INFO_SIZE)
    throw invalid('info', `a Buffer of ${INFO_SIZE} bytes`, value);
  return value;
}

function objectOf(options) {
  if (typeof options !== 'object' || options === null)
    throw invalid('options', 'an object', options);
  return options;
}

// A process by its number, or the one at the other end of an AF_UNIX connection.
function targetOf(target) {
  if (target instanceof net.Socket)
    return { target: peerDescriptorOf(target), flags: native.TO_PEER };
  return { target: number('target', target, INT_MAX), flags: 0 };
}

function share(handle, to, options = {}) {
  const { ttl = 0, endOnClose = false } = objectOf(options);
  const { target, flags } = targetOf(to);

  return native.export(descriptorOf(handle), target,
    flags | (endOnClose ? native.END_ON_CLOSE : 0),
    number('options.ttl', ttl, UINT_MAX));
}

// What can be refused is refused before the import, which spends the token.
function fromShare(info, options = {}) {
  checkAdoptable(native.query(protocolInfo(info)), objectOf(options));
  const fd = native.import(info);

  return adopt(fd, options);
}

function revoke(token) {
  if (typeof token === 'string' && /^[0-9a-f]{16}$/.test(token))
    native.revokeId(token);
  else if (typeof token === 'string')
    throw invalid('token', 'an id of 16 hexadecimal digits', token);
  else
    native.revoke(protocolInfo(token));
}

function list(filter = {}) {
  const { target = 0, source = 0, uid } = objectOf(filter);

  return native.list(number('filter.target', target, INT_MAX),
    number('filter.source', source, INT_MAX),
    uid === undefined ? -1 : number('filter.uid', uid, UINT_MAX));
}

function fromText(text) {
  if (typeof text !== 'string')
    throw invalid('text', 'a string', text);
  return native.fromText(text);
}

module.exports = {
  share,
  fromShare,
  query: (info) => native.query(protocolInfo(info)),
  revoke,
  list,
  monitor: () => new Monitor(),
  info: () => native.info(),
  toText: (info) => native.toText(protocolInfo(info)),
  fromText,
};
