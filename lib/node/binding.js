// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Bindings to inboxes. What there is no room for waits here in its order, and the loop goes
// on meanwhile.

'use strict';

const { inboxOf, lifeOf, objectOf, postName } = require('./argument.js');
const { closeHandle, descriptorOf } = require('./handle.js');
const { invalid, refused } = require('./error.js');
const native = require('./sockdup.node');

const PER_TURN = 16;
const COOKIE_MAX = 0xffffffffffffffffn;

function cookieOf(value) {
  const number = Number.isSafeInteger(value) ? BigInt(value) : value;

  if (typeof number !== 'bigint' || number < 0n || number > COOKIE_MAX)
    throw invalid('options.cookie', 'a BigInt of 64 bits or a safe integer, and not below 0', value);
  return number;
}

function messageOf(value) {
  if (!(value instanceof Uint8Array))
    throw invalid('options.message', 'a Buffer', value);
  return value;
}

class Binding {
  #native;
  #waiting = [];
  #closed = false;

  constructor(kernel) {
    this.#native = kernel;
    this.limits = kernel.limits;
  }

  // Where there is room, the sockets are posted, and closed, before this returns.
  async post(sockets, options = {}) {
    const { cookie = 0, message = new Uint8Array(), ttl = 0, close = false } =
      objectOf(options, 'cookie', 'message', 'ttl', 'close');
    const terms = [cookieOf(cookie), messageOf(message), lifeOf(ttl)];
    const handles = Array.isArray(sockets) ? sockets : [sockets];
    const attempt = () => this.#attempt(handles, terms, close);

    return (this.#waiting.length ? undefined : attempt()) ?? this.#inTurn(attempt);
  }

  // Descriptors are looked up each time: while a post waits, its sockets can be closed, or
  // receive what Node reads. Returns undefined where there is no room.
  #attempt(handles, terms, close) {
    if (this.#closed)
      throw refused('EBADF', 'the binding is closed', 'post');
    const id = this.#native.post(handles.map(descriptorOf), ...terms);

    if (id !== undefined && close)
      for (const handle of new Set(handles))
        closeHandle(handle);
    return id;
  }

  #inTurn(attempt) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ attempt, resolve, reject });
      this.#watch();
    });
  }

  #watch() {
    if (this.#waiting.length && !this.#closed)
      this.#native.wait(this.#turn);
  }

  #turn = () => {
    for (let count = 0; count < PER_TURN && this.#waiting.length; count++)
      if (!this.#settleFirst())
        break;
    this.#watch();
  };

  // False where it waits on.
  #settleFirst() {
    const [{ attempt, resolve, reject }] = this.#waiting;

    try {
      const id = attempt();

      if (id === undefined)
        return false;
      resolve(id);
    } catch (error) {
      reject(error);
    }
    this.#waiting.shift();
    return true;
  }

  revoke(id) {
    this.#native.revoke(postName(id));
  }

  close() {
    this.#closed = true;
    this.#native.close();
    while (this.#waiting.length)
      this.#settleFirst();
  }
}

function bind(target) {
  return new Binding(new native.Binding(...inboxOf(target)));
}

module.exports = { bind };
