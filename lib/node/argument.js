// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Arguments as the addon takes them. What is wrong with one is said here.

'use strict';

const net = require('net');

const { peerDescriptorOf } = require('./handle.js');
const { invalid, unknown } = require('./error.js');
const native = require('./sockdup.node');

const INT_MAX = 0x7fffffff;
const UINT_MAX = 0xffffffff;
const INFO_SIZE = 128;

function number(name, value, max, min = 0) {
  if (!Number.isInteger(value) || value < min || value > max)
    throw invalid(name, `an integer between ${min} and ${max}`, value);
  return value;
}

const processId = (name, value, min) => number(name, value, INT_MAX, min);
const userId = (name, value) => number(name, value, UINT_MAX);

function protocolInfo(value) {
  if (!(value instanceof Uint8Array) || value.length !== INFO_SIZE)
    throw invalid('info', `a Buffer of ${INFO_SIZE} bytes`, value);
  return value;
}

function tokenName(value) {
  if (typeof value !== 'string' || !/^[0-9a-f]{16}$/.test(value))
    throw invalid('token', 'an id of 16 hexadecimal digits', value);
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

    return { target: userId('target.uid', uid) | 0, flags: native.TO_USER };
  }
  return { target: processId('target', target, 1), flags: 0 };
}

// What each export takes, after what it exports: target, flags and life.
function termsOf(to, { ttl = 0, endOnClose = false }, extraFlags) {
  const { target, flags } = targetOf(to);

  return [
    target,
    flags | extraFlags | (endOnClose ? native.END_ON_CLOSE : 0),
    number('options.ttl', ttl, UINT_MAX),
  ];
}

module.exports = { objectOf, processId, protocolInfo, termsOf, tokenName, userId };
