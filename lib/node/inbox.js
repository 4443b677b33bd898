// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Inboxes. The kernel keeps posts that nobody is there for, or another process of a pool
// accepts them; no array here can grow.

'use strict';

const { EventEmitter } = require('events');

const { number, objectOf, postName, protocolInfo, userId, withTerms } = require('./argument.js');
const { adopt, closeHandle } = require('./handle.js');
const { invalid } = require('./error.js');
const native = require('./sockdup.node');

const PER_TURN = 16;      // posts in one turn of the event loop, which goes round in between
const RETRY_MS = 1000;    // after an accept that failed, such as one without a free descriptor
const DONE = { value: undefined, done: true };
const MAX = { slots: 65536, messageSize: 4096, sockets: 1024 };
const INVITES = { post: native.INVITE_TO_POST, accept: native.INVITE_TO_ACCEPT };

// What Node cannot take over is closed, and costs nobody the other sockets.
function adoptOne(fd) {
  try {
    return { socket: adopt(fd, {}) };
  } catch (error) {
    return { error };
  }
}

function adoptPost({ fds, ...rest }) {
  const sockets = fds.map(adoptOne);

  return { socket: sockets.find(({ socket }) => socket)?.socket, sockets, ...rest };
}

function closePost({ sockets }) {
  for (const { socket } of sockets)
    if (socket)
      closeHandle(socket);
}

class Inbox extends EventEmitter {
  #native;
  #asked = [];          // by iterators, before listeners
  #paused = false;
  #keepsAlive = true;
  #closed = false;
  #retry = null;

  // What can make it accept, or stop that.
  static {
    for (const name of ['on', 'addListener', 'prependListener', 'off', 'removeListener', 'removeAllListeners']) {
      const method = EventEmitter.prototype[name];

      Inbox.prototype[name] = function (...given) {
        method.apply(this, given);
        this.#watch();
        return this;
      };
    }
  }

  constructor(kernel) {
    super();
    this.#native = kernel;
    this.limits = kernel.limits;
  }

  #wantsMore() {
    const heard = !this.#paused && this.listenerCount('socket') > 0;

    return !this.#closed && !this.#retry && (heard || this.#asked.length > 0);
  }

  // A second wait at the same time is none.
  #watch() {
    if (this.#wantsMore())
      this.#native.wait(this.#turn);
    else
      this.#native.stop();
  }

  #turn = () => {
    try {
      for (let count = 0; count < PER_TURN && this.#wantsMore(); count++)
        if (!this.#acceptOne())
          break;
    } finally {
      this.#watch();
    }
  };

  // False where nothing more can be accepted now.
  #acceptOne() {
    let post;

    try {
      post = this.#native.accept();
    } catch (error) {
      return this.#goesOnAfter(error);
    }
    if (post)
      this.#deliver(adoptPost(post));
    return post !== undefined;
  }

  #deliver(post) {
    if (!post.socket)
      this.emit('socketError', post.sockets[0].error, post);
    else if (this.#asked.length)
      this.#asked.shift().resolve({ value: post, done: false });
    else
      this.#tell(post);
  }

  // A listener that throws has not seen to the sockets.
  #tell(post) {
    try {
      this.emit('socket', post.socket, post);
    } catch (error) {
      closePost(post);
      throw error;
    }
  }

  // What a security module refuses has ended. After other errors the post can still be there, as
  // without descriptors, and the next accept would fail likewise.
  #goesOnAfter(error) {
    if (error.code === 'EACCES') {
      this.emit('socketError', error);
      return true;
    }
    const ended = error.code === 'ESRCH';
    const asked = this.#asked.shift();

    if (ended)
      this.close();
    else
      this.#tryLater();
    if (asked)
      asked.reject(error);
    else
      this.emit('error', error);
    return false;
  }

  #tryLater() {
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#watch();
    }, RETRY_MS);
    if (!this.#keepsAlive)
      this.#retry.unref();
  }

  #next() {
    if (this.#closed)
      return Promise.resolve(DONE);
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      this.#watch();
    });
  }

  [Symbol.asyncIterator]() {
    return {
      next: () => this.#next(),
      return: async () => {
        this.close();
        return DONE;
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  invite(target, options) {
    const { to } = objectOf(options, 'to', 'ttl', 'endOnClose');

    if (!Object.hasOwn(INVITES, to))
      throw invalid('options.to', "'post' or 'accept'", to);
    return withTerms(target, options, INVITES[to], (terms, group) => {
      if (group !== undefined)
        throw invalid('target', 'a user or a control group, and not both', target);
      return this.#native.invite(...terms);
    });
  }

  decline(id) {
    this.#native.revoke(postName(id));
  }

  pause() {
    this.#paused = true;
    this.#watch();
    return this;
  }

  resume() {
    this.#paused = false;
    this.#watch();
    return this;
  }

  isPaused() {
    return this.#paused;
  }

  ref() {
    this.#keepsAlive = true;
    this.#native.keepAlive(true);
    this.#retry?.ref();
    return this;
  }

  unref() {
    this.#keepsAlive = false;
    this.#native.keepAlive(false);
    this.#retry?.unref();
    return this;
  }

  close() {
    if (this.#closed)
      return this;
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#native.close();
    for (const { resolve } of this.#asked.splice(0))
      resolve(DONE);
    process.nextTick(() => this.emit('close'));
    return this;
  }
}

function usersOf(users) {
  if (users === undefined)
    return [0, []];
  if (users === 'anybody')
    return [native.INBOX_ANYBODY, []];
  // Nobody is not this process's own user.
  if (!Array.isArray(users) || !users.length)
    throw invalid('options.users', "'anybody' or an array of at least one user id", users);
  return [0, users.map((uid) => userId('options.users', uid))];
}

function openInbox(options = {}) {
  const { slots = 64, messageSize = 0, maxSockets = 1, users } =
    objectOf(options, 'slots', 'messageSize', 'maxSockets', 'users');
  const [flags, uids] = usersOf(users);

  return new Inbox(new native.Inbox(flags, number('options.slots', slots, MAX.slots, 1),
    number('options.messageSize', messageSize, MAX.messageSize),
    number('options.maxSockets', maxSockets, MAX.sockets, 1), uids));
}

function joinInbox(info) {
  return new Inbox(new native.Inbox(protocolInfo(info)));
}

module.exports = { joinInbox, openInbox };
