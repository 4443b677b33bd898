// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Sets: several sockets under one token, with names, and a payload.

'use strict';

const net = require('net');

const { objectOf, protocolInfo, withTerms } = require('./argument.js');
const { invalid } = require('./error.js');
const { adopt, checkAdoptable, descriptorOf } = require('./handle.js');
const { reported } = require('./outcome.js');
const native = require('./sockdup.node');

const NAME_MAX = 63;

// UTF-8 has no form for half a surrogate pair, and Buffer puts another character there.
function nameOf(name) {
  if (typeof name !== 'string' || name.includes('\0') ||
      Buffer.byteLength(name) > NAME_MAX || Buffer.from(name).toString() !== name)
    throw invalid('name', `a text of at most ${NAME_MAX} bytes in UTF-8, without NUL`, name);
  return name;
}

function pairsOf(sockets) {
  if (typeof sockets !== 'object' || sockets === null)
    throw invalid('sockets', 'an object, or pairs of a name and a socket', sockets);
  const pairs = Symbol.iterator in sockets ? [...sockets] : Object.entries(sockets);

  for (const pair of pairs)
    if (!Array.isArray(pair) || pair.length !== 2)
      throw invalid('sockets', 'pairs of a name and a socket', pair);
  return pairs;
}

// As Node's own errors have the path behind the system call.
function namedError(error, name) {
  error.message += ` '${name}'`;
  return error;
}

function namedDescriptor([name, handle]) {
  const checked = nameOf(name);

  try {
    return [descriptorOf(handle), checked];
  } catch (error) {
    throw namedError(error, checked);
  }
}

function exportTo(sockets, to, options, extraFlags) {
  const { payload = new Uint8Array() } = objectOf(options, 'payload', 'ttl', 'endOnClose');

  if (!(payload instanceof Uint8Array))
    throw invalid('options.payload', 'a Buffer', payload);
  const named = pairsOf(sockets).map(namedDescriptor);

  return withTerms(to, options, extraFlags, (terms, group = 0) =>
    native.exportSet(named, payload, ...terms, group));
}

function shareSet(sockets, to, options = {}) {
  return exportTo(sockets, to, options, 0);
}

function shareSetWithOutcome(sockets, to, options = {}) {
  return reported((flags) => exportTo(sockets, to, options, flags));
}

function checkServers(servers) {
  if (typeof servers !== 'object' || servers === null)
    throw invalid('options.servers', 'an object', servers);
  for (const [name, server] of Object.entries(servers))
    if (!(server instanceof net.Server))
      throw invalid(`options.servers.${name}`, 'a net.Server', server);
}

function querySet(info) {
  return native.querySet(protocolInfo(info));
}

// What Node cannot take over is closed, and costs nobody the other sockets.
function adoptNamed({ name, fd }, options) {
  try {
    return { name, socket: adopt(fd, options) };
  } catch (error) {
    return { name, error: namedError(error, name) };
  }
}

// What can be refused is refused before the import, which spends the token.
function fromShareSet(info, options = {}) {
  const { servers = {}, ...common } =
    objectOf(options, 'servers', 'allowHalfOpen', 'readable', 'writable');
  const optionsOf = (name) =>
    Object.hasOwn(servers, name) ? { ...common, server: servers[name] } : common;

  checkServers(servers);
  for (const description of querySet(info))
    try {
      checkAdoptable(description, common);
    } catch (error) {
      throw namedError(error, description.name);
    }
  const { sockets, payload, source } = native.importSet(info);

  return { sockets: sockets.map((one) => adoptNamed(one, optionsOf(one.name))), payload, source };
}

module.exports = { fromShareSet, querySet, shareSet, shareSetWithOutcome };
