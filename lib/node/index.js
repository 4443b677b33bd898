// SPDX-License-Identifier: LGPL-2.1-or-later
//
// sockdup for Node: share a socket with another process as plain bytes.
// index.d.ts explains each function.

'use strict';

const { objectOf, processId, protocolInfo, tokenName, userId, withTerms } = require('./argument.js');
const { bind } = require('./binding.js');
const { adopt, checkAdoptable, descriptorOf } = require('./handle.js');
const { invalid } = require('./error.js');
const { joinInbox, openInbox } = require('./inbox.js');
const { Monitor } = require('./monitor.js');
const { reported } = require('./outcome.js');
const { fromShareSet, querySet, shareSet, shareSetWithOutcome } = require('./set.js');
const { takePath } = require('./unix_path.js');
const native = require('./sockdup.node');

function exportTo(handle, to, options, extraFlags) {
  objectOf(options, 'ttl', 'endOnClose');
  const fd = descriptorOf(handle);

  return withTerms(to, options, extraFlags, (terms, group) => group === undefined ?
    native.export(fd, ...terms) :
    native.exportSet([[fd, '']], new Uint8Array(), ...terms, group));
}

function share(handle, to, options = {}) {
  return exportTo(handle, to, options, 0);
}

function shareWithOutcome(handle, to, options = {}) {
  return reported((flags) => exportTo(handle, to, options, flags));
}

// What can be refused is refused before the import, which spends the token.
function fromShare(info, options = {}) {
  objectOf(options, 'server', 'allowHalfOpen', 'readable', 'writable');
  checkAdoptable(native.query(protocolInfo(info)), options);
  const fd = native.import(info);

  return adopt(fd, options);
}

function revoke(token) {
  if (typeof token === 'string')
    native.revokeId(tokenName(token));
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

  return native.list(processId('filter.target', target), processId('filter.source', source),
    uid === undefined ? -1 : userId('filter.uid', uid));
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
  shareSet,
  shareSetWithOutcome,
  fromShareSet,
  querySet,
  query: (info) => native.query(protocolInfo(info)),
  revoke,
  tokenId,
  list,
  listSockets: (id) => native.listSockets(tokenName(id)),
  monitor: () => new Monitor(),
  info: () => native.info(),
  toText: (info) => native.toText(protocolInfo(info)),
  fromText,
  openInbox,
  joinInbox,
  bind,
  takePath,
};
