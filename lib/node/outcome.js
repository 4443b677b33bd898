// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A promise for the outcome of each token that reports. The addon tells of all outcomes
// of the process, those of other threads' tokens included, in a later turn than that in
// which a token is made.

'use strict';

const native = require('./sockdup.node');

const promised = new Map();   // by the token's id
let kernel = null;

function take(id) {
  const one = promised.get(id);

  promised.delete(id);
  if (!promised.size)
    kernel.stop();
  return one;
}

function settle(outcome, error) {
  if (outcome)
    take(outcome.id)?.resolve(outcome);
  else
    for (const id of promised.keys())
      take(id).reject(error);
}

// Before the token is made: nothing may fail once there is one.
function prepare() {
  kernel ??= new native.Outcomes(settle);
}

function outcomeOf(id) {
  return new Promise((resolve, reject) => {
    promised.set(id, { resolve, reject });
    kernel.start();
  });
}

// Of a function that exports with these flags, and returns the bytes.
function reported(exportWith) {
  prepare();
  const info = exportWith(native.REPORT);
  const id = native.tokenId(info);

  return { info, id, outcome: outcomeOf(id) };
}

module.exports = { reported };
