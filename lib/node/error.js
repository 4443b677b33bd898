// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Errors that are found before a system call, in the form of Node's own.

'use strict';

const os = require('os');
const util = require('util');

function invalid(name, wanted, value) {
  const shown = util.inspect(value, { depth: 0, maxStringLength: 40 });
  const error = new TypeError(`"${name}" must be ${wanted}, and is ${shown}`);

  error.code = 'ERR_INVALID_ARG_VALUE';
  return error;
}

function unknown(name, known) {
  const error = new TypeError(`"options" has no "${name}", only ${known.join(', ')}`);

  error.code = 'ERR_INVALID_ARG_VALUE';
  return error;
}

// A socket that cannot be shared or taken over, with the errno that says so.
function refused(code, message, syscall) {
  const error = new Error(`${code}: ${message}, ${syscall}`);

  error.code = code;
  error.errno = -os.constants.errno[code];
  error.syscall = syscall;
  return error;
}

module.exports = { invalid, refused, unknown };
