// SPDX-License-Identifier: GPL-2.0-only
//
// What the tests of the package for Node share. A test is a function that may be
// asynchronous, and fails by throwing.

'use strict';

const { execFileSync, spawn } = require('child_process');
const cluster = require('cluster');
const dgram = require('dgram');
const { once } = require('events');
const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const readline = require('readline');

const build = path.dirname(__dirname);
const packagePath = process.env.SOCKDUP_NODE ?? path.join(build, 'node');
const sockdup = require(packagePath);
const partnerPath = path.join(__dirname, 'node_partner.js');

const tests = [];
const cleanUps = [];

function test(name, body) {
  tests.push({ name, body });
}

// Later ones first, after the test.
function cleanUp(body) {
  cleanUps.push(body);
}

// As fnmatch() has it, without brackets.
function patternOf(glob) {
  const escaped = glob.replace(/[.+^${}()|[\]\\]/g, '\\$&');

  return new RegExp(`^${escaped.replace(/\*/g, '.*').replace(/\?/g, '.')}$`);
}

// A test starts with no token. One that is ending is gone before it is revoked.
function revokeAll() {
  for (const { id } of sockdup.list())
    try {
      sockdup.revoke(id);
    } catch ({ code }) {
      if (code !== 'ENOENT')
        throw new Error(code);
    }
}

async function runTest(number, { name, body }) {
  let result = 'ok';

  try {
    await body();
  } catch (error) {
    result = 'not ok';
    console.log(String(error?.stack ?? error).replace(/^/gm, '# '));
  }
  while (cleanUps.length)
    await cleanUps.pop()();
  revokeAll();
  console.log(`${result} ${number} ${name}`);
  return result === 'ok';
}

async function runAll() {
  const wanted = patternOf(process.env.SOCKDUP_TEST_FILTER ?? '*');
  const chosen = tests.filter(({ name }) => wanted.test(name));
  let failed = 0;

  console.log(`TAP version 13\n1..${chosen.length}`);
  for (const [index, one] of chosen.entries())
    failed += await runTest(index + 1, one) ? 0 : 1;
  process.exit(failed ? 1 : 0);
}

// No token may end while a slow machine starts a process.
const ttl = 3600000;

function share(handle, target, options) {
  return sockdup.share(handle, target, { ttl, ...options });
}

// Another process, which has nothing of this one but two pipes. It evaluates functions
// that it gets as text, and keeps what they put into kept.
class Partner {
  constructor(child) {
    this.child = child;
    this.pid = child.pid;
    this.lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  static #start() {
    return new Partner(spawn(process.execPath, [partnerPath, packagePath],
      { stdio: ['pipe', 'pipe', 'inherit'] }));
  }

  static #lasting;

  // It stays for later tests, as a start takes long.
  static get() {
    Partner.#lasting ??= Partner.#start();
    return Partner.#lasting;
  }

  // For a test that spoils it.
  static own() {
    return Partner.#start().forOneTest();
  }

  static inCluster() {
    cluster.setupPrimary({ exec: partnerPath, args: [packagePath], silent: true });
    return new Partner(cluster.fork().process).forOneTest();
  }

  forOneTest() {
    cleanUp(() => this.child.kill('SIGKILL'));
    return this;
  }

  async run(body, ...given) {
    this.child.stdin.write(`${JSON.stringify({ body: String(body), given })}\n`);
    const { value, done } = await this.lines.next();

    if (done)
      throw new Error('the partner has ended');
    const { result, error } = JSON.parse(value);

    if (error)
      throw Object.assign(new Error(error.message), error);
    return result;
  }

  // Shares with this process.
  share(handle) {
    return sockdup.toText(share(handle, this.pid));
  }
}

async function failure(body) {
  try {
    await body();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

function descriptors(pid = 'self') {
  return fs.readdirSync(`/proc/${pid}/fd`).length;
}

async function listen(server = net.createServer(), at = { port: 0, host: '127.0.0.1' }) {
  server.listen(at);
  cleanUp(() => server.close());
  await once(server, 'listening');
  return server;
}

// To what a server or socket says is its address.
function connect(address) {
  const { address: host, port } = address;
  const client = net.connect(host ? { host, port } : address);

  cleanUp(() => client.destroy());
  return client;
}

// Both ends of a connection: here the client's, and the server's to share.
async function connection(at) {
  const server = await listen(undefined, at);
  const client = connect(server.address());

  const [[served]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);

  cleanUp(() => served.destroy());
  return { client, served, server };
}

async function datagramSocket(type = 'udp4', address = '127.0.0.1') {
  const socket = dgram.createSocket(type);

  cleanUp(() => {
    try {
      socket.close();
    } catch {
      // The test has closed it.
    }
  });
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}

// The socket's descriptor, of which dgram itself tells only with a warning.
function datagramDescriptor(socket) {
  const state = Object.getOwnPropertySymbols(socket)
    .find((symbol) => symbol.description === 'state symbol');

  return socket[state].handle.fd;
}

async function reads(socket, length) {
  const chunks = [];

  while (Buffer.concat(chunks).length < length) {
    const [chunk] = await once(socket, 'data');

    chunks.push(chunk);
  }
  socket.pause();
  return Buffer.concat(chunks).toString();
}

// Sockets of another program, of which some are nothing to Node, as the command names them.
async function otherSockets() {
  const child = spawn(path.join(__dirname, 'sockets'), [path.join(os.tmpdir(), `sockdup-${process.pid}`)],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  const found = {};

  cleanUp(() => child.kill());
  for await (const line of readline.createInterface({ input: child.stdout })) {
    const [name, number] = line.split(' ');

    if (name === 'end')
      break;
    found[name] = `${child.pid}:${number}`;
  }
  return found;
}

// A token of such sockets, for this process.
function exported(...places) {
  const command = path.join(build, 'cli', 'sockdup');
  const text = execFileSync(command, ['export', '--ttl', '1h', ...places, String(process.pid)]).toString();

  return sockdup.fromText(text.trim());
}

setImmediate(runAll);

module.exports = {
  Partner, build, cleanUp, connect, connection, datagramDescriptor, datagramSocket, descriptors,
  exported, failure, listen, otherSockets, packagePath, reads, share, sockdup, test,
};
