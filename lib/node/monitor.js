// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Notifications as an asynchronous iterator. The kernel keeps those that nobody has
// asked for yet; no array here can grow.

'use strict';

const native = require('./sockdup.node');

const DONE = { value: undefined, done: true };

class Monitor {
  #subscription = new native.Subscription();
  #last = Promise.resolve();
  #wake = null;
  #closed = false;

  // Calls take turns, as those of a generator do.
  next() {
    const result = this.#last.then(() => this.#take());

    this.#last = result.catch(() => {});
    return result;
  }

  async #take() {
    while (!this.#closed) {
      const value = this.#nextOrClose();

      if (value)
        return { value, done: false };
      await this.#more();
    }
    return DONE;
  }

  // An error is the end: the module has been unloaded.
  #nextOrClose() {
    try {
      return this.#subscription.next();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #more() {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#subscription.wait(resolve);
    });
  }

  close() {
    this.#closed = true;
    this.#subscription.close();
    this.#wake?.();
  }

  async return() {
    this.close();
    return DONE;
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

module.exports = { Monitor };
