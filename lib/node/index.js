// SPDX-License-Identifier: LGPL-2.1-or-later
//
// sockdup for Node: share a socket with another process as plain bytes.
// index.d.ts explains each function.

'use strict';

const net = require('net');

const { adopt, checkAdoptable, descriptorOf, peerDescriptorOf } = require('./handle.js');
const { invalid, unknown } = require('./error.js');
const { Monitor } = require('./monitor.js');
const { outcomeOf, prepare } = require('./outcome.js');
const native = require('./sockdup.node');

const INT_MAX = 0x7fffffff;
const UINT_MAX = 0xffffffff;
const INFO_SIZE = 128;

function number(name, value, max, min = 0) {
  if (!Number.isInteger(value) || value < min || value > max)
    throw invalid(name, `an integer between ${min} and ${max}`, value);
  return value;
}

function protocolInfo(value) {
  if (!(value instanceof Uint8Array) || value.length !== INFO_SIZE)
    throw invalid('info', `a Buffer of ${INFO_SIZE} bytes`, value);
  return value;
}

// A property that none of ours is called, such as a misspelled one, would mean nothing.
function objectOf(options, ...known) {
  if (typeof options !== 'object' || options === null)
    throw invalid('options', 'an object', options);
  for (const name of Object.keys(options))
    if (!known.includes(name))
      throw unknown(name, known);
  return options;
}

// A process by its number, the one at the other end of an AF_UNIX connection, or a user.
function targetOf(target) {
  if (target instanceof net.Socket)
    return { target: peerDescriptorOf(target), flags: native.TO_PEER };
  // As an int of C, which the addon takes: ids go beyond its largest.
  if (typeof target === 'object' && target !== null) {
    const { uid } = objectOf(target, 'uid');

    return { target: number('target.uid', uid, UINT_MAX) | 0, flags: native.TO_USER };
  }
  return { target: number('target', target, INT_MAX, 1), flags: 0 };
}

function exportTo(handle, to, options, extraFlags) {
  const { ttl = 0, endOnClose = false } = objectOf(options, 'ttl', 'endOnClose');
  const { target, flags } = targetOf(to);

  return native.export(descriptorOf(handle), target,
    flags | extraFlags | (endOnClose ? native.END_ON_CLOSE : 0),
    number('options.ttl', ttl, UINT_MAX));
}

function share(handle, to, options = {}) {
  return exportTo(handle, to, options, 0);
}

function shareWithOutcome(handle, to, options = {}) {
  prepare();
  const info = exportTo(handle, to, options, native.REPORT);
  const id = native.tokenId(info);

  return { info, id, outcome: outcomeOf(id) };
}

// What can be refused is refused before the import, which spends the token.
function fromShare(info, options = {}) {
  objectOf(options, 'server', 'allowHalfOpen', 'readable', 'writable');
  checkAdoptable(native.query(protocolInfo(info)), options);
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

function tokenId(info) {
  const id = native.tokenId(protocolInfo(info));

  if (id === undefined)
    throw invalid('info', 'the bytes of a token', info);
  return id;
}

function list(filter = {}) {
  const { target = 0, source = 0, uid } = objectOf(filter, 'target', 'source', 'uid');

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
  shareWithOutcome,
  fromShare,
  query: (info) => native.query(protocolInfo(info)),
  revoke,
  tokenId,
  list,
  monitor: () => new Monitor(),
  info: () => native.info(),
  toText: (info) => native.toText(protocolInfo(info)),
  fromText,
};
