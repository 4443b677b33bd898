// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Arguments as the addon takes them. What is wrong with one is said here.

'use strict';

const fs = require('fs');
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

const lifeOf = (ttl) => number('options.ttl', ttl, UINT_MAX);

function protocolInfo(value) {
  if (!(value instanceof Uint8Array) || value.length !== INFO_SIZE)
    throw invalid('info', `a Buffer of ${INFO_SIZE} bytes`, value);
  return value;
}

function idOf(name, value) {
  if (typeof value !== 'string' || !/^[0-9a-f]{16}$/.test(value))
    throw invalid(name, 'an id of 16 hexadecimal digits', value);
  return value;
}

const tokenName = (value) => idOf('token', value);
const postName = (value) => idOf('id', value);

// A property that none of ours is called, such as a misspelled one, would mean nothing.
function objectOf(options, ...known) {
  if (typeof options !== 'object' || options === null)
    throw invalid('options', 'an object', options);
  for (const name of Object.keys(options))
    if (!known.includes(name))
      throw unknown(name, known);
  return options;
}

// The descriptor of a control group's directory, and what is to be closed after its use.
function openGroup(cgroup) {
  if (typeof cgroup !== 'string')
    return { group: number('target.cgroup', cgroup, INT_MAX) };
  const opened = fs.openSync(cgroup, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);

  return { group: opened, opened };
}

// A user, a control group, or a user in one: then the group goes beside the target.
function scopeOf(scope) {
  const { uid, cgroup } = objectOf(scope, 'uid', 'cgroup');
  // As an int of C, which the addon takes: ids go beyond its largest.
  const user = cgroup === undefined || uid !== undefined ? userId('target.uid', uid) | 0 : undefined;

  if (cgroup === undefined)
    return { target: user, flags: native.TO_USER };
  const { group, opened } = openGroup(cgroup);

  if (user === undefined)
    return { target: group, flags: native.TO_CGROUP, opened };
  return { target: user, flags: native.TO_USER | native.TO_CGROUP, group, opened };
}

// A process by its number, the one at the other end of an AF_UNIX connection, or a scope.
function targetOf(target) {
  if (target instanceof net.Socket)
    return { target: peerDescriptorOf(target), flags: native.TO_PEER };
  if (typeof target === 'object' && target !== null)
    return scopeOf(target);
  return { target: processId('target', target, 1), flags: 0 };
}

// The process that has an inbox, as the addon's binding takes it, or the bytes of an invitation.
function inboxOf(target) {
  if (target instanceof net.Socket)
    return [peerDescriptorOf(target), native.BIND_TO_PEER];
  if (typeof target !== 'object' || target === null)
    return [processId('target', target, 1), 0];
  const { pidfd, invitation } = objectOf(target, 'pidfd', 'invitation');

  if (invitation === undefined)
    return [number('target.pidfd', pidfd, INT_MAX), native.BIND_TO_PIDFD];
  if (pidfd !== undefined)
    throw invalid('target', 'a pidfd or an invitation, and not both', target);
  return [protocolInfo(invitation)];
}

// What each export takes, after what it exports: target, flags and life, and the control group
// beside a user or undefined. They hold while exportBy runs.
function withTerms(to, { ttl = 0, endOnClose = false }, extraFlags, exportBy) {
  const life = lifeOf(ttl);
  const { target, flags, group, opened } = targetOf(to);

  try {
    return exportBy([target, flags | extraFlags | (endOnClose ? native.END_ON_CLOSE : 0), life],
      group);
  } finally {
    if (opened !== undefined)
      fs.closeSync(opened);
  }
}

module.exports = {
  inboxOf, lifeOf, number, objectOf, postName, processId, protocolInfo, tokenName, userId, withTerms,
};
