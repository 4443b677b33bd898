// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An HTTP server that another process replaces, with its port, its idle connections and the
// number of its answers under one token:
//
//	node restart.js		prints its port; when it has read a process id, the token
//	node restart.js take	prints its process id; takes over the token that it reads

'use strict';

const http = require('http');
const readline = require('readline');

const sockdup = require('sockdup');

const connections = new Set();
let answers = 0;

// Answers at once, so that each connection is idle between two turns of the event loop. A
// person who carries the token takes longer than Node's usual five seconds.
const server = http.createServer({ keepAliveTimeout: 600000 }, (request, response) => {
  answers++;
  response.end(`process ${process.pid}, answer ${answers}\n`);
});

server.on('connection', (connection) => {
  connections.add(connection);
  connection.on('close', () => connections.delete(connection));
});

// As in source.js, in one turn. Nothing keeps this process from its end then.
function handOver(target) {
  const sockets = [['port', server], ...[...connections].map((connection) => ['client', connection])];
  const info = sockdup.shareSet(sockets, target, { payload: Buffer.from(String(answers)) });

  server.close();
  for (const connection of connections)
    connection.destroy();
  console.log(sockdup.toText(info));
}

// A client that has gone meanwhile has an error in place of a socket, and is no loss.
function takeOver(text) {
  const servers = { port: server, client: server };
  const { payload } = sockdup.fromShareSet(sockdup.fromText(text), { servers });

  answers = Number(payload);
}

const taking = process.argv[2] === 'take';
const lines = readline.createInterface({ input: process.stdin });

lines.once('line', (line) => {
  if (taking)
    takeOver(line);
  else
    handOver(Number(line));
  process.stdin.destroy();
});

if (taking)
  console.log(process.pid);
else
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
