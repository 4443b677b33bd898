// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The name of an AF_UNIX socket in a file system, kept from being lost.

'use strict';

const { listenerDescriptorOf } = require('./handle.js');
const native = require('./sockdup.node');

class UnixPath {
  #kept;
  #watched = false;
  #released = false;
  #waiting = null;
  #settle = null;

  constructor(kept) {
    this.#kept = kept;
  }

  restore() {
    return this.#kept.restore();
  }

  // The first call does not wait, as nobody has watched before. Later ones that wait at
  // the same time wait together.
  async changed() {
    if (this.#released)
      return false;
    if (!this.#watched) {
      this.#kept.watch();
      this.#watched = true;
      return true;
    }
    this.#waiting ??= this.#wait();
    return this.#waiting;
  }

  // The callback names this object, which is not collected while somebody waits.
  #wait() {
    return new Promise((resolve) => {
      this.#settle = (changed) => {
        this.#waiting = null;
        resolve(changed);
      };
      this.#kept.wait(() => this.#settle(true));
    });
  }

  release() {
    this.#released = true;
    this.#settle?.(false);
    this.#kept.release();
  }
}

function takePath(server) {
  const kept = new native.UnixPath(listenerDescriptorOf(server));

  return kept.isAbstract ? null : new UnixPath(kept);
}

module.exports = { takePath };
